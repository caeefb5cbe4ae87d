// The arguments of `tideline`, one a line: a command, or a text that says what is wrong with them.
#include "base/check.h"
#include "base/bytes.h"
#include "cli/command_line.h"

using namespace tideline;
using namespace tideline::cli;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kWordsMax = 64;
    std::vector<std::string> words;
    const std::string_view text = base::as_text(base::ByteView(data, size));
    for (std::size_t at = 0; at < text.size() && words.size() < kWordsMax;) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        words.emplace_back(text.substr(at, end - at));
        std::erase(words.back(), '\0');  // no argument holds one
        at = end + 1;
    }
    auto command = parse_command_line(words);
    TL_CHECK(command || !command.error().text.empty());
    TL_CHECK(command || command.error().exit == ExitCode::ok || command.error().exit == ExitCode::usage);
    return 0;
}
