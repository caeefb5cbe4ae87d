// cli/terminal.h: what the command asks of the operating system: terminals, signals, the clock, raw input.
//
// With main.cc and serve.cc the only part of the command line that calls it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace tideline::cli::terminal {

bool is_terminal(std::FILE* stream);
// False under NO_COLOR (any value but the empty one) and on TERM=dumb.
bool colour_wanted();
// Columns of the terminal on stderr; 80 when it does not say.
int width();

// From now on Ctrl-C and SIGTERM only set a flag, and a pipe without a reader is an error of write().
void catch_signals();
bool interrupted();
// The reader of stdout has gone away (`| head`), seen without writing.
bool out_reader_gone();

// Asks on stderr and reads a line of stdin: true for "y" or "yes".
bool confirm(const std::string& question);

std::int64_t wall_ms();
double steady_seconds();
// Offset of local time from UTC, in seconds, for a wall clock reading that is local (`local_seconds` counts as if UTC).
std::int64_t local_utc_offset(std::int64_t local_seconds);

// A file to read by large chunks; "-" is stdin. Reads block; interrupted() ends them early.
class Input {
public:
    static std::optional<Input> open(const std::string& path, std::string& why_not);
    Input(Input&& other) noexcept;
    Input& operator=(Input&&) = delete;
    ~Input();

    // Appends up to `bytes_max` to `buffer` and returns how many; 0 at the end; -1 on an error, see why.
    std::int64_t read_into(std::string& buffer, std::size_t bytes_max, std::string& why);
    // Bytes left to read when it is a regular file.
    std::optional<std::int64_t> size() const;

private:
    explicit Input(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace tideline::cli::terminal
