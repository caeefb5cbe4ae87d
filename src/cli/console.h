// cli/console.h: where a command prints: stdout, stderr, and what kind of thing they are.
//
// Thread:  one. Errors of stdout are remembered; a reader that went away (`| head`) is not an error of the command.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/failure.h"

namespace tideline::cli {

enum class Paint { none, bold, dim, red, green, yellow, cyan };

class Console {
public:
    // Looks at the process's own terminal and at NO_COLOR.
    static Console of_process();
    // For tests: nothing is a terminal.
    Console(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}

    void print(std::string_view text);
    void print_error(std::string_view text);
    // `text` in a colour when stdout (stderr) shows colours, else as it is.
    std::string painted(Paint paint, std::string_view text) const { return with_paint(out_colour_, paint, text); }
    std::string painted_error(Paint paint, std::string_view text) const { return with_paint(err_colour_, paint, text); }
    void flush();

    bool out_is_terminal() const { return out_terminal_; }
    bool err_is_terminal() const { return err_terminal_; }
    // Writing to stdout has failed: nobody reads it, or the disk behind it is full.
    bool out_failed() const { return out_errno_ != 0; }
    // The failure to report for it; ok when the reader merely went away.
    ExitCode report_out_failure();

private:
    static std::string with_paint(bool colour, Paint paint, std::string_view text);
    void note_out_error();

    std::FILE* out_;
    std::FILE* err_;
    bool out_terminal_ = false;
    bool err_terminal_ = false;
    bool out_colour_ = false;
    bool err_colour_ = false;
    int out_errno_ = 0;
};

// "tideline: cannot reach …" and the indented hint, or with `json` one object a line. Returns the exit code.
ExitCode report(Console& console, const Failure& failure, bool json);

}  // namespace tideline::cli
