// load/options.h: the options of tl_load, "--name value" each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tideline::load {

class Options {
public:
    // Ends the program with a message when the words are not pairs.
    Options(int count, char** words);

    std::string text(std::string_view name, std::string_view otherwise) const;
    // Ends the program with a message when it is not a number.
    std::int64_t number(std::string_view name, std::int64_t otherwise) const;
    double fraction(std::string_view name, double otherwise) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

// Prints the message and ends the program: a load that went wrong in any way is no measurement.
[[noreturn]] void die(std::string_view message);
[[noreturn]] void die_errno(std::string_view message);

}  // namespace tideline::load
