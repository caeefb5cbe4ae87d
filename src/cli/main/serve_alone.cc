// `tl_serve`: what `tideline serve` is, without the client commands, for builds under sanitizers: half of what there is to
// compile above the broker is theirs. Takes the same options but for --log-level and --help, each with its value apart.
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
        } else if (name == "--config") {
            options.config = value;
        } else if (name == "--log-format" && (value == "json" || value == "text")) {
            options.log_format = value == "json" ? tideline::base::LogFormat::json : tideline::base::LogFormat::text;
        } else if (std::size_t equals = value.find('='); name == "--set" && equals != std::string_view::npos) {
            options.sets.emplace_back(value.substr(0, equals), value.substr(equals + 1));
        } else {
            is_understood = false;
        }
    }
    if (!is_understood) {
        std::fputs("use: tl_serve serve [--data-dir DIR] [--listen HOST:PORT] [--config FILE] [--set KEY=VALUE]… [--log-format text|json]\n",
                   stderr);
        return 1;
    }
    return tideline::cli::run_serve(options);
}
