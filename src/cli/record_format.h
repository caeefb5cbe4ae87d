// cli/record_format.h: how `consume` prints a record: by a format with % and \ as in printf, or as one line of JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/record_view.h"

namespace tideline::cli {

class RecordFormat {
public:
    // Refuses unknown % and \ sequences. `null_marker` is printed for a null key or value.
    static Outcome<RecordFormat> parse(std::string_view format, std::string null_marker = "");

    void append(std::string& out, const RecordView& record) const;

private:
    // A letter of the help text, or a literal when the letter is 0.
    struct Piece {
        char letter = 0;
        std::string literal = {};
    };
    void append_piece(std::string& out, const Piece& piece, const RecordView& record) const;

    std::vector<Piece> pieces_;
    std::string null_marker_;
};

// {"topic":…,"partition":…,"offset":…,"timestamp":…,"timestamp_type":…,"key":…,"value":…,"headers":[…]}\n
// With --show-aborted also "outcome":"committed", "aborted" or "open", and "producer_id", null outside transactions.
// A null is null; bytes that are not UTF-8 are Base64 and named by "key_encoding", "value_encoding" or "encoding".
void append_json(std::string& out, const RecordView& record);

}  // namespace tideline::cli
