// `tl_serve`: what `tideline serve` is, without the client commands, for builds under sanitizers: half of what there is to
// compile above the broker is theirs. Takes --data-dir, --listen and --set, each with its value.
#include <cstdio>
#include <string_view>

#include "cli/serve.h"

int main(int argc, char** argv) {
    tideline::cli::ServeOptions options;
    bool is_understood = argc % 2 == 0 && std::string_view(argv[1]) == "serve";
    for (int i = 2; is_understood && i < argc; i += 2) {
        std::string_view name = argv[i];
        std::string_view value = argv[i + 1];
        if (name == "--data-dir") {
            options.data_dir = value;
        } else if (name == "--listen") {
            options.listen = value;
        } else if (std::size_t equals = value.find('='); name == "--set" && equals != std::string_view::npos) {
            options.sets.emplace_back(value.substr(0, equals), value.substr(equals + 1));
        } else {
            is_understood = false;
        }
    }
    if (!is_understood) {
        std::fputs("use: tl_serve serve [--data-dir DIR] [--listen HOST:PORT] [--set KEY=VALUE]…\n", stderr);
        return 1;
    }
    return tideline::cli::run_serve(options);
}
