#include "history/load.h"

#include <fmt/format.h>

#include <unordered_map>

#include "history/event.h"

namespace tideline::history {

using base::fail;

namespace {

constexpr Micros kMicrosOfMs = 1000;

// What a producer is in the middle of.
struct OpenTransaction {
    std::uint32_t transaction = kNone;
    bool is_open = false;
    bool is_committing = false;  // the last `end` asked for a commit
    int commits = 0;
};

struct Range {
    std::size_t first;
    std::size_t count;
};

struct Process {
    std::unordered_map<std::int64_t, std::uint32_t> sends;      // by id: values without completion
    std::unordered_map<std::int64_t, Range> commits;            // by id: its offsets in History::commits
    std::unordered_map<std::uint64_t, std::int64_t> positions;  // by consumer and partition
};

Outcome outcome_of(std::string_view text) {
    return text == "ok" ? Outcome::ok : text == "fail" ? Outcome::failed : Outcome::unknown;
}

Isolation isolation_of(std::string_view text) {
    return text == "read_committed" ? Isolation::committed : Isolation::uncommitted;
}

void use_epoch(EpochUse& use, Micros sent_at, Micros acknowledged_at) {
    use.first_acknowledged = std::min(use.first_acknowledged, acknowledged_at);
    use.last_sent = std::max(use.last_sent, sent_at);
}

}  // namespace

class Loader::State {
public:
    explicit State(History& history) : history_(history) {}

    void begin_file(std::string_view name) {
        file_ = name;
        line_ = 0;
        process_ = history_.processes.number_of(name);
    }
    base::Result<> take(std::span<char> line);
    std::string where() const { return fmt::format("{}:{}", file_, line_); }

private:
    using Take = base::Result<> (State::*)();
    static Take handler_of(std::string_view event);

    base::Result<> take_process();
    base::Result<> take_settings();
    base::Result<> take_send();
    base::Result<> take_sent();
    base::Result<> take_begin();
    base::Result<> take_offsets();
    base::Result<> take_end();
    base::Result<> take_ended();
    base::Result<> take_commit();
    base::Result<> take_commit_done();
    base::Result<> take_fetched();
    base::Result<> take_poll();
    base::Result<> take_assigned();
    base::Result<> take_seek();
    base::Result<> take_watermarks();
    base::Result<> take_drained();
    base::Result<> take_chain();
    base::Result<> take_down();
    base::Result<> take_up();

    void note_value(std::uint32_t value);
    void note_records(Poll& poll);
    void note_position(const Poll& poll);
    void note_watermarks(std::uint32_t partition);
    std::uint32_t partition_of(std::string_view name) { return history_.partitions.number_of(name); }
    std::uint32_t group() { return history_.groups.number_of(event_.group); }
    // The producer or consumer called so in this process; the process itself without a name.
    std::uint32_t part_of_process(std::string_view name);
    std::uint64_t position_key(std::uint32_t consumer, std::uint32_t partition) const {
        return static_cast<std::uint64_t>(consumer) << 32 | partition;
    }
    Process& process() { return processes_[process_]; }
    Micros asked() const { return event_.asked == Event::kAbsent ? at_ : event_.asked; }

