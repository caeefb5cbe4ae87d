#include "cli/progress.h"

#include <fmt/format.h>

#include "cli/terminal.h"
#include "cli/text_table.h"

namespace tideline::cli {
namespace {

std::string bar(double done, int columns) {
    int full = static_cast<int>(done * columns);
    std::string text = "[" + std::string(static_cast<std::size_t>(full), '=');
    if (full < columns) {
        text += '>';
        text.append(static_cast<std::size_t>(columns - full - 1), ' ');
    }
    return text + "]";
}

}  // namespace

std::string progress_line(const ProgressState& state, int width) {
    double rate = state.seconds > 0 ? static_cast<double>(state.bytes) / state.seconds : 0;
    std::string facts = fmt::format("{} records  {}  {}/s", with_thousands(state.records),
                                    human_bytes(static_cast<double>(state.bytes)), human_bytes(rate));
    if (!state.input_bytes_total || *state.input_bytes_total == 0) {
        return facts.substr(0, static_cast<std::size_t>(std::max(width - 1, 0)));
    }
    double done = std::min(1.0, static_cast<double>(state.input_bytes) / static_cast<double>(*state.input_bytes_total));
    std::string percent = fmt::format(" {:3.0f} %  ", done * 100);
    int columns = width - 3 - static_cast<int>(percent.size() + facts.size());
    std::string line = columns >= 10 ? bar(done, std::min(columns, 40)) + percent + facts : percent + facts;
    return line.substr(0, static_cast<std::size_t>(std::max(width - 1, 0)));
}

void Progress::update(const ProgressState& state) {
    if (!shown_ || state.seconds - last_drawn_ < 0.1) {
        return;
    }
    last_drawn_ = state.seconds;
    drawn_ = true;
    console_.print_error("\r\x1b[K" + progress_line(state, terminal::width()));
}

void Progress::clear() {
    if (drawn_) {
        console_.print_error("\r\x1b[K");
        drawn_ = false;
    }
}

}  // namespace tideline::cli
