#include "txn/list_filter.h"

#include <re2/re2.h>

namespace tideline::txn {

ListFilter::ListFilter() = default;
ListFilter::~ListFilter() = default;
ListFilter::ListFilter(ListFilter&&) noexcept = default;

base::Result<ListFilter> ListFilter::make(const protocol::ListTransactionsRequest& request) {
    ListFilter filter;
    for (const std::string& name : request.state_filters) {
        if (auto state = state_named(name)) {
            filter.states_.insert(*state);
        } else {
            filter.unknown_states_.push_back(name);
        }
    }
    filter.any_state_ = request.state_filters.empty();
    filter.producer_ids_.insert(request.producer_id_filters.begin(), request.producer_id_filters.end());
    filter.longer_than_ms_ = request.duration_filter;
    if (request.transactional_id_pattern && !request.transactional_id_pattern->empty()) {
        RE2::Options quiet;
        quiet.set_log_errors(false);
        filter.pattern_ = std::make_unique<RE2>(*request.transactional_id_pattern, quiet);
        if (!filter.pattern_->ok()) {
            return base::fail(ErrorCode::invalid_regular_expression, "the pattern of transactional ids is no regular expression");
        }
    }
    return filter;
}

bool ListFilter::admits(const std::string& transactional_id, const Transaction& transaction, std::int64_t wall_ms) const {
    if (!producer_ids_.empty() && !producer_ids_.contains(transaction.producer_id)) {
        return false;
    }
    if (!any_state_ && !states_.contains(transaction.state)) {
        return false;
    }
    if (longer_than_ms_ >= 0 && wall_ms - transaction.start_ms <= longer_than_ms_) {
        return false;
    }
    return pattern_ == nullptr || RE2::FullMatch(transactional_id, *pattern_);
}

}  // namespace tideline::txn
