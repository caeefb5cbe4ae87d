#include "server/transaction_evidence.h"

#include <iterator>

#include "server/context.h"

namespace tideline::server {
namespace {

std::string kept(std::string_view text) { return std::string(text.substr(0, TransactionEvidence::kTextMax)); }

TransactionEvidence::Identity kept(const TransactionEvidence::Client& client) {
    return {.transactional_id = kept(client.transactional_id),
            .client_id = kept(client.id),
            .host = kept(client.host),
            .port = client.port,
            .software = kept(client.software)};
}

}  // namespace

void TransactionEvidence::written(const TransactionalWrite& write, const Client& client, std::int64_t now_ms) {
    const Key key{.topic_id = write.topic_id, .partition = write.partition, .producer_id = write.producer_id};
    auto at = writers_.find(key);
    if (at == writers_.end() && !has_room()) {
        return;
    }
    if (at == writers_.end() || at->second.producer_epoch != write.producer_epoch) {
        Writer begun{.who = kept(client), .producer_epoch = write.producer_epoch, .opened_ms = now_ms, .first_offset = write.first_offset};
        at = writers_.insert_or_assign(key, std::move(begun)).first;
    } else if (at->second.who.port != client.port || at->second.who.host != client.host) {
        at->second.who = kept(client);  // it has connected anew
    }
    at->second.last_write_ms = now_ms;
    at->second.records += write.records;
    at->second.bytes += write.bytes;
}

void TransactionEvidence::ended(const base::Uuid& topic_id, std::int32_t partition, std::int64_t producer_id) {
    writers_.erase({.topic_id = topic_id, .partition = partition, .producer_id = producer_id});
}

// Looks for what went without a marker only now and then, so that many open transactions make no write expensive.
bool TransactionEvidence::has_room() {
    if (writers_.size() < writers_max_) {
        return true;
    }
    if (refused_++ % writers_max_ != 0) {
        return false;
    }
    std::erase_if(writers_, [this](const auto& entry) { return !is_open_(entry.first, entry.second); });
    return writers_.size() < writers_max_;
}

void TransactionEvidence::initialized(std::int64_t producer_id, std::int16_t producer_epoch, const Client& client, std::int64_t now_ms) {
    Owner owner{.who = kept(client), .producer_id = producer_id, .producer_epoch = producer_epoch, .at_ms = now_ms};
    auto known = owners_by_id_.find(owner.who.transactional_id);
    auto oldest = known != owners_by_id_.end()         ? known->second
                  : owners_.size() >= owners_max_ ? owners_.begin()
                                                  : owners_.end();
    if (oldest != owners_.end()) {
        owners_by_id_.erase(oldest->who.transactional_id);
        owners_.erase(oldest);
    }
    owners_.push_back(std::move(owner));
    owners_by_id_.emplace(owners_.back().who.transactional_id, std::prev(owners_.end()));
}

TransactionEvidence::Client evidence_client_of(const RequestContext& context, const std::optional<std::string>& transactional_id) {
    return {.transactional_id = transactional_id ? std::string_view(*transactional_id) : std::string_view(),
            .id = context.header.client_id,
            .host = context.connection.peer.host,
            .port = context.connection.peer.port,
            .software = context.connection.client_software_name};
}

}  // namespace tideline::server
