// history/json_line.h: reads one JSON object of a line, field by field, without building a tree.
//
// Strings are unescaped in place: the line's own bytes are changed, and every view stays valid as long as they do.
// Errors:  ok() is false from the first one on; readers then give empty values and the walks end.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace tideline::history {

class JsonLine {
public:
    explicit JsonLine(std::span<char> line) : at_(line.data()), end_(line.data() + line.size()) {}

    // Enters the object or array that comes next.
    bool begin_object() { return expect('{'); }
    bool begin_array() { return expect('['); }

    // Goes to the next field or element of the innermost one entered; false at its end, which is then behind us.
    bool next_field(std::string_view& name);
    bool next_element();

    std::string_view string();
    std::int64_t integer();
    bool boolean();
    // Passes over a value of any kind.
    void skip();

    // Whether the value that comes next is a string.
    bool is_string();
    // Whether nothing but blanks is left.
    bool at_end();
    bool ok() const { return ok_; }

private:
    void blanks();
    bool expect(char wanted);
    bool next(char closing);
    bool word(std::string_view wanted);
    void unescape(char*& out);
    void unescape_unicode(char*& out);
    bool fail();

    char* at_;
    char* end_;
    bool first_ = true;
    bool ok_ = true;
    int skipped_depth_ = 0;
};

}  // namespace tideline::history
