// A coordinator that is loaded from any records of __consumer_offsets, and goes on deciding from there: any requests, timers, a restart.
// What it cannot read it skips; whatever it decides, it can be loaded again from, and nobody is answered twice.
#include <set>

#include "base/check.h"
#include "base/log.h"
#include "group_steps.h"
#include "protocol/reader.h"

using namespace tideline;
using namespace tideline::group;
using fuzz::GroupStep;

namespace {

[[maybe_unused]] const bool kQuiet = [] {
    base::set_log_sink([](base::LogLevel, std::string_view) {});
    return true;
}();

class Life {
public:
    Life(fuzz::Input& input, std::uint64_t random)
        : input_(input), coordinator_(fuzz::make_coordinator(random)), again_(fuzz::make_coordinator(random)) {}

    void step() {
        const auto step = static_cast<GroupStep>(input_.byte() % fuzz::kStepCount);
        if (step > GroupStep::finish_load) {
            finish_load();
        }
        switch (step) {
            case GroupStep::record: replay(-1); break;
            case GroupStep::transactional: replay(fuzz::kFuzzProducer); break;
            case GroupStep::marker: end_transaction(input_.flag()); break;
            case GroupStep::finish_load: finish_load(); break;
            case GroupStep::join: ask(&Coordinator::join); break;
            case GroupStep::sync: ask(&Coordinator::sync); break;
            case GroupStep::heartbeat: ask(&Coordinator::heartbeat); break;
            case GroupStep::leave: ask(&Coordinator::leave); break;
            case GroupStep::consumer_heartbeat: ask(&Coordinator::consumer_heartbeat); break;
            case GroupStep::commit: ask(&Coordinator::commit); break;
            case GroupStep::fetch: fetch(); break;
            case GroupStep::delete_offsets: ask(&Coordinator::delete_offsets); break;
            case GroupStep::list: ask(&Coordinator::list); break;
            case GroupStep::about_groups: about_groups(); break;
            case GroupStep::time_passes: pass_time(static_cast<std::int64_t>(input_.number(2))); break;
            case GroupStep::topics_deleted:
                decide([](Coordinator& it, const Now& now, Effects& out) { it.topics_deleted({"orders"}, now, out); });
                break;
        }
    }

    // A day later, everybody gone; then a restart.
    void end() {
        finish_load();
        pass_time(86'400);
        TL_CHECK(again_->offset_count() == coordinator_->offset_count());
        Effects effects;
        again_->finish_load(now_, effects);
    }

private:
    base::ByteView item() { return input_.take(input_.number(2)); }

    // Both are told of what may or may not be a record.
    void replay(std::int64_t producer_id) {
        const base::ByteView key = item();
        const std::uint64_t length = input_.number(2);
        const auto value = length == fuzz::kNoValue ? std::nullopt : std::optional(input_.take(length));
        auto first = coordinator_->replay(key, value, producer_id, now_);
        TL_CHECK(first.has_value() == again_->replay(key, value, producer_id, now_).has_value());
    }
    void end_transaction(bool committed) {
        coordinator_->replay_end_transaction(fuzz::kFuzzProducer, committed);
        again_->replay_end_transaction(fuzz::kFuzzProducer, committed);
    }

    void finish_load() {
        if (!loaded_) {
            loaded_ = true;
            decide([](Coordinator& it, const Now& now, Effects& out) { it.finish_load(now, out); });
        }
    }

    template <class Decide>
    void decide(Decide what) {
        Effects effects;
        what(*coordinator_, now_, effects);
        for (const Record& record : effects.records) {
            std::optional<base::ByteView> value;
            if (record.value) {
                value = *record.value;
            }
            TL_CHECK(again_->replay(record.key, value, -1, now_).has_value());
        }
        for (const Answer& answer : effects.answers) {
            TL_CHECK(waiting_.erase(answer.ticket) == 1);
        }
    }

    template <class Request>
    std::optional<Request> request(ClientInfo& client) {
        const int versions = Request::kMaxVersion - Request::kMinVersion + 1;
        client = {.id = "fuzz", .host = "/127.0.0.1", .api_version = static_cast<std::int16_t>(Request::kMinVersion + input_.byte() % versions)};
        protocol::Reader in(item());
        auto decoded = Request::decode(in, client.api_version);
        return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
    }
    Ticket ticket() { return *waiting_.insert(++last_ticket_).first; }

    template <class Request>
    void ask(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&)) {
        ClientInfo client;
        if (auto decoded = request<Request>(client)) {
            decide([&](Coordinator& it, const Now& now, Effects& out) { (it.*method)(ticket(), client, *decoded, now, out); });
        }
    }
    void fetch() {
        ClientInfo client;
        auto decoded = request<protocol::OffsetFetchRequest>(client);
        for (std::size_t i = 0; decoded && i < decoded->groups.size(); ++i) {
            decide([&](Coordinator& it, const Now& now, Effects& out) {
                it.fetch(ticket(), client, decoded->groups[i], decoded->require_stable, now, out);
            });
        }
    }

    void about_groups() {
        const std::vector<std::string> ids{"classic", "modern", ""};
        const ClientInfo client{.id = "fuzz", .host = "/127.0.0.1", .api_version = 5};
        decide([&](Coordinator& it, const Now& now, Effects& out) { it.describe(ticket(), client, ids, now, out); });
        decide([&](Coordinator& it, const Now& now, Effects& out) { it.consumer_describe(ticket(), client, ids, now, out); });
        if (input_.flag()) {
            decide([&](Coordinator& it, const Now& now, Effects& out) { it.delete_groups(ticket(), client, ids, now, out); });
        }
    }

    // Every timer rings; none may ring for ever.
    void pass_time(std::int64_t seconds) {
        const Instant end = now_.in_ms(seconds * 1000);
        const std::int64_t wall_end = now_.wall_ms + seconds * 1000;
        for (int rings = 0; coordinator_->next_deadline() <= end; ++rings) {
            TL_CHECK(rings < 100'000);
            now_.instant = std::max(now_.instant, coordinator_->next_deadline());
            decide([](Coordinator& it, const Now& now, Effects& out) { it.tick(now, out); });
        }
        now_ = {.instant = end, .wall_ms = wall_end};
    }

    fuzz::Input& input_;
    std::unique_ptr<Coordinator> coordinator_;
    std::unique_ptr<Coordinator> again_;  // which only ever reads the log
    Now now_{.instant = Instant{} + std::chrono::hours(1), .wall_ms = fuzz::kFuzzWallMs};
    std::set<Ticket> waiting_;
    Ticket last_ticket_ = kNoTicket;
    bool loaded_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    // Nobody outside can guess which ids will be given: they change with every bit of the input.
    Life life(input, std::hash<std::string_view>()(base::as_text(base::ByteView(data, size))));
    while (!input.empty()) {
        life.step();
    }
    life.end();
    return 0;
}
