// history/load.h: the JSON lines of recorded histories into tables. README.md tells the format.
#pragma once
#include <cstdint>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/history.h"

namespace tideline::history {

// Reads one file after the other into one history.
//
// Errors:  invalid_request for a line that is not of the format; where() says which, `what` why. A last line without an
//          end is what a killed process leaves, and is passed over.
class Loader {
public:
    explicit Loader(History& history);
    ~Loader();

    // The events of one file; its process is called `name` until a `process` event says otherwise.
    base::Result<> load(std::istream& in, std::string_view name);
    // One event, or a remark: an empty line, or one that begins with '#'. The bytes of the line are changed.
    base::Result<> load_line(std::span<char> line);
    std::string where() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace tideline::history
