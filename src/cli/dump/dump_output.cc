#include "cli/dump/dump_output.h"

#include <fmt/format.h>

#include "cli/json.h"
#include "cli/terminal.h"

namespace tideline::cli {

bool DumpOutput::is_wanted() const { return !console_.out_failed() && !terminal::interrupted(); }

void DumpOutput::begin(const std::string& path, std::string_view kind, std::uint64_t bytes) {
    path_ = path;
    entries_ = 0;
    damage_.clear();
    if (json_) {
        console_.print(to_line(Json{{"file", path}, {"kind", kind}, {"bytes", bytes}}));
    } else {
        console_.print(console_.painted(Paint::bold, fmt::format("{}: {}, {} bytes", path, kind, bytes)) + "\n");
    }
}

void DumpOutput::entry(std::string_view line) {
    ++entries_;
    console_.print(line);
    console_.print("\n");
}

void DumpOutput::remark(std::string_view text) {
    if (!json_) {
        console_.print(console_.painted(Paint::dim, fmt::format("({})", text)) + "\n");
    }
}

void DumpOutput::damage(std::uint64_t position, std::string reason) {
    if (!json_) {
        console_.print(console_.painted(Paint::red, fmt::format("DAMAGE at byte {}: {}", position, reason)) + "\n");
    }
    damage_.push_back({position, std::move(reason)});
}

bool DumpOutput::end() {
    if (json_) {
        Json list = Json::array();
        for (const Damage& one : damage_) {
            list.push_back({{"position", one.position}, {"reason", one.reason}});
        }
        console_.print(to_line(Json{{"entries", entries_}, {"damage", list}}));
    }
    console_.flush();
    for (const Damage& one : damage_) {
        report(console_, {ExitCode::corrupt, fmt::format("'{}' is damaged at byte {}: {}", path_, one.position, one.reason)},
               json_);
    }
    return damage_.empty();
}

}  // namespace tideline::cli
