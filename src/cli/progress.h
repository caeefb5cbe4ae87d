// cli/progress.h: one line on stderr that changes while records move; silent when stderr is not a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/console.h"

namespace tideline::cli {

struct ProgressState {
    std::int64_t records = 0;
    std::int64_t bytes = 0;
    double seconds = 0;
    std::int64_t input_bytes = 0;                  // read so far
    std::optional<std::int64_t> input_bytes_total;  // unknown for a pipe
};

// "[=====>    ]  54 %  12,345 records  10.2 MB  5.1 MB/s", at most `width` columns.
std::string progress_line(const ProgressState& state, int width);

class Progress {
public:
    explicit Progress(Console& console) : console_(console), shown_(console.err_is_terminal()) {}
    ~Progress() { clear(); }

    // Draws at most ten times a second.
    void update(const ProgressState& state);
    void clear();

private:
    Console& console_;
    bool shown_;
    bool drawn_ = false;
    double last_drawn_ = -1;
};

}  // namespace tideline::cli
