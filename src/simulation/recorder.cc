#include "simulation/recorder.h"

#include "history/check.h"
#include "history/load.h"

namespace tideline::simulation {

std::int64_t Recorder::moment() {
    auto now = std::chrono::duration_cast<std::chrono::microseconds>(shard_.now().time_since_epoch()).count();
    moment_ = std::max(moment_ + 1, now);
    return moment_;
}

void Recorder::write(std::string_view process, std::string_view event, std::string_view members) {
    if (process != process_) {
        process_ = process;
        lines_.push_back(fmt::format(R"({{"event":"process","name":"{}"}})", process));
    }
    std::string_view comma = members.empty() ? "" : ",";
    lines_.push_back(fmt::format(R"({{"event":"{}","at":{}{}{}}})", event, moment(), comma, members));
    transactions_ += event == "begin" ? 1 : 0;
    listener_(fmt::format("{} {}", process, lines_.back()));
}

std::vector<std::string> Recorder::verdict() const {
    history::History history;
    history::Loader loader(history);
    for (const std::string& line : lines_) {
        std::string bytes = line;  // a line is read in place
        auto taken = loader.load_line(bytes);
        if (!taken) {
            return {fmt::format("the record cannot be read: {}: {}", taken.error().note, line)};
        }
    }
    std::string text = history::check(history).text();
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = std::min(text.find('\n', at), text.size());
        found.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

}  // namespace tideline::simulation
