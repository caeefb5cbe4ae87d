// cli/text_table.h: columns for people, aligned; numbers to the right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace tideline::cli {

class TextTable {
public:
    // A heading that begins with '>' is a column of numbers, aligned to the right.
    explicit TextTable(std::vector<std::string> headings);

    void add(std::vector<std::string> cells);
    void print(Console& console) const;

private:
    std::string line(const std::vector<std::string>& cells) const;

    std::vector<std::string> headings_;
    std::vector<bool> right_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;
};

// 1234567 → "1,234,567"
std::string with_thousands(std::int64_t number);
// 1234567 → "1.2 MB"; decimal units.
std::string human_bytes(double bytes);

}  // namespace tideline::cli
