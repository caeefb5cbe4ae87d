// tl_simulate: many seeds, and power cuts at every operation of some days, in some processes; says which failed, and what was
// never reached.
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/reach.h"
#include "simulation/crash_points.h"
#include "simulation/simulation.h"

namespace tideline::simulation {
namespace {

constexpr std::string_view kUsage =
    "tl_simulate [--seeds N] [--from S] [--days D] [--jobs J] [--need-marks]   N seeds from S on, and all crash points of D days of each kind\n"
    "tl_simulate --seed S [--cut A/P/L/B] [--trace]                            one of them, with all that happens in it\n";

// A case takes some hundredths of a second; one that takes so long hangs, and fails.
constexpr unsigned kCaseSecondsMax = 120;

struct Arguments {
    std::uint64_t seeds = 100;
    std::uint64_t from = 1;
    std::uint64_t days = 0;
    std::uint64_t jobs = 2;
    std::optional<SimulationOptions::PowerCut> cut;
    bool is_single = false;
    bool needs_marks = false;
    bool is_traced = false;
};

std::optional<Arguments> parse(int count, char** words) {
    Arguments arguments;
    std::map<std::string_view, std::uint64_t*> numbers{{"--seeds", &arguments.seeds},
                                                       {"--from", &arguments.from},
                                                       {"--days", &arguments.days},
                                                       {"--jobs", &arguments.jobs},
                                                       {"--seed", &arguments.from}};
    for (int i = 1; i < count; ++i) {
        std::string_view word = words[i];
        if (word == "--cut" && i + 1 < count) {
            arguments.cut = parse_power_cut(words[++i]);
            if (!arguments.cut) {
                return std::nullopt;
            }
        } else if (word == "--need-marks") {
            arguments.needs_marks = true;
        } else if (word == "--trace") {
            arguments.is_traced = true;
        } else if (auto number = numbers.find(word); number != numbers.end() && i + 1 < count) {
            std::string_view text = words[++i];
            auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number->second);
            if (error != std::errc() || end != text.data() + text.size()) {
                return std::nullopt;
            }
            arguments.is_single |= word == "--seed";
        } else {
            return std::nullopt;
        }
    }
    return arguments.jobs == 0 ? std::nullopt : std::optional(arguments);
}

// One simulation of many.
struct Case {
    std::uint64_t seed = 0;
    std::optional<SimulationOptions::PowerCut> cut;

    // As it is given on the command line.
    std::string name() const { return cut ? fmt::format("seed {} --cut {}", seed, to_string(*cut)) : fmt::format("seed {}", seed); }
};

std::vector<Case> cases_of(const Arguments& arguments) {
    std::vector<Case> cases;
    for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
        cases.push_back({.seed = arguments.from + i, .cut = std::nullopt});
    }
    for (std::uint64_t day = arguments.from; day < arguments.from + arguments.days; ++day) {
        for (DayOf kind : kDays) {
            cases.push_back({.seed = day, .cut = whole_day(kind)});
            for (const SimulationOptions::PowerCut& cut : crash_points(day, kind)) {
                cases.push_back({.seed = day, .cut = cut});
            }
        }
    }
    return cases;
}

// What a process says about its cases, by their numbers, line by line: "begin I", "failed I WHY", "ended I RECORDS TRANSACTIONS COMMITS",
// "mark NAME".
class Report {
public:
    explicit Report(const std::vector<Case>& cases) : cases_(cases) {}

    void take(std::string_view line, std::uint64_t& running) {
        std::string_view word = line.substr(0, line.find(' '));
        std::string_view rest = line.substr(std::min(line.size(), word.size() + 1));
        if (word == "begin") {
            running = std::stoull(std::string(rest)) + 1;
        } else if (word == "failed") {
            failures_[std::stoull(std::string(rest))].emplace_back(rest.substr(rest.find(' ') + 1));
        } else if (word == "ended") {
            ++ended_;
            std::istringstream counts{std::string(rest)};
            std::uint64_t number = 0;
            std::uint64_t records = 0;
            std::uint64_t transactions = 0;
            std::uint64_t commits = 0;
            counts >> number >> records >> transactions >> commits;
            records_ += records;
            transactions_ += transactions;
            commits_ += commits;
            running = 0;
        } else if (word == "mark") {
            ++marks_[std::string(rest)];
        }
    }
    void died(std::uint64_t number, int status) {
        ++dead_;
        bool is_slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        failures_[number].push_back(is_slow ? fmt::format("it did not end within {} s", kCaseSecondsMax)
                                            : fmt::format("the process ended with status {}", status));
    }

    int conclude(bool needs_marks) {
        for (const base::ReachMark& mark : base::reach_marks()) {
            marks_.try_emplace(mark.name, 0);
        }
        std::size_t missing = 0;
        for (const auto& [name, seeds] : marks_) {
            std::cout << fmt::format("{:>8} times reached: {}\n", seeds, name);
            missing += seeds == 0 ? 1 : 0;
        }
        for (const auto& [number, reasons] : failures_) {
            for (const std::string& reason : reasons) {
                std::cout << fmt::format("{}: {}\n", cases_[number].name(), reason);
            }
        }
        if (needs_marks && missing > 0) {
            std::cout << fmt::format("{} marks were never reached\n", missing);
        }
        std::cout << fmt::format("{} records promised and found, {} transactions, {} commits of groups\n", records_, transactions_, commits_);
        std::cout << fmt::format("{} passed, {} failed\n", ended_ - (failures_.size() - dead_), failures_.size());
        return failures_.empty() && !(needs_marks && missing > 0) ? 0 : 1;
    }

private:
    const std::vector<Case>& cases_;
    std::map<std::uint64_t, std::vector<std::string>> failures_;
    std::map<std::string, std::uint64_t> marks_;
    std::uint64_t ended_ = 0;
    std::uint64_t dead_ = 0;
    std::uint64_t records_ = 0;
    std::uint64_t transactions_ = 0;
    std::uint64_t commits_ = 0;
};

