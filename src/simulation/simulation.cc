#include "simulation/simulation.h"

#include <fmt/format.h>

#include "base/log.h"
#include "log/segment.h"
#include "simulation/cast.h"
#include "simulation/consumer.h"
#include "simulation/member.h"
#include "simulation/settings.h"
#include "simulation/transactions.h"

namespace tideline::simulation {

using runtime::sim::CrashPolicy;
using runtime::sim::kCrashPolicies;
using std::chrono::milliseconds;

namespace {

// How much virtual time everything gets to succeed once nothing fails any more.
constexpr std::chrono::seconds kCalmMax{120};
// A broker that has not started by then never will.
constexpr int kStartsMax = 20;
// The wall clock stays within what timestamps may differ from it.
constexpr std::int64_t kWallJumpMaxMs = 10 * 60 * 1000;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

enum class Fault : std::uint8_t { power_cut, unplugged, sync, operation, short_write, full_disk, slow_disk, restart, clock, weather, cold_cache, lost_index };
constexpr Fault kFaults[] = {Fault::power_cut, Fault::unplugged, Fault::sync,    Fault::operation, Fault::short_write, Fault::full_disk,
                             Fault::slow_disk, Fault::restart,   Fault::clock,   Fault::weather,   Fault::cold_cache, Fault::lost_index};

// The first line in which they differ, from each.
std::pair<std::string_view, std::string_view> first_difference(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        std::string_view line_of_a = a.substr(0, a.find('\n'));
        std::string_view line_of_b = b.substr(0, b.find('\n'));
        if (line_of_a != line_of_b) {
            return {line_of_a, line_of_b};
        }
        a.remove_prefix(std::min(a.size(), line_of_a.size() + 1));
        b.remove_prefix(std::min(b.size(), line_of_b.size() + 1));
    }
    return {};
}

// On a fair day acknowledgements wait for the disk, or a power cut could only be the death of the process.
Fixed fixed_of(const SimulationOptions& options, runtime::Random& random) {
    Fixed fixed = draw_fixed(random);
    fixed.is_replicated = fixed.is_replicated && !options.fair_day;
    return fixed;
}

// Paths; nothing if it is no directory.
std::vector<std::string> entries_of(runtime::FileSystem& files, const std::string& directory) {
    std::vector<std::string> paths;
    auto entries = files.list(directory);
    if (entries) {
        for (const auto& entry : *entries) {
            paths.push_back(fmt::format("{}/{}", directory, entry.name));
        }
    }
    return paths;
}

class Simulation {
public:
    explicit Simulation(const SimulationOptions& options);
    ~Simulation();

    // False: clients are stuck, and the world cannot be taken down.
    bool run();
    SimulationResult result() const;

private:
    void stop_node();
    bool has_transactions() const;
    void settle(std::string_view when);
    std::map<std::string, std::string> loaded_coordinators();
    void compare_coordinators(const std::map<std::string, std::string>& live, const std::map<std::string, std::string>& rebuilt);
    void storm();
    void fair_day(const SimulationOptions::PowerCut& cut);
    bool calm();
    void at_rest();
    void inject(Fault fault);
    void let_run(Duration time);
    void recover();
    void cut_power(CrashPolicy policy);
    void limit_disk(std::uint64_t bytes);
    void restart(bool loses_index);
    void lose_index();
    void begin_life(std::uint64_t power_cuts_left);
    void drive(Task<void> task);
    CrashPolicy draw_policy();
    bool endangers_unsynced(Fault fault) const { return fault == Fault::sync || fault == Fault::operation; }

    void say(std::string_view line);
    void hear_log(base::LogLevel level, std::string_view line);
    void violated(std::string what) { stage_.history.violated(std::move(what)); }
    runtime::sim::SimFileSystem& files() { return world_.files(); }

