// A transaction coordinator that is loaded from any records of __transaction_state, and goes on deciding from there: any requests, markers that
// fail, timers. What it cannot read it skips; every step answers who asked, and its records alone bring its state back.
#include <deque>

#include "base/check.h"
#include "base/log.h"
#include "input.h"
#include "protocol/reader.h"
#include "transaction_steps.h"
#include "txn/coordinator.h"

using namespace tideline;
using namespace tideline::txn;
using fuzz::TransactionStep;

namespace {

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

struct Producer {
    std::int64_t id = kNoProducerId;
    std::int16_t epoch = kNoEpoch;
};

class Life {
public:
    explicit Life(fuzz::Input& input) : input_(input) {}

    void step() {
        const auto step = static_cast<TransactionStep>(input_.byte() % fuzz::kTransactionStepCount);
        if (step > TransactionStep::finish_load) {
            finish_load();
        }
        switch (step) {
            case TransactionStep::record: replay(); break;
            case TransactionStep::finish_load: finish_load(); break;
            case TransactionStep::init: init(); break;
            case TransactionStep::add: add(); break;
            case TransactionStep::verify: verify(); break;
            case TransactionStep::end: end_transaction(); break;
            case TransactionStep::describe: describe(); break;
            case TransactionStep::list: list(); break;
            case TransactionStep::markers: write_markers(); break;
            case TransactionStep::give_id: give_id(); break;
            case TransactionStep::time_passes: pass_time(static_cast<std::int64_t>(input_.number(2))); break;
        }
    }

