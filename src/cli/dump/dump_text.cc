// The small files that are readable as they are; the point is one form for all, and JSON.
#include <fmt/format.h>

#include "base/property.h"
#include "base/result.h"
#include "cli/dump/dumpers.h"
#include "cli/json.h"

namespace tideline::cli {

Outcome<> dump_properties(InputFile& file, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    std::vector<base::PropertyLine> lines = base::parse_properties(base::as_text(bytes));
    if (lines.empty()) {
        out.damage(0, "the file holds no property");
        return {};
    }
    Json object = Json::object();
    for (const base::PropertyLine& line : lines) {
        object[line.key] = line.value;
        if (!out.json()) {
            out.entry(fmt::format("{}={}", line.key, line.value));
        }
    }
    if (out.json()) {
        out.entry(object.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    return {};
}

Outcome<> dump_quorum_state(InputFile& file, DumpOutput& out) {
    TL_TRY(bytes, file.all());
    try {
        Json state = Json::parse(bytes.begin(), bytes.end());
        if (!state.is_object()) {
            out.damage(0, "the file is not a JSON object");
            return {};
        }
        if (out.json()) {
            out.entry(state.dump());
            return {};
        }
        for (const auto& [key, value] : state.items()) {
            out.entry(fmt::format("{}={}", key, value.is_string() ? value.get<std::string>() : value.dump()));
        }
    } catch (const Json::parse_error& error) {
        out.damage(error.byte == 0 ? 0 : error.byte - 1, "the file is not JSON");
    }
    return {};
}

}  // namespace tideline::cli
