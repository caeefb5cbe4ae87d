#include "cli/shell_word.h"

#include <algorithm>

namespace tideline::cli {

std::string shell_word(std::string_view text) {
    auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:,@%+=").contains(c);
    };
    if (!text.empty() && std::ranges::all_of(text, is_plain)) {
        return std::string(text);
    }
    std::string word = "'";
    for (char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word + "'";
}

std::string bootstrap_option(const ClientOptions& options) {
    return options.bootstrap == kDefaultBootstrap ? "" : " --bootstrap " + shell_word(options.bootstrap);
}

}  // namespace tideline::cli
