// cli/dump/dump_output.h: what a dumped file prints: a heading, its entries, what is wrong with it.
//
// JSON is one object a line: {"file":…,"kind":…}, then the entries, then {"entries":N,"damage":[…]}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace tideline::cli {

struct Damage {
    std::uint64_t position = 0;  // the byte where it begins
    std::string reason;
};

class DumpOutput {
public:
    DumpOutput(Console& console, bool json) : console_(console), json_(json) {}

    bool json() const { return json_; }
    // Whether anybody still reads: not after Ctrl-C or when the pipe behind stdout is closed.
    bool is_wanted() const;
    void begin(const std::string& path, std::string_view kind, std::uint64_t bytes);
    // One line, in the form that json() asks for.
    void entry(std::string_view line);
    // A remark for people; JSON leaves it out.
    void remark(std::string_view text);
    void damage(std::uint64_t position, std::string reason);
    // Reports the damage on stderr; true when there was none.
    bool end();

private:
    Console& console_;
    bool json_;
    std::string path_;
    std::int64_t entries_ = 0;
    std::vector<Damage> damage_;
};

}  // namespace tideline::cli