    const SimulationOptions& options_;
    runtime::Random random_;
    runtime::sim::SimWorld world_;
    Fixed fixed_;
    NodeSettings settings_;
    Node node_;  // before any other shard: those of a broker are numbered from 0
    runtime::sim::SimShard& clients_;
    Stage stage_;
    runtime::TaskScope scope_;
    Cast cast_;
    std::vector<Fault> faults_;          // that this simulation knows
    bool is_life_troubled_ = false;      // a fault was injected since the start: errors may be logged
    bool is_disk_limited_ = false;       // which outlives a power cut
    bool was_stopped_clean_ = false;     // the last life ended well: the next start must know
    std::int64_t wall_ms_jumped_ = 0;
    std::uint64_t operations_of_the_storm_ = 0;
    std::uint64_t hash_ = 0xcbf29ce484222325u;
};

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      random_(options.seed),
      world_(random_.next()),
      fixed_(fixed_of(options, random_)),
      settings_(draw_settings(random_, fixed_)),
      node_(world_, kShardsMax, fixed_.directories),
      clients_(world_.add_shard()),
      stage_{.shard = clients_, .broker = Node::address()},
      scope_(clients_),
      cast_(stage_, scope_, random_) {
    for (Fault fault : kFaults) {
        if (random_.chance(2) && !(fixed_.is_replicated && endangers_unsynced(fault))) {
            faults_.push_back(fault);
        }
    }
    files().record_transcript(options.trace != nullptr);
    stage_.trace = [this](std::string line) { say(line); };
    stage_.history.report_to([this](const std::string& what) { say("VIOLATION " + what); });
    if (options.trace) {
        stage_.recorder.report_to([this](const std::string& line) { say(line); });
    }
    base::set_log_clock([this] { return world_.wall_ms(); });
    base::set_log_sink([this](base::LogLevel level, std::string_view line) { hear_log(level, line); });
}

Simulation::~Simulation() {
    base::set_log_sink({});
    base::set_log_clock({});
}

void Simulation::say(std::string_view line) {
    if (!options_.trace) {
        return;
    }
    auto stamp = std::chrono::duration_cast<std::chrono::microseconds>(world_.now().time_since_epoch()).count() % 1'000'000'000'000;
    for (const std::string& operation : files().take_transcript()) {
        options_.trace(fmt::format("{:>12}  file  {}", stamp, operation));
    }
    options_.trace(fmt::format("{:>12}  {}", stamp, line));
}

void Simulation::hear_log(base::LogLevel level, std::string_view line) {
    for (char each : line) {
        hash_ = (hash_ ^ static_cast<std::uint8_t>(each)) * 0x100000001b3u;
    }
    std::string_view text = line.substr(0, line.find('\n'));
    if (level == base::LogLevel::error && !is_life_troubled_) {
        violated(fmt::format("an error is logged where nothing failed: {}", text));
    }
    if (was_stopped_clean_ && text.find("unclean_stop") != std::string_view::npos) {
        violated("a clean stop is taken for an unclean one");
    }
    if (options_.trace) {
        say(text);
    }
}

CrashPolicy Simulation::draw_policy() {
    return fixed_.is_replicated ? CrashPolicy::keep_all : kCrashPolicies[random_.below(std::size(kCrashPolicies))];
}

void Simulation::stop_node() {
    node_.stop();
    stage_.groups.life_ended();
}

bool Simulation::has_transactions() const {
    return stage_.topic_named(kTransactionInput) != nullptr && stage_.topic_named(kTransactionOutput) != nullptr;
}

bool Simulation::run() {
    if (options_.fair_day) {
        if (options_.fair_day->at != 0) {
            files().crash_after(options_.fair_day->at);
            is_life_troubled_ = true;
        }
        fair_day(*options_.fair_day);
    } else {
        begin_life(random_.chance(4) ? 2 : 0);
        cast_.enter_records();
        if (random_.chance(2)) {
            cast_.enter_groups();
        }
        if (random_.chance(2)) {
            cast_.enter_transactions();
        }
        storm();
    }
    if (!calm()) {
        return false;
    }
    at_rest();
    return true;
}

// Starts the broker, again where power is cut meanwhile.
void Simulation::begin_life(std::uint64_t power_cuts_left) {
    constexpr std::uint64_t kOperationsOfAStart = 60;
    for (int tries = 0;; ++tries) {
        TL_CHECK(tries < kStartsMax);
        if (power_cuts_left > 0 && random_.chance(2)) {
            files().crash_after(1 + random_.below(kOperationsOfAStart));
            is_life_troubled_ = true;
        }
        say("start");
        bool is_started = node_.start(settings_);
        was_stopped_clean_ = false;
        if (is_started) {
            return;
        }
        say(fmt::format("not started: {}", node_.why()));
        if (!is_life_troubled_) {
            violated(fmt::format("the broker does not start: {}", node_.why()));
        }
        power_cuts_left -= power_cuts_left > 0 ? 1 : 0;
        limit_disk(kNoLimit);  // whoever runs a broker that cannot start makes room first
        cut_power(draw_policy());
    }
}

void Simulation::cut_power(CrashPolicy policy) {
    say(fmt::format("power is lost, policy {}", static_cast<int>(policy)));
    is_life_troubled_ = true;
    node_.lose_power(policy, random_.next());
    stage_.history.power_lost();
    stage_.groups.life_ended();
    is_life_troubled_ = is_disk_limited_;
    was_stopped_clean_ = false;
}

void Simulation::limit_disk(std::uint64_t bytes) {
    files().limit_capacity(bytes);
    is_disk_limited_ = bytes != kNoLimit;
}

void Simulation::recover() {
    cut_power(draw_policy());
    let_run(random_ms(random_, 0, 500));
    if (random_.chance(3)) {
        settings_ = draw_settings(random_, fixed_);
    }
    begin_life(random_.chance(3) ? 2 : 0);
}

void Simulation::restart(bool loses_index) {
    say("stop");
    stop_node();
    was_stopped_clean_ = !is_life_troubled_;
    if (is_life_troubled_) {
        stage_.history.power_lost();  // a checkpoint that could not be written is not there
    }
    if (loses_index) {
        lose_index();
    }
    settings_ = draw_settings(random_, fixed_);
    begin_life(0);
}

// What can be made again may be missing: nobody who tidies up has to spare it.
void Simulation::lose_index() {
    std::vector<std::string> indexes;
    for (const std::string& directory : fixed_.directories) {
        for (const std::string& partition : entries_of(files(), directory)) {
            for (std::string& path : entries_of(files(), partition)) {
                if (path.ends_with(log::kOffsetIndexSuffix) || path.ends_with(log::kTimeIndexSuffix)) {
                    indexes.push_back(std::move(path));
                }
            }
        }
    }
    if (!indexes.empty()) {
        const std::string& lost = indexes[random_.below(indexes.size())];
        say(fmt::format("{} is removed", lost));
        (void)files().remove_file(lost);
    }
}

void Simulation::let_run(Duration time) {
    runtime::Instant end = world_.now() + time;
    bool is_failing = world_.run_until([this] { return node_.is_failing(); }, time);
    if (!is_failing) {
        world_.advance(end - world_.now());
    }
}

void Simulation::storm() {
    runtime::Instant end = world_.now() + random_ms(random_, 1000, 8000);
    while (world_.now() < end) {
        if (!faults_.empty()) {
            inject(faults_[random_.below(faults_.size())]);
        }
        let_run(random_ms(random_, 20, 1200));
        if (node_.is_failing()) {
            recover();
        }
    }
}

void Simulation::inject(Fault fault) {
    bool is_troubling = fault != Fault::slow_disk && fault != Fault::restart && fault != Fault::clock && fault != Fault::weather &&
                        fault != Fault::cold_cache && fault != Fault::lost_index;
    is_life_troubled_ |= is_troubling;
    int code = random_.chance(2) ? ENOSPC : EIO;
    say(fmt::format("fault {}", static_cast<int>(fault)));
    switch (fault) {
        case Fault::power_cut: files().crash_after(1 + random_.below(150)); break;
        case Fault::unplugged: recover(); break;
        case Fault::sync: files().fail_sync(1 + random_.below(10)); break;
        case Fault::operation: files().fail_operation(1 + random_.below(60), code); break;
        case Fault::short_write: files().short_write(1 + random_.below(20), random_.below(100), code); break;
        case Fault::full_disk: {
            limit_disk(kNoLimit);
            auto space = files().space("/");
            if (random_.chance(2) && space) {
                limit_disk(space->total_bytes - space->usable_bytes + random_.below(5000));
            }
            break;
        }
        case Fault::slow_disk:
            world_.set_disk_delay(std::chrono::microseconds(10), random_.chance(2) ? milliseconds(5) : milliseconds(800));
            break;
        case Fault::restart: restart(false); break;
        case Fault::lost_index: restart(true); break;
        case Fault::clock: {
            std::int64_t to = static_cast<std::int64_t>(random_.below(2 * kWallJumpMaxMs)) - kWallJumpMaxMs;
            world_.jump_wall(milliseconds(to - wall_ms_jumped_));
            wall_ms_jumped_ = to;
            stage_.is_clock_steady = false;
            break;
        }
        case Fault::weather:
            stage_.weather.cut_one_in = random_.chance(2) ? 0 : 5 + random_.below(50);
            stage_.weather.delay_one_in = random_.chance(2) ? 0 : 5 + random_.below(50);
            break;
        case Fault::cold_cache: files().set_cold(random_.chance(2)); break;
    }
}

void Simulation::fair_day(const SimulationOptions::PowerCut& cut) {
    bool is_cut_again = cut.second_cut_at == 0;
    auto recover_from_it = [&] {
        say("power is lost");
        is_life_troubled_ = true;
        node_.lose_power(fixed_.is_replicated ? CrashPolicy::keep_all : cut.policy, random_.next() + cut.luck);
        stage_.history.power_lost();
        stage_.groups.life_ended();
        is_life_troubled_ = false;
        if (!std::exchange(is_cut_again, true)) {
            files().crash_after(cut.second_cut_at);
            is_life_troubled_ = true;
        }
    };
    auto live = [&] {
        for (int tries = 0; !node_.start(settings_); ++tries) {
            TL_CHECK(tries < kStartsMax);
            if (!is_life_troubled_) {
                violated(fmt::format("the broker does not start: {}", node_.why()));
            }
            recover_from_it();
        }
    };
    live();
    cast_.enter_day(cut);
    // Two lives with a clean stop between them, or as many as the cuts make of it.
    constexpr int kTurns = 16;
    for (int turn = 0; turn < kTurns; ++turn) {
        let_run(milliseconds(100));
        bool is_time_to_stop = turn == kTurns / 2;
        if (is_time_to_stop && !node_.is_failing()) {
            say("stop");
            stop_node();
            if (!files().power_is_cut()) {
                was_stopped_clean_ = !is_life_troubled_;
                live();
                was_stopped_clean_ = false;
            }
        }
        if (node_.is_failing() || files().power_is_cut()) {
            recover_from_it();
            live();
        }
    }
}

bool Simulation::calm() {
    say("calm");
    operations_of_the_storm_ = files().operations();
    files().end_faults();
    limit_disk(kNoLimit);
    world_.set_disk_delay(std::chrono::microseconds(10), milliseconds(5));
    stage_.weather.cut_one_in = stage_.weather.delay_one_in = 0;
    if (node_.is_failing()) {
        cut_power(draw_policy());
        begin_life(0);
    } else if (is_life_troubled_) {
        // Directories that failed stay offline until a restart.
        stop_node();
        stage_.history.power_lost();
        is_life_troubled_ = false;
        begin_life(0);
    }
    stage_.is_storm_over = true;
    bool is_over = world_.run_until([this] { return scope_.running() == 0; }, kCalmMax);
    if (!is_over) {
        violated(fmt::format("{} clients still wait {} s after the last fault", scope_.running(), kCalmMax.count()));
    }
    return is_over;
}

void Simulation::drive(Task<void> task) { world_.run(clients_, std::move(task)); }

void Simulation::settle(std::string_view when) {
    drive(read_everything(stage_, random_.next()));
    if (stage_.groups.commits() > 0) {
        drive(check_committed(stage_, random_.next()));
    }
    if (has_transactions()) {
        drive(settle_transactions(stage_, fmt::format("settling-{}", when), random_.next()));
    }
    world_.run_until_idle();
}

std::map<std::string, std::string> Simulation::loaded_coordinators() {
    constexpr int kTriesMax = 300;
    for (int tries = 0; tries < kTriesMax; ++tries) {
        if (auto coordinators = node_.coordinators()) {
            return *coordinators;
        }
        let_run(milliseconds(100));
    }
    violated("a coordinator is not loaded after 30 s");
    return {};
}

// What a coordinator knows is what its log says: a restart changes nothing.
void Simulation::compare_coordinators(const std::map<std::string, std::string>& live, const std::map<std::string, std::string>& rebuilt) {
    for (const auto& [name, text] : live) {
        auto found = rebuilt.find(name);
        std::string now = found == rebuilt.end() ? "no coordinator" : found->second;
        if (now != text) {
            auto [before, after] = first_difference(text, now);
            violated(fmt::format("the coordinator of {} had '{}' and has after a restart '{}'", name, before, after));
        }
    }
}

// Everything is there, once more after a clean restart, and nobody holds anything.
void Simulation::at_rest() {
    say("at rest");
    settle("before-the-restart");
    if (std::uint64_t bytes = node_.request_memory_in_use(); bytes != 0) {
        violated(fmt::format("{} bytes of request memory are held for nobody", bytes));
    }
    std::map<std::string, std::string> live = loaded_coordinators();
    restart(false);
    compare_coordinators(live, loaded_coordinators());
    settle("after-the-restart");
    for (std::string& finding : stage_.recorder.verdict()) {
        violated("history: " + std::move(finding));
    }
    say("stop");
    node_.stop();
}

SimulationResult Simulation::result() const {
    return {.violations = stage_.history.violations(),
            .trace_hash = hash_ ^ world_.trace_hash(),
            .file_operations = operations_of_the_storm_,
            .lives = node_.life(),
            .promised_records = stage_.history.promised_records(),
            .transactions = stage_.recorder.transactions(),
            .commits = stage_.groups.commits(),
            .assignments = stage_.groups.assignments()};
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
    auto simulation = std::make_unique<Simulation>(options);
    bool is_over = simulation->run();
    SimulationResult result = simulation->result();
    if (!is_over) {
        // Tasks that never end cannot be destroyed; the result is what counts.
        base::set_log_sink({});
        base::set_log_clock({});
        (void)simulation.release();
    }
    return result;
}

}  // namespace tideline::simulation
