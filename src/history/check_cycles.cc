// Circular information flow (G1c): committed transactions, each of which read what the next one wrote.
//
// Cycles of writes alone (G0) are normal in Kafka: it isolates no writers from each other.
#include <fmt/format.h>

#include "history/check.h"

namespace tideline::history {

namespace {

// From each transaction to those that read what it wrote, as one flat list.
class ReadGraph {
public:
    ReadGraph(std::uint32_t nodes, std::vector<std::pair<std::uint32_t, std::uint32_t>> edges) : begins_(nodes + 1) {
        std::ranges::sort(edges);
        const auto repeated = std::ranges::unique(edges);
        edges.erase(repeated.begin(), repeated.end());
        for (const auto& [from, to] : edges) {
            ++begins_[from + 1];
            targets_.push_back(to);
        }
        for (std::size_t n = 1; n < begins_.size(); ++n) {
            begins_[n] += begins_[n - 1];
        }
    }

    std::uint32_t nodes() const { return static_cast<std::uint32_t>(begins_.size() - 1); }
    std::uint32_t begin_of(std::uint32_t node) const { return begins_[node]; }
    std::uint32_t end_of(std::uint32_t node) const { return begins_[node + 1]; }
    std::uint32_t target(std::uint32_t edge) const { return targets_[edge]; }

private:
    std::vector<std::uint32_t> begins_;
    std::vector<std::uint32_t> targets_;
};

// Tarjan's strongly connected components, without recursion: a chain of transactions may be as long as the history.
class Components {
public:
    explicit Components(const ReadGraph& graph)
        : graph_(graph), index_(graph.nodes(), kNone), low_(graph.nodes()), is_on_stack_(graph.nodes()) {}

    // Calls `take` with each component of two or more.
    template <class Take>
    void find(Take take) {
        for (std::uint32_t node = 0; node < graph_.nodes(); ++node) {
            if (index_[node] == kNone) {
                visit(node, take);
            }
        }
    }

private:
    struct Step {
        std::uint32_t node;
        std::uint32_t edge;
    };

    void enter(std::uint32_t node) {
        index_[node] = low_[node] = count_++;
        stack_.push_back(node);
        is_on_stack_[node] = true;
        path_.push_back({node, graph_.begin_of(node)});
    }

    template <class Take>
    void visit(std::uint32_t root, Take take) {
        enter(root);
        while (!path_.empty()) {
            Step& step = path_.back();
            if (step.edge < graph_.end_of(step.node)) {
                const std::uint32_t target = graph_.target(step.edge++);
                if (index_[target] == kNone) {
                    enter(target);
                } else if (is_on_stack_[target]) {
                    low_[step.node] = std::min(low_[step.node], index_[target]);
                }
                continue;
            }
            const std::uint32_t node = step.node;
            path_.pop_back();
            if (!path_.empty()) {
                low_[path_.back().node] = std::min(low_[path_.back().node], low_[node]);
            }
            if (low_[node] == index_[node]) {
                leave(node, take);
            }
        }
    }

    template <class Take>
    void leave(std::uint32_t node, Take take) {
        const auto first = std::ranges::find(stack_.rbegin(), stack_.rend(), node).base() - 1;
        for (auto member = first; member != stack_.end(); ++member) {
            is_on_stack_[*member] = false;
        }
        if (stack_.end() - first > 1) {
            take(std::span<const std::uint32_t>(first, stack_.end()));
        }
        stack_.erase(first, stack_.end());
    }

    const ReadGraph& graph_;
    std::vector<std::uint32_t> index_, low_, stack_;
    std::vector<bool> is_on_stack_;
    std::vector<Step> path_;
    std::uint32_t count_ = 0;
};

class Edges {
public:
    explicit Edges(const History& history) : history_(history) {}

    void add(std::uint32_t value, std::uint32_t reader) {
        const std::uint32_t writer = history_.values[value].transaction;
        if (writer != kNone && reader != kNone && writer != reader && history_.transactions[writer].is_committed() &&
            history_.transactions[reader].is_committed()) {
            edges_.emplace_back(writer, reader);
        }
    }
    std::vector<std::pair<std::uint32_t, std::uint32_t>> take() { return std::move(edges_); }

private:
    const History& history_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
};

std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_of(const History& history, const Places& places) {
    Edges edges(history);
    for (const Poll& poll : history.polls) {
        if (poll.isolation != Isolation::committed || poll.transaction == kNone) {
            continue;
        }
        for (std::uint64_t n = poll.first_read; n < poll.first_read + poll.reads; ++n) {
            edges.add(history.read_values[n], poll.transaction);
        }
    }
    for (const auto& [output, partition, offset] : history.derivations) {
        const auto& inputs = places.of(partition);
        const auto at = std::ranges::lower_bound(inputs, offset, {}, &Place::offset);
        if (at != inputs.end() && at->offset == offset) {
            edges.add(at->value, history.values[output].transaction);
        }
    }
    return edges.take();
}

}  // namespace

void check_cycles(const History& history, const Places& places, Findings& findings) {
    const ReadGraph graph(static_cast<std::uint32_t>(history.transactions.size()), edges_of(history, places));
    Components(graph).find([&](std::span<const std::uint32_t> members) {
        findings.add(Verdict::circular_reads, [&] {
            return fmt::format("transactions {}", fmt::join(members.first(std::min<std::size_t>(members.size(), 8)), ", "));
        });
    });
}

}  // namespace tideline::history
