// txn/list_filter.h: which transactions a ListTransactions request is about.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/messages/list_transactions.h"
#include "txn/transaction.h"

namespace re2 {
class RE2;
}

namespace tideline::txn {

class ListFilter {
public:
    // Errors: invalid_regular_expression.
    static base::Result<ListFilter> make(const protocol::ListTransactionsRequest& request);
    ~ListFilter();
    ListFilter(ListFilter&&) noexcept;

    bool admits(const std::string& transactional_id, const Transaction& transaction, std::int64_t wall_ms) const;
    // Names of states that there are none of.
    const std::vector<std::string>& unknown_states() const { return unknown_states_; }

private:
    ListFilter();

    bool any_state_ = true;
    std::set<State> states_;
    std::vector<std::string> unknown_states_;
    std::set<std::int64_t> producer_ids_;
    std::int64_t longer_than_ms_ = -1;
    std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace tideline::txn
