// cli/record_splitter.h: cuts a stream of bytes into records, however it arrives.
//
//   while (read_into(splitter.buffer())) { while (auto record = splitter.next()) use(*record); }
//   if (auto record = splitter.finish()) use(*record);
// A record is a view into the buffer: valid until the next call of buffer().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace tideline::cli {

class RecordSplitter {
public:
    // `separator`, when given, is the text between records; else `split_on` says where they end.
    RecordSplitter(SplitOn split_on, const std::optional<std::string>& separator);

    // Where to append input. Forgets what next() has returned.
    std::string& buffer();
    // The next record that is whole, or nullopt: append more, or finish().
    std::optional<std::string_view> next();
    // What is left at the end of the input, once next() has nothing; nullopt when nothing is left.
    std::optional<std::string_view> finish();
    // Bytes that wait for the end of their record.
    std::size_t pending() const { return buffer_.size() - begin_; }

private:
    void skip_newlines();

    std::string separator_;  // empty: the whole input is one record
    bool blocks_;            // several separators in a row count as one
    std::string buffer_;
    std::size_t begin_ = 0;     // where the next record begins
    std::size_t searched_ = 0;  // up to here there is no separator after begin_
};

}  // namespace tideline::cli
