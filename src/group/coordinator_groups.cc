// Coordinator: groups of any kind, listed, described and deleted.
#include "group/classic_protocol.h"
#include "group/consumer_protocol.h"
#include "group/coordinator.h"
#include "group/offset_manager.h"

namespace tideline::group {

namespace {

constexpr std::int16_t kFirstVersionWithMissingGroups = 6;  // KIP-1043

// In small letters, without blanks around.
std::string plain(std::string_view word) {
    auto first = word.find_first_not_of(" \t\r\n");
    auto last = word.find_last_not_of(" \t\r\n");
    std::string out(first == std::string_view::npos ? std::string_view{} : word.substr(first, last - first + 1));
    for (char& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

std::vector<std::string> plain(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    out.reserve(words.size());
    for (const auto& word : words) {
        out.push_back(plain(word));
    }
    return out;
}

bool passes(const std::vector<std::string>& filter, std::string_view word) {
    return filter.empty() || std::ranges::find(filter, plain(word)) != filter.end();
}

}  // namespace

void Coordinator::list(Ticket ticket, const ClientInfo&, const protocol::ListGroupsRequest& request, const Now&, Effects& out) {
    auto states = plain(request.states_filter);
    auto types = plain(request.types_filter);
    protocol::ListGroupsResponse response;
    environment_.groups.for_each([&](Group& group) {
        if (passes(states, group.state_name()) && passes(types, name_of(group.type()))) {
            auto& entry = response.groups.emplace_back();
            entry.group_id = group.id();
            entry.protocol_type = group.protocol_type();
            entry.group_state = group.state_name();
            entry.group_type = name_of(group.type());
        }
    });
    std::ranges::sort(response.groups, {}, [](const auto& entry) { return std::string_view(entry.group_id); });
    out.answer(ticket, std::move(response));
}

protocol::DescribeGroupsResponse::DescribedGroup Coordinator::describe_one(const std::string& group_id,
                                                                           std::int16_t version) const {
    protocol::DescribeGroupsResponse::DescribedGroup described;
    described.group_id = group_id;
    const auto* found = environment_.groups.find(group_id);
    if (found == nullptr || found->type() != GroupType::classic) {
        described.group_state = "Dead";
        if (version >= kFirstVersionWithMissingGroups) {
            described.error_code = ErrorCode::group_id_not_found;
            described.error_message = "Group " + group_id + (found == nullptr ? " not found." : " is not a classic group.");
        }
        return described;
    }
    const auto& group = static_cast<const ClassicGroup&>(*found);
    bool stable = group.state() == ClassicGroup::State::stable;
    described.group_state = group.state_name();
    described.protocol_type = group.protocol_type();
    described.protocol_data = stable ? group.protocol_name().value_or("") : "";
    described.members.reserve(group.members().size());
    for (const auto& [id, member] : group.members()) {
        auto& entry = described.members.emplace_back();
        entry.member_id = id;
        entry.group_instance_id = member.instance_id;
        entry.client_id = member.client_id;
        entry.client_host = member.client_host;
        entry.member_assignment = member.assignment;
        if (stable) {
            entry.member_metadata = member.metadata_for(described.protocol_data);
        }
    }
    return described;
}

void Coordinator::describe(Ticket ticket, const ClientInfo& client, const std::vector<std::string>& group_ids, const Now&,
                           Effects& out) {
    protocol::DescribeGroupsResponse response;
    response.groups.reserve(group_ids.size());
    for (const auto& id : group_ids) {
        response.groups.push_back(describe_one(id, client.api_version));
    }
    out.answer(ticket, std::move(response));
}

void Coordinator::delete_groups(Ticket ticket, const ClientInfo&, const std::vector<std::string>& group_ids, const Now&,
                                Effects& out) {
    protocol::DeleteGroupsResponse response;
    for (const auto& id : group_ids) {
        auto& result = response.results.emplace_back();
        result.group_id = id;
        const auto* group = environment_.groups.find(id);
        if (group == nullptr) {
            result.error_code = ErrorCode::group_id_not_found;
        } else if (auto allowed = group->check_delete(); !allowed) {
            result.error_code = allowed.error().code;
        } else {
            offsets_->delete_all(id, out);
            group->add_tombstones(out);
            environment_.groups.erase(id);
        }
    }
    out.answer(ticket, std::move(response));
}

}  // namespace tideline::group
