#include "cli/console.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/terminal.h"

namespace tideline::cli {
namespace {

const char* escape_of(Paint paint) {
    switch (paint) {
        case Paint::none: return "0";
        case Paint::bold: return "1";
        case Paint::dim: return "2";
        case Paint::red: return "31";
        case Paint::green: return "32";
        case Paint::yellow: return "33";
        case Paint::cyan: return "36";
    }
    return "0";
}

std::string indented(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t end = std::min(text.find('\n'), text.size());
        out += fmt::format("  {}\n", text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace

Console Console::of_process() {
    Console console(stdout, stderr);
    console.out_terminal_ = terminal::is_terminal(stdout);
    console.err_terminal_ = terminal::is_terminal(stderr);
    bool wanted = terminal::colour_wanted();
    console.out_colour_ = wanted && console.out_terminal_;
    console.err_colour_ = wanted && console.err_terminal_;
    return console;
}

void Console::note_out_error() {
    if (out_errno_ == 0) {
        out_errno_ = errno == 0 ? EIO : errno;
    }
}

void Console::print(std::string_view text) {
    if (out_errno_ == 0 && std::fwrite(text.data(), 1, text.size(), out_) != text.size()) {
        note_out_error();
    }
}

void Console::print_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), err_);
    std::fflush(err_);
}

void Console::flush() {
    if (out_errno_ == 0 && std::fflush(out_) != 0) {
        note_out_error();
    }
}

ExitCode Console::report_out_failure() {
    if (out_errno_ == 0 || out_errno_ == EPIPE) {
        return ExitCode::ok;
    }
    print_error(fmt::format("tideline: cannot write to standard output: {}\n", std::strerror(out_errno_)));
    return ExitCode::usage;
}

std::string Console::with_paint(bool colour, Paint paint, std::string_view text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", escape_of(paint), text) : std::string(text);
}

ExitCode report(Console& console, const Failure& failure, bool json) {
    console.flush();
    if (json) {
        nlohmann::ordered_json object{{"error", failure.kafka_error.empty() ? nlohmann::ordered_json(nullptr)
                                                                           : nlohmann::ordered_json(failure.kafka_error)},
                                      {"message", failure.message},
                                      {"hint", failure.hint},
                                      {"exit_code", static_cast<int>(failure.exit)}};
        console.print_error(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
        return failure.exit;
    }
    std::string error = failure.kafka_error.empty() ? "" : failure.kafka_error + ": ";
    console.print_error(fmt::format("{} {}{}\n{}", console.painted_error(Paint::red, "tideline:"), error,
                                    failure.message, indented(failure.hint)));
    return failure.exit;
}

}  // namespace tideline::cli
