#include <fmt/format.h>

#include "protocol/messages/list_transactions.h"
#include "seeds/seeds.h"
#include "transaction_steps.h"
#include "txn/transaction.h"

namespace tideline::fuzz {
namespace {

using base::Bytes;
using txn::State;
using txn::Transaction;

// Steps as bytes; ids and producers are those that the steps name by 0 ("a") and 1 (the last one given).
class Script {
public:
    Script& record(const std::string& id, const Transaction& transaction, std::int16_t version) {
        const auto made = txn::make_record(id, transaction, version);
        step(TransactionStep::record);
        item(made.key);
        item(*made.value);
        return *this;
    }
    Script& init() { return step(TransactionStep::init).bytes({0, 0, 0, 60}); }
    Script& init_again() { return step(TransactionStep::init).bytes({0, 1, 0, 60}); }
    Script& add(int partition) { return step(TransactionStep::add).bytes({0, 1, 1, 0, 0, 0, partition, 1}); }
    Script& verify(int partition) { return step(TransactionStep::verify).bytes({0, 1, 1, 0, 0, 0, partition, 1}); }
    Script& end(bool commit) { return step(TransactionStep::end).bytes({0, 1, commit ? 1 : 0, 1}); }
    // What came of that many partitions: none is no error.
    Script& markers(int partitions, int error) {
        step(TransactionStep::markers);
        for (int i = 0; i < partitions; ++i) {
            bytes({0, error});
        }
        return *this;
    }
    Script& give_id() { return step(TransactionStep::give_id); }
    Script& pass(int seconds) { return step(TransactionStep::time_passes).bytes({seconds >> 8, seconds & 0xff}); }
    Script& look() {
        protocol::ListTransactionsRequest request;
        request.state_filters = {"Ongoing", "no such state"};
        request.transactional_id_pattern = "a.*";
        protocol::Writer body;
        request.encode(body, protocol::ListTransactionsRequest::kMaxVersion);
        step(TransactionStep::describe).bytes({1});
        step(TransactionStep::list).bytes({protocol::ListTransactionsRequest::kMaxVersion - protocol::ListTransactionsRequest::kMinVersion});
        item(body.take());
        return *this;
    }
    base::ByteView view() const { return out_.view(); }

private:
    Script& step(TransactionStep which) { return bytes({static_cast<int>(which)}); }
    Script& bytes(std::initializer_list<int> values) {
        for (int value : values) {
            out_.write_int8(static_cast<std::int8_t>(value));
        }
        return *this;
    }
    void item(base::ByteView bytes) {
        out_.write_uint16(static_cast<std::uint16_t>(bytes.size()));
        out_.write_bytes(bytes);
    }

    base::ByteWriter out_;
};

Transaction in_state(State state, std::int16_t epoch) {
    Transaction transaction{.producer_id = 7, .previous_producer_id = 7, .producer_epoch = epoch, .timeout_ms = 60'000, .state = state};
    if (state != State::empty && !txn::is_complete(state)) {
        transaction.partitions.add("orders", 0);
        transaction.partitions.add("payments", 3);
        transaction.start_ms = 1'699'999'999'000;
    }
    transaction.update_ms = 1'699'999'999'000;
    return transaction;
}

}  // namespace

void add_transactions(const Seeds& seeds) {
    constexpr int kNotLeader = 6;
    auto add = [&](const std::string& name, const Script& script) { seeds.add("transaction_records", name, {}, script.view()); };
    add("committed", Script().init().add(0).add(1).verify(0).look().end(true).markers(2, 0).init_again().add(2).end(false).markers(1, 0));
    add("fenced", Script().init().add(0).init().markers(1, 0).init().add(0).end(true).markers(1, kNotLeader).pass(1).markers(1, 0));
    add("timed-out", Script().init().add(0).pass(120).markers(1, 0).end(true).look());
    for (int state = 0; state <= static_cast<int>(State::prepare_epoch_fence); ++state) {
        for (std::int16_t version : {0, 1}) {
            for (std::int16_t epoch : {std::int16_t{3}, txn::kLastEpoch}) {
                Script script;
                script.record("a", in_state(static_cast<State>(state), epoch), version);
                add(fmt::format("state{}-v{}-epoch{}", state, version, epoch),
                    script.look().markers(2, 0).init().add(0).end(true).markers(1, 0).pass(120).give_id().markers(2, 0));
            }
        }
    }
}

}  // namespace tideline::fuzz
