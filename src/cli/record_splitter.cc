#include "cli/record_splitter.h"

namespace tideline::cli {
namespace {

std::string separator_of(SplitOn split_on) {
    switch (split_on) {
        case SplitOn::line: return "\n";
        case SplitOn::blank_line: return "\n\n";
        case SplitOn::file: return "";
    }
    return "";
}

}  // namespace

RecordSplitter::RecordSplitter(SplitOn split_on, const std::optional<std::string>& separator)
    : separator_(separator ? *separator : separator_of(split_on)),
      blocks_(!separator && split_on == SplitOn::blank_line) {}

std::string& RecordSplitter::buffer() {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    return buffer_;
}

void RecordSplitter::skip_newlines() {
    while (begin_ < buffer_.size() && buffer_[begin_] == '\n') {
        ++begin_;
    }
    searched_ = std::max(searched_, begin_);
}

std::optional<std::string_view> RecordSplitter::next() {
    if (separator_.empty()) {
        return std::nullopt;
    }
    if (blocks_) {
        skip_newlines();
    }
    std::size_t found = buffer_.find(separator_, searched_);
    if (found == buffer_.npos) {
        // The separator's first bytes may be the last ones we have.
        std::size_t keep = separator_.size() - 1;
        searched_ = std::max(begin_, buffer_.size() > keep ? buffer_.size() - keep : 0);
        return std::nullopt;
    }
    std::string_view record = std::string_view(buffer_).substr(begin_, found - begin_);
    begin_ = searched_ = found + separator_.size();
    return record;
}

std::optional<std::string_view> RecordSplitter::finish() {
    std::string_view rest = std::string_view(buffer_).substr(begin_);
    begin_ = searched_ = buffer_.size();
    if (blocks_) {
        rest = rest.substr(0, rest.find_last_not_of('\n') + 1);
    }
    // Text that ends with its separator is complete; an empty file holds no record.
    if (rest.empty()) {
        return std::nullopt;
    }
    return rest;
}

}  // namespace tideline::cli