    // All markers get through, ids expire; then a restart.
    void end() {
        finish_load();
        while (!markers_.empty()) {
            write_markers();
        }
        pass_time(2 * 3'600);
        Effects effects;
        again_.finish_load(now_, effects);
    }

private:
    // Both are told of what may or may not be a record.
    void replay() {
        const base::ByteView key = input_.take(input_.number(2));
        const std::uint64_t length = input_.number(2);
        const auto value = length == fuzz::kNoTransactionValue ? std::nullopt : std::optional(input_.take(length));
        if (!loaded_) {
            TL_CHECK(coordinator_.replay(key, value).has_value() == again_.replay(key, value).has_value());
        }
    }

    void finish_load() {
        if (!loaded_) {
            loaded_ = true;
            decide([](Coordinator& it, const Now& now, Effects& out) { it.finish_load(now, out); });
        }
    }

    template <class Decide>
    Effects decide(Decide what) {
        Effects effects;
        what(coordinator_, now_, effects);
        for (const Record& record : effects.records) {
            std::optional<base::ByteView> value;
            if (record.value) {
                value = *record.value;
            }
            TL_CHECK(again_.replay(record.key, value).has_value());
        }
        TL_CHECK(coordinator_.print_durable() == again_.print_durable());
        for (const Action& action : effects.actions) {
            if (const auto* markers = std::get_if<WriteMarkers>(&action)) {
                markers_.push_back(*markers);
            } else {
                wants_id_.push_back(std::get<FetchProducerId>(action).transactional_id);
            }
        }
        return effects;
    }
    // A question and its answer; once more with a new producer id if it takes one.
    template <class Request>
    Reply ask(void (Coordinator::*method)(Ticket, const Request&, std::optional<std::int64_t>, const Now&, Effects&), const Request& request) {
        auto once = [&](std::optional<std::int64_t> new_id) {
            Effects effects = decide([&](Coordinator& it, const Now& now, Effects& out) { (it.*method)(kTicket, request, new_id, now, out); });
            TL_CHECK(effects.answers.size() == 1 && effects.answers.front().ticket == kTicket);
            return effects.answers.front().reply;
        };
        Reply reply = once(std::nullopt);
        return std::holds_alternative<NeedsProducerId>(reply) ? once(next_id_++) : reply;
    }

    std::string id() {
        switch (input_.byte() % 4) {
            case 0: return "a";
            case 1: return "b";
            case 2: return "";
            default: return std::string(base::as_text(input_.take(input_.byte())));
        }
    }
    Producer producer(const std::string& id) {
        const Producer given = given_[id];
        switch (input_.byte() % 4) {
            case 0: return {};
            case 1: return given;
            case 2: return {given.id, static_cast<std::int16_t>(given.epoch - 1)};
            default: {
                const auto raw = static_cast<std::int64_t>(input_.number(8));
                return {raw, static_cast<std::int16_t>(input_.number(2))};
            }
        }
    }

    void init() {
        const std::string name = id();
        const Producer had = producer(name);
        const auto timeout_ms = static_cast<std::int32_t>(input_.number(2)) * 1'000;
        const Reply reply = ask(&Coordinator::init_producer_id, InitRequest{name, timeout_ms, had.id, had.epoch});
        const auto& response = std::get<protocol::InitProducerIdResponse>(reply);
        if (response.error_code == ErrorCode::none) {
            given_[name] = {response.producer_id, response.producer_epoch};
        }
    }
    PartitionsRequest partitions() {
        PartitionsRequest request{.transactional_id = id()};
        const Producer who = producer(request.transactional_id);
        request.producer_id = who.id;
        request.producer_epoch = who.epoch;
        const std::string topic = input_.flag() ? "orders" : "payments";
        request.partitions = {{.topic = topic, .partitions = {static_cast<std::int32_t>(input_.number(4))}}};
        request.client_version = static_cast<std::int16_t>(input_.flag() ? 2 : 0);
        return request;
    }
    void add() {
        const PartitionsRequest request = partitions();
        const Effects effects = decide([&](Coordinator& it, const Now& now, Effects& out) { it.add(kTicket, request, now, out); });
        TL_CHECK(effects.answers.size() == 1);
    }
    void verify() {
        const PartitionsRequest request = partitions();
        const Effects effects = decide([&](Coordinator& it, const Now& now, Effects& out) { it.verify(kTicket, request, now, out); });
        TL_CHECK(effects.answers.size() == 1 && effects.records.empty());
    }
    void end_transaction() {
        const std::string name = id();
        const Producer who = producer(name);
        const bool commit = input_.flag();
        const auto version = static_cast<std::int16_t>(input_.flag() ? 2 : 0);
        const Reply reply = ask(&Coordinator::end, EndRequest{name, who.id, who.epoch, commit, version});
        const auto& response = std::get<protocol::EndTxnResponse>(reply);
        if (response.error_code == ErrorCode::none && response.producer_id != kNoProducerId) {
            given_[name] = {response.producer_id, response.producer_epoch};
        }
    }
    void describe() {
        const std::vector<std::string> ids{"a", "b", "", id()};
        decide([&](Coordinator& it, const Now& now, Effects& out) { it.describe(kTicket, ids, now, out); });
    }
    void list() {
        using Request = protocol::ListTransactionsRequest;
        const auto version = static_cast<std::int16_t>(Request::kMinVersion + input_.byte() % (Request::kMaxVersion - Request::kMinVersion + 1));
        protocol::Reader in(input_.take(input_.number(2)));
        auto request = Request::decode(in, version);
        auto filter = request ? ListFilter::make(*request) : std::unexpected(request.error());
        if (filter) {
            decide([&](Coordinator& it, const Now& now, Effects& out) { it.list(kTicket, *filter, now, out); });
        }
    }

    void write_markers() {
        if (markers_.empty()) {
            return;
        }
        const WriteMarkers written = std::move(markers_.front());
        markers_.pop_front();
        std::vector<MarkerResult> results;
        for (const auto& [topic, numbers] : written.partitions) {
            for (std::int32_t number : numbers) {
                results.push_back({topic, number, static_cast<ErrorCode>(input_.number(2))});
            }
        }
        decide([&](Coordinator& it, const Now& now, Effects& out) { it.markers_written(written, results, now, out); });
    }
    void give_id() {
        if (wants_id_.empty()) {
            return;
        }
        const std::string name = std::move(wants_id_.front());
        wants_id_.pop_front();
        decide([&](Coordinator& it, const Now& now, Effects& out) { it.abort_timed_out(name, next_id_++, now, out); });
    }

    // Every timer rings; none may ring for ever.
    void pass_time(std::int64_t seconds) {
        const Instant end = now_.in_ms(seconds * 1000);
        const std::int64_t wall_end = now_.wall_ms + seconds * 1000;
        for (int rings = 0; coordinator_.next_deadline() <= end; ++rings) {
            TL_CHECK(rings < 200'000);
            now_.instant = std::max(now_.instant, coordinator_.next_deadline());
            decide([](Coordinator& it, const Now& now, Effects& out) { it.tick(now, out); });
        }
        now_ = {.instant = end, .wall_ms = wall_end};
    }

    static constexpr Ticket kTicket = 1;

    fuzz::Input& input_;
    TransactionConfig config_{.abort_interval_ms = 60'000, .id_expiration_ms = 3'600'000, .expiry_interval_ms = 600'000};
    Coordinator coordinator_{config_};
    Coordinator again_{config_};  // which only ever reads the log
    Now now_{.instant = Instant{} + std::chrono::hours(1), .wall_ms = 1'700'000'000'000};
    std::map<std::string, Producer> given_;
    std::deque<WriteMarkers> markers_;
    std::deque<std::string> wants_id_;
    std::int64_t next_id_ = fuzz::kFirstNewProducerId;
    bool loaded_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    Life life(input);
    while (!input.empty()) {
        life.step();
    }
    life.end();
    return 0;
}
