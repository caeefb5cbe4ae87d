// simulation/recorder.h: what the transactional clients of one simulation did and were told, in the words of history/README.md, and the verdict on it.
//
//   recorder.note("copier-1", "begin", R"("transactional_id":"{}")", id);
//   std::vector<std::string> found = recorder.verdict();
// Shard:  that of the clients.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/shard.h"

namespace tideline::simulation {

class Recorder {
public:
    explicit Recorder(const runtime::Shard& shard) : shard_(shard) {}

    // Microseconds of virtual time; each call gives a later one, for much happens at one instant.
    std::int64_t moment();

    // One event of `process`, with these members besides its name and its time.
    template <class... Values>
    void note(std::string_view process, std::string_view event, fmt::format_string<Values...> members, Values&&... values) {
        write(process, event, fmt::format(members, std::forward<Values>(values)...));
    }
    // Hears of each line at its moment, so that it stands in the trace.
    void report_to(std::function<void(const std::string&)> listener) { listener_ = std::move(listener); }

    // What the history proves against the broker; nothing if it kept its promises.
    std::vector<std::string> verdict() const;
    std::size_t transactions() const { return transactions_; }

private:
    void write(std::string_view process, std::string_view event, std::string_view members);

    const runtime::Shard& shard_;
    std::vector<std::string> lines_;
    std::string process_;  // who spoke last
    std::int64_t moment_ = 0;
    std::size_t transactions_ = 0;
    std::function<void(const std::string&)> listener_ = [](const std::string&) {};
};

}  // namespace tideline::simulation