    History& history_;
    std::string file_;
    std::uint64_t line_ = 0;
    std::uint32_t process_ = 0;
    Micros at_ = 0;
    Event event_;
    std::unordered_map<std::uint32_t, Process> processes_;
    std::unordered_map<std::uint32_t, OpenTransaction> open_;  // by producer
};

Loader::State::Take Loader::State::handler_of(std::string_view event) {
    static const std::unordered_map<std::string_view, Take> handlers{
        {"process", &State::take_process},   {"settings", &State::take_settings}, {"send", &State::take_send},
        {"sent", &State::take_sent},         {"begin", &State::take_begin},       {"offsets", &State::take_offsets},
        {"end", &State::take_end},           {"ended", &State::take_ended},       {"commit", &State::take_commit},
        {"commit_done", &State::take_commit_done}, {"fetched", &State::take_fetched}, {"poll", &State::take_poll},
        {"assigned", &State::take_assigned}, {"seek", &State::take_seek},         {"watermarks", &State::take_watermarks},
        {"drained", &State::take_drained},   {"chain", &State::take_chain},       {"down", &State::take_down},
        {"up", &State::take_up},
    };
    const auto found = handlers.find(event);
    return found == handlers.end() ? nullptr : found->second;
}

base::Result<> Loader::State::take(std::span<char> line) {
    ++line_;
    if (line.empty() || line[0] == '#') {
        return {};
    }
    TL_TRY_VOID(event_.parse(line));
    const Take handler = handler_of(event_.event);
    if (handler == nullptr) {
        return fail(ErrorCode::invalid_request, "no such event");
    }
    at_ = event_.at == Event::kAbsent ? at_ + 1 : event_.at;
    return (this->*handler)();
}

std::uint32_t Loader::State::part_of_process(std::string_view name) {
    if (name.empty()) {
        return process_;
    }
    return history_.processes.number_of(fmt::format("{}/{}", history_.processes.text_of(process_), name));
}

base::Result<> Loader::State::take_process() {
    process_ = history_.processes.number_of(event_.name);
    return {};
}

base::Result<> Loader::State::take_settings() {
    if (event_.transaction_timeout_ms != Event::kAbsent) {
        const std::int64_t grace = event_.grace_ms == Event::kAbsent ? 0 : event_.grace_ms;
        history_.transaction_timeout = (event_.transaction_timeout_ms + grace) * kMicrosOfMs;
    }
    return {};
}

void Loader::State::note_value(std::uint32_t value) {
    if (value >= history_.values.size()) {
        history_.values.resize(value + 1);
    }
}

base::Result<> Loader::State::take_send() {
    const std::uint32_t number = history_.value_names.number_of(event_.value);
    note_value(number);
    Value& value = history_.values[number];
    if (value.is_sent()) {
        return fail(ErrorCode::invalid_request, "a value that was sent before");
    }
    value.partition = partition_of(event_.partition);
    value.producer = part_of_process(event_.producer);
    value.sent_at = at_;
    if (const auto open = open_.find(value.producer); open != open_.end() && open->second.is_open) {
        value.transaction = open->second.transaction;
    }
    history_.sends.push_back(number);
    if (!event_.from.partition.empty()) {
        history_.derivations.push_back({number, partition_of(event_.from.partition), event_.from.offset});
    }
    process().sends[event_.id] = number;
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_sent() {
    auto& sends = process().sends;
    const auto pending = sends.find(event_.id);
    if (pending == sends.end()) {
        return fail(ErrorCode::invalid_request, "a completion of no send");
    }
    Value& value = history_.values[pending->second];
    sends.erase(pending);
    value.outcome = outcome_of(event_.outcome);
    if (value.outcome != Outcome::ok) {
        return {};
    }
    value.acked_offset = std::max(event_.offset, kNoOffset);
    if (event_.producer_id != Event::kAbsent && event_.epoch != Event::kAbsent) {
        use_epoch(history_.producer_epochs[{event_.producer_id, event_.epoch}], value.sent_at, at_);
    }
    if (event_.leader_epoch != Event::kAbsent) {
        use_epoch(history_.leader_epochs[{value.partition, event_.leader_epoch}], value.sent_at, at_);
    }
    return {};
}

base::Result<> Loader::State::take_begin() {
    OpenTransaction& open = open_[part_of_process(event_.producer)];
    open = {.transaction = static_cast<std::uint32_t>(history_.transactions.size()), .is_open = true};
    Transaction begun;
    begun.transactional_id = history_.transactional_ids.number_of(event_.transactional_id);
    begun.group = event_.group.empty() ? kNone : group();
    begun.begun_at = at_;
    history_.transactions.push_back(begun);
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_offsets() {
    const OpenTransaction& open = open_[part_of_process(event_.producer)];
    if (!open.is_open) {
        return fail(ErrorCode::invalid_request, "offsets of no transaction");
    }
    for (const auto& [partition, offset] : event_.offsets) {
        history_.commits.push_back({{group(), partition_of(partition)}, offset, open.transaction, at_, kNever, Outcome::unknown});
    }
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_end() {
    OpenTransaction& open = open_[part_of_process(event_.producer)];
    if (open.transaction == kNone) {
        return fail(ErrorCode::invalid_request, "the end of no transaction");
    }
    Transaction& transaction = history_.transactions[open.transaction];
    open.is_committing = event_.action == "commit";
    if (open.is_committing) {
        ++open.commits;
        transaction.commit_at = std::min(transaction.commit_at, at_);
    }
    ++history_.operations;
    return {};
}

// A later attempt that failed says nothing of an earlier one whose answer nobody saw.
base::Result<> Loader::State::take_ended() {
    OpenTransaction& open = open_[part_of_process(event_.producer)];
    if (open.transaction == kNone) {
        return fail(ErrorCode::invalid_request, "the end of no transaction");
    }
    Transaction& transaction = history_.transactions[open.transaction];
    const Outcome outcome = outcome_of(event_.outcome);
    if (outcome == Outcome::ok) {
        open.is_open = false;
        transaction.ended_at = at_;
        transaction.is_abort_confirmed = !open.is_committing;
    }
    if (open.is_committing && (outcome == Outcome::ok || (outcome == Outcome::failed && open.commits == 1))) {
        transaction.commit = outcome;
    }
    return {};
}

base::Result<> Loader::State::take_commit() {
    process().commits[event_.id] = {history_.commits.size(), event_.offsets.size()};
    for (const auto& [partition, offset] : event_.offsets) {
        history_.commits.push_back({{group(), partition_of(partition)}, offset, kNone, at_, kNever, Outcome::unknown});
    }
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_commit_done() {
    auto& commits = process().commits;
    const auto pending = commits.find(event_.id);
    if (pending == commits.end()) {
        return fail(ErrorCode::invalid_request, "a completion of no commit");
    }
    const Outcome outcome = outcome_of(event_.outcome);
    const auto [first, count] = pending->second;
    for (std::size_t n = first; n < first + count; ++n) {
        history_.commits[n].outcome = outcome;
        history_.commits[n].until = outcome == Outcome::ok ? at_ : kNever;
    }
    commits.erase(pending);
    return {};
}

base::Result<> Loader::State::take_fetched() {
    history_.fetched.push_back({{group(), partition_of(event_.partition)}, event_.offset, asked(), at_, event_.is_final});
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_poll() {
    if (event_.position == Event::kAbsent || event_.next == Event::kAbsent) {
        return fail(ErrorCode::invalid_request, "a poll without its positions");
    }
    Poll poll;
    poll.consumer = part_of_process(event_.consumer);
    poll.partition = partition_of(event_.partition);
    poll.isolation = isolation_of(event_.isolation);
    poll.position = event_.position;
    poll.next = event_.next;
    poll.at = at_;
    if (const auto open = open_.find(process_); open != open_.end() && open->second.is_open) {
        poll.transaction = open->second.transaction;
    }
    note_records(poll);
    note_position(poll);
    note_watermarks(poll.partition);
    history_.polls.push_back(poll);
    history_.operations += std::max<std::size_t>(event_.records.size(), 1);
    return {};
}

void Loader::State::note_records(Poll& poll) {
    poll.first_read = history_.read_values.size();
    poll.reads = static_cast<std::uint32_t>(event_.records.size());
    std::int64_t lowest = poll.position;
    for (const auto& [offset, text, is_intact] : event_.records) {
        const std::uint32_t value = history_.value_names.number_of(text);
        note_value(value);
        history_.read_offsets.push_back(offset);
        history_.read_values.push_back(value);
        if (!is_intact) {
            history_.seen_while_loading.add(Verdict::corrupt, [&] {
                return fmt::format("{} at {} of {}, read by {}", text, offset, event_.partition, where());
            });
        }
        if (offset < lowest || offset >= poll.next) {
            history_.seen_while_loading.add(Verdict::nonmonotonic_poll, [&] {
                return fmt::format("{}: offset {} of {} in a poll from {} to {}, not behind what came before it", where(),
                                   offset, event_.partition, poll.position, poll.next);
            });
        }
        lowest = std::max(lowest, offset + 1);
    }
}

void Loader::State::note_position(const Poll& poll) {
    auto& positions = process().positions;
    const auto [at, is_new] = positions.try_emplace(position_key(poll.consumer, poll.partition), poll.next);
    if (is_new) {
        return;
    }
    if (poll.position < at->second) {
        history_.seen_while_loading.add(Verdict::nonmonotonic_poll, [&] {
            return fmt::format("{}: went back from {} to {} of {}", where(), at->second, poll.position, event_.partition);
        });
    } else if (poll.position > at->second) {
        history_.gaps.push_back({static_cast<std::uint32_t>(history_.polls.size()), at->second});
    }
    at->second = poll.next;
}

void Loader::State::note_watermarks(std::uint32_t partition) {
    if (event_.high_watermark != Event::kAbsent && event_.last_stable != Event::kAbsent) {
        history_.watermarks.push_back({partition, event_.high_watermark, event_.last_stable, asked(), at_});
    }
}

base::Result<> Loader::State::take_assigned() {
    const std::uint32_t consumer = part_of_process(event_.consumer);
    std::erase_if(process().positions, [&](const auto& position) { return position.first >> 32 == consumer; });
    return {};
}

base::Result<> Loader::State::take_seek() {
    const std::uint32_t consumer = part_of_process(event_.consumer);
    process().positions[position_key(consumer, partition_of(event_.partition))] = event_.offset;
    return {};
}

base::Result<> Loader::State::take_watermarks() {
    note_watermarks(partition_of(event_.partition));
    ++history_.operations;
    return {};
}

base::Result<> Loader::State::take_drained() {
    history_.drained.push_back({partition_of(event_.partition), isolation_of(event_.isolation), event_.end, at_});
    return {};
}

base::Result<> Loader::State::take_chain() {
    for (const std::string_view partition : event_.partitions) {
        history_.chains.push_back({{group(), partition_of(partition)}, event_.makes_outputs});
    }
    return {};
}

base::Result<> Loader::State::take_down() {
    history_.downtimes.emplace_back(at_, kNever);
    return {};
}

base::Result<> Loader::State::take_up() {
    if (history_.downtimes.empty() || history_.downtimes.back().second != kNever) {
        return fail(ErrorCode::invalid_request, "up without down");
    }
    history_.downtimes.back().second = at_;
    return {};
}

Loader::Loader(History& history) : state_(std::make_unique<State>(history)) {}
Loader::~Loader() = default;

base::Result<> Loader::load_line(std::span<char> line) { return state_->take(line); }
std::string Loader::where() const { return state_->where(); }

base::Result<> Loader::load(std::istream& in, std::string_view name) {
    state_->begin_file(name);
    std::string line;
    while (std::getline(in, line)) {
        const bool is_cut = in.eof();
        const auto taken = load_line(line);
        if (!taken && !is_cut) {
            return taken;
        }
    }
    return {};
}

}  // namespace tideline::history
