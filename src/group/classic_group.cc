#include "group/classic_group.h"

#include "base/check.h"
#include "group/records.h"
#include "protocol/messages/consumer_protocol_subscription.h"
#include "protocol/reader.h"

namespace tideline::group {

namespace {

constexpr base::Bytes kNothing;

// What a member takes in memory, about. Its id stands in the member, as its key, and perhaps among those whose sync is to come; that of
// a static member once more.
std::size_t member_memory_of(const ClassicMember& member) {
    constexpr std::size_t kNodes = 256;
    std::size_t texts = 4 * member.id.size() + member.client_id.size() + member.client_host.size();
    texts += member.instance_id ? 2 * member.instance_id->size() : 0;
    return sizeof(ClassicMember) + kNodes + texts + memory_of(member.protocols) + member.assignment.size();
}

std::size_t pending_memory_of(std::string_view member_id) {
    constexpr std::size_t kNode = 128;
    return kNode + member_id.size();
}

// The topics of a consumer's subscription; nullopt when it cannot be read. Later versions only add fields at the end.
std::optional<std::vector<std::string>> topics_of(const base::Bytes& subscription) {
    protocol::Reader in(subscription);
    in.read_int16();
    auto decoded = protocol::ConsumerProtocolSubscription::decode(in, 0);
    if (!decoded) {
        return std::nullopt;
    }
    return std::move(decoded->topics);
}

}  // namespace

const base::Bytes& ClassicMember::metadata_for(std::string_view protocol) const {
    for (const auto& entry : protocols) {
        if (entry.name == protocol) {
            return entry.metadata;
        }
    }
    return kNothing;
}

std::size_t bytes_of(const ClassicProtocols& protocols) {
    std::size_t bytes = 0;
    for (const auto& protocol : protocols) {
        bytes += protocol.name.size() + protocol.metadata.size();
    }
    return bytes;
}

std::size_t memory_of(const ClassicProtocols& protocols) {
    constexpr std::size_t kVoteBytes = 64;  // a name has one in the group's count
    return protocols.size() * (sizeof(ClassicProtocols::value_type) + kVoteBytes) + bytes_of(protocols);
}

ClassicMember* ClassicGroup::find(std::string_view member_id) {
    auto found = members_.find(member_id);
    return found == members_.end() ? nullptr : &found->second;
}

const std::string* ClassicGroup::static_member(std::string_view instance_id) const {
    auto found = static_members_.find(instance_id);
    return found == static_members_.end() ? nullptr : &found->second;
}

base::Result<> ClassicGroup::check_member(std::string_view member_id, const std::optional<std::string>& instance_id) const {
    if (instance_id) {
        const auto* holder = static_member(*instance_id);
        if (holder == nullptr) {
            return base::fail(ErrorCode::unknown_member_id, "no member has this instance id");
        }
        if (*holder != member_id) {
            return base::fail(ErrorCode::fenced_instance_id, "another member took over the instance id");
        }
    }
    if (!members_.contains(member_id)) {
        return base::fail(ErrorCode::unknown_member_id, "the group has no such member");
    }
    return {};
}

bool ClassicGroup::supports(std::string_view protocol_type, const ClassicProtocols& protocols) const {
    if (state_ == State::empty) {
        return !protocol_type.empty() && !protocols.empty();
    }
    if (protocol_type_ != protocol_type) {
        return false;
    }
    for (const auto& protocol : protocols) {
        auto votes = votes_.find(protocol.name);
        if ((votes == votes_.end() ? 0 : votes->second) == members_.size()) {
            return true;
        }
    }
    return false;
}

std::string ClassicGroup::select_protocol() const {
    TL_CHECK(!members_.empty());
    std::map<std::string_view, std::size_t> ballots;
    for (const auto& [id, member] : members_) {
        for (const auto& protocol : member.protocols) {
            auto supporters = votes_.find(protocol.name);
            if (supporters != votes_.end() && supporters->second == members_.size()) {
                ++ballots[protocol.name];
                break;
            }
        }
    }
    std::string_view chosen;
    std::size_t most = 0;
    for (const auto& [name, count] : ballots) {
        if (count > most) {
            chosen = name;
            most = count;
        }
    }
    return std::string(chosen);
}

std::int32_t ClassicGroup::rebalance_timeout_ms() const {
    std::int32_t longest = 0;
    for (const auto& [id, member] : members_) {
        longest = std::max(longest, member.rebalance_timeout_ms);
    }
    return longest;
}

void ClassicGroup::count(const ClassicMember& member, int change) {
    for (const auto& protocol : member.protocols) {
        auto& votes = votes_[protocol.name];
        votes += static_cast<std::size_t>(change);
        if (votes == 0) {
            votes_.erase(protocol.name);
        }
    }
    metadata_bytes_ += static_cast<std::size_t>(change) * bytes_of(member.protocols);
    member_bytes_ += static_cast<std::size_t>(change) * member_memory_of(member);
}

ClassicMember& ClassicGroup::add(ClassicMember member, std::string_view protocol_type) {
    if (members_.empty()) {
        protocol_type_ = protocol_type;
    }
    if (member.instance_id) {
        TL_CHECK(static_members_.emplace(*member.instance_id, member.id).second);
    }
    if (!leader_) {
        leader_ = member.id;
    }
    count(member, 1);
    awaiting_join_ += member.awaiting_join != kNoTicket ? 1 : 0;
    remove_pending(member.id);
    auto id = member.id;
    auto [at, added] = members_.emplace(std::move(id), std::move(member));
    TL_CHECK(added);
    return at->second;
}

void ClassicGroup::remove(std::string_view member_id) {
    if (auto found = members_.find(member_id); found != members_.end()) {
        auto& member = found->second;
        TL_CHECK(member.awaiting_join == kNoTicket && member.awaiting_sync == kNoTicket);
        count(member, -1);
        if (member.instance_id) {
            static_members_.erase(*member.instance_id);
        }
        bool led = is_leader(member_id);
        pending_sync_.erase(member.id);
        members_.erase(found);
        if (led) {
            leader_ = members_.empty() ? std::nullopt : std::optional(members_.begin()->first);
        }
    } else {
        remove_pending(member_id);
    }
}

void ClassicGroup::remove_pending(std::string_view member_id) {
    if (auto pending = pending_.find(member_id); pending != pending_.end()) {
        member_bytes_ -= pending_memory_of(pending->first);
        pending_.erase(pending);
    }
}

void ClassicGroup::update(ClassicMember& member, ClassicProtocols protocols, std::int32_t rebalance_timeout_ms,
                          std::int32_t session_timeout_ms) {
    count(member, -1);
    member.protocols = std::move(protocols);
    count(member, 1);
    member.rebalance_timeout_ms = rebalance_timeout_ms;
    member.session_timeout_ms = session_timeout_ms;
}

ClassicMember& ClassicGroup::replace_static(const std::string& old_id, std::string new_id) {
    auto node = members_.extract(old_id);
    TL_CHECK(!node.empty());
    auto& member = node.mapped();
    TL_CHECK(member.awaiting_join == kNoTicket && member.awaiting_sync == kNoTicket && member.instance_id);
    if (is_leader(old_id)) {
        leader_ = new_id;
    }
    pending_sync_.erase(old_id);
    static_members_[*member.instance_id] = new_id;
    count(member, -1);
    member.id = new_id;
    count(member, 1);
    member.is_new = false;
    node.key() = std::move(new_id);
    return members_.insert(std::move(node)).position->second;
}

void ClassicGroup::assign(ClassicMember& member, base::Bytes assignment) {
    member_bytes_ += assignment.size() - member.assignment.size();
    member.assignment = std::move(assignment);
}

void ClassicGroup::clear_assignments() {
    for (auto& [id, member] : members_) {
        assign(member, {});
    }
}

void ClassicGroup::set_awaiting_join(ClassicMember& member, Ticket ticket) {
    awaiting_join_ += ticket != kNoTicket ? 1 : 0;
    awaiting_join_ -= member.awaiting_join != kNoTicket ? 1 : 0;
    member.awaiting_join = ticket;
}

bool ClassicGroup::elect_joined_leader() {
    if (!leader_) {
        return false;
    }
    if (auto* leader = find(*leader_); leader != nullptr && leader->awaiting_join != kNoTicket) {
        return true;
    }
    for (const auto& [id, member] : members_) {
        if (member.awaiting_join != kNoTicket) {
            leader_ = id;
            return true;
        }
    }
    return false;
}

void ClassicGroup::add_pending(std::string member_id, Instant deadline) {
    auto [at, is_new] = pending_.try_emplace(std::move(member_id));
    at->second = {.deadline = deadline, .order = ++pendings_};
    member_bytes_ += is_new ? pending_memory_of(at->first) : 0;
    session_scan_ = std::min(session_scan_, deadline);
}

std::string ClassicGroup::oldest_pending() const {
    TL_CHECK(!pending_.empty());
    return std::ranges::min_element(pending_, {}, [](const auto& entry) { return entry.second.order; })->first;
}

void ClassicGroup::enter(State state, std::int64_t now_ms) {
    previous_state_ = state_;
    state_ = state;
    state_since_ms_ = now_ms;
}

void ClassicGroup::next_generation(std::int64_t now_ms) {
    TL_CHECK(state_ == State::preparing_rebalance);
    generation_ = generation_ == std::numeric_limits<std::int32_t>::max() ? 1 : generation_ + 1;
    if (members_.empty()) {
        protocol_name_.reset();
    } else {
        protocol_name_ = select_protocol();
    }
    compute_subscribed_topics();
    enter(members_.empty() ? State::empty : State::completing_rebalance, now_ms);
    pending_sync_.clear();
}

void ClassicGroup::become_stable(std::int32_t generation, std::int64_t now_ms) {
    TL_CHECK(!members_.empty());
    generation_ = generation;
    protocol_name_ = select_protocol();
    compute_subscribed_topics();
    enter(State::stable, now_ms);
}

void ClassicGroup::keep_alive(ClassicMember& member, Instant deadline) {
    member.session_deadline = deadline;
    session_scan_ = std::min(session_scan_, deadline);
}

std::vector<std::string> ClassicGroup::take_expired(Instant now) {
    std::vector<std::string> expired;
    if (now < session_scan_) {
        return expired;
    }
    session_scan_ = kNever;
    for (const auto& [id, pending] : pending_) {
        if (pending.deadline <= now) {
            expired.push_back(id);
        } else {
            session_scan_ = std::min(session_scan_, pending.deadline);
        }
    }
    for (auto& [id, member] : members_) {
        if (member.session_deadline > now) {
            session_scan_ = std::min(session_scan_, member.session_deadline);
        } else if (member.is_excused()) {
            member.session_deadline = kNever;  // runs again when it is answered
        } else {
            expired.push_back(id);
        }
    }
    return expired;
}

void ClassicGroup::compute_subscribed_topics() {
    subscribed_topics_.reset();
    if (!uses_consumer_protocol()) {
        return;
    }
    std::unordered_set<std::string> topics;
    if (!members_.empty()) {
        if (!protocol_name_) {
            return;
        }
        for (const auto& [id, member] : members_) {
            auto subscribed = topics_of(member.metadata_for(*protocol_name_));
            if (!subscribed) {
                return;
            }
            topics.insert(std::make_move_iterator(subscribed->begin()), std::make_move_iterator(subscribed->end()));
        }
    }
    subscribed_topics_ = std::move(topics);
}

}  // namespace tideline::group