void run_case(std::uint64_t number, const Case& each, std::FILE* out) {
    for (base::ReachMark& mark : base::reach_marks()) {
        mark.is_reached = false;
    }
    std::fputs(fmt::format("begin {}\n", number).c_str(), out);
    std::fflush(out);
    ::alarm(kCaseSecondsMax);
    SimulationResult result = simulate({.seed = each.seed, .fair_day = each.cut, .trace = nullptr});
    for (const std::string& violation : result.violations) {
        std::fputs(fmt::format("failed {} {}\n", number, violation).c_str(), out);
    }
    std::map<std::string, bool> reached;
    for (base::ReachMark& mark : base::reach_marks()) {
        reached[mark.name] |= mark.is_reached;
    }
    for (const auto& [name, is_reached] : reached) {
        if (is_reached) {
            std::fputs(fmt::format("mark {}\n", name).c_str(), out);
        }
    }
    std::fputs(fmt::format("ended {} {} {} {}\n", number, result.promised_records, result.transactions, result.commits).c_str(), out);
    std::fflush(out);
}

// One process and the cases that it has left.
struct Worker {
    pid_t process = -1;
    int pipe = -1;
    std::uint64_t next = 0;     // its cases are next, next + step, …
    std::uint64_t running = 0;  // the number of the one that it is at, plus one
    std::string unread;
};

void begin(Worker& worker, const std::vector<Case>& cases, std::uint64_t step) {
    int ends[2];
    if (::pipe(ends) != 0) {
        std::abort();
    }
    worker.process = ::fork();
    if (worker.process == 0) {
        ::close(ends[0]);
        std::FILE* out = ::fdopen(ends[1], "w");
        for (std::uint64_t number = worker.next; number < cases.size(); number += step) {
            run_case(number, cases[number], out);
        }
        std::fclose(out);
        ::_exit(0);
    }
    ::close(ends[1]);
    worker.pipe = ends[0];
    worker.running = 0;
}

// False: the process has ended.
bool listen(Worker& worker, Report& report) {
    char bytes[65536];
    ssize_t got = ::read(worker.pipe, bytes, sizeof bytes);
    if (got <= 0) {
        return false;
    }
    worker.unread.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = worker.unread.find('\n'); end != std::string::npos; end = worker.unread.find('\n')) {
        report.take(std::string_view(worker.unread).substr(0, end), worker.running);
        worker.unread.erase(0, end + 1);
    }
    return true;
}

int run_all(const Arguments& arguments) {
    std::vector<Case> cases = cases_of(arguments);
    Report report(cases);
    std::vector<Worker> workers(std::min<std::size_t>(arguments.jobs, std::max<std::size_t>(cases.size(), 1)));
    for (std::size_t i = 0; i < workers.size(); ++i) {
        workers[i].next = i;
        begin(workers[i], cases, workers.size());
    }
    std::size_t alive = workers.size();
    while (alive > 0) {
        std::vector<pollfd> waiting;
        for (const Worker& worker : workers) {
            waiting.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
        }
        ::poll(waiting.data(), waiting.size(), -1);
        for (std::size_t i = 0; i < workers.size(); ++i) {
            Worker& worker = workers[i];
            if (worker.pipe < 0 || waiting[i].revents == 0 || listen(worker, report)) {
                continue;
            }
            ::close(std::exchange(worker.pipe, -1));
            int status = 0;
            ::waitpid(worker.process, &status, 0);
            if (worker.running != 0) {
                report.died(worker.running - 1, status);
                worker.next = worker.running - 1 + workers.size();
                begin(worker, cases, workers.size());
            } else {
                --alive;
            }
        }
    }
    return report.conclude(arguments.needs_marks);
}

int run_one(const Arguments& arguments) {
    Case only{.seed = arguments.from, .cut = arguments.cut};
    SimulationOptions options{.seed = only.seed, .fair_day = only.cut, .trace = nullptr};
    if (arguments.is_traced) {
        options.trace = [](std::string_view line) { std::cout << line << std::endl; };
    }
    SimulationResult result = simulate(options);
    for (const std::string& violation : result.violations) {
        std::cout << fmt::format("{}: {}\n", only.name(), violation);
    }
    std::cout << fmt::format("{} lives, {} records promised, {} transactions, {} commits, {} assignments, trace {:016x}\n", result.lives,
                             result.promised_records, result.transactions, result.commits, result.assignments, result.trace_hash);
    return result.violations.empty() ? 0 : 1;
}

}  // namespace
}  // namespace tideline::simulation

int main(int count, char** words) {
    auto arguments = tideline::simulation::parse(count, words);
    if (!arguments) {
        std::cerr << tideline::simulation::kUsage;
        return 2;
    }
    return arguments->is_single ? tideline::simulation::run_one(*arguments) : tideline::simulation::run_all(*arguments);
}
