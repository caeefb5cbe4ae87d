// group/group_testing.h: a coordinator under test, with its log as a list, virtual time, and a check after every step
// that the log alone would bring its state back.
#pragma once

#include <gtest/gtest.h>

#include "group/coordinator.h"

namespace tideline::group::testing {

class TestTopics : public Topics {
public:
    std::optional<TopicInfo> find(std::string_view name) const override {
        auto found = topics_.find(name);
        return found == topics_.end() ? std::nullopt : std::optional(info(*found));
    }
    std::optional<TopicInfo> find(const base::Uuid& id) const override {
        for (const auto& topic : topics_) {
            if (topic.second.first == id) {
                return info(topic);
            }
        }
        return std::nullopt;
    }
    std::vector<std::string> racks(const base::Uuid&, std::int32_t) const override { return {}; }
    void for_each(const std::function<void(const TopicInfo&)>& visit) const override {
        for (const auto& topic : topics_) {
            visit(info(topic));
        }
    }
    std::uint64_t version() const override { return version_; }

    void put(const std::string& name, std::int32_t partitions) {
        auto id = topics_.contains(name) ? topics_[name].first : base::Uuid{.high = 7, .low = ++topics_ever_};
        topics_[name] = {id, partitions};
        ++version_;
    }
    void remove(const std::string& name) {
        topics_.erase(name);
        ++version_;
    }

private:
    using Topic = std::pair<const std::string, std::pair<base::Uuid, std::int32_t>>;
    static TopicInfo info(const Topic& topic) {
        return {.id = topic.second.first, .name = topic.first, .partition_count = topic.second.second};
    }
    std::map<std::string, std::pair<base::Uuid, std::int32_t>, std::less<>> topics_;
    std::uint64_t topics_ever_ = 0;
    std::uint64_t version_ = 1;
};

class TestGroupConfigs : public GroupConfigs {
public:
    ConsumerTimeouts consumer_timeouts(std::string_view) const override { return {}; }
};

// Groups by their first line and what follows, offsets by theirs.
inline std::map<std::string, std::string> blocks_of(const std::string& printed) {
    std::map<std::string, std::string> blocks;
    std::string* block = nullptr;
    std::size_t at = 0;
    while (at < printed.size()) {
        auto end = printed.find('\n', at);
        auto line = printed.substr(at, end - at);
        if (!line.starts_with(' ')) {
            auto first = line.find(' ');
            auto second = line.find(' ', first + 1);
            auto third = line.starts_with("offset") ? line.find(' ', second + 1) : second;
            block = &blocks[line.substr(0, third)];
        }
        *block += line + "\n";
        at = end + 1;
    }
    return blocks;
}

class Bench {
public:
    explicit Bench(GroupConfig config = {}, std::size_t member_bytes_max = std::size_t{1} << 30)
        : config_(std::move(config)), member_memory_(member_bytes_max) {
        coordinator_ = make_counted();
    }

    Coordinator& coordinator() { return *coordinator_; }
    TestTopics& topics() { return topics_; }
    GroupConfig& config() { return config_; }
    const Now& now() const { return now_; }
    const MemberMemory& member_memory() const { return member_memory_; }

    // Lets the coordinator decide, keeps its records, and compares it with a rebuild.
    template <class Decide>
    Effects step(Decide decide) {
        Effects effects;
        decide(*coordinator_, now_, effects);
        for (const auto& record : effects.records) {
            if (effects.transaction) {
                write_transactional(effects.transaction->producer_id, record);
            } else {
                log_.push_back({.record = record});
            }
        }
        check_against_log();
        return effects;
    }
    template <class Request>
    Ticket ask(void (Coordinator::*method)(Ticket, const ClientInfo&, const Request&, const Now&, Effects&),
               const ClientInfo& client, const Request& request, Effects& out) {
        auto ticket = ++last_ticket_;
        out = step([&](Coordinator& c, const Now& now, Effects& effects) { (c.*method)(ticket, client, request, now, effects); });
        return ticket;
    }
    Ticket next_ticket() { return ++last_ticket_; }
    Ticket peek_ticket() const { return last_ticket_ + 1; }  // what the next ask() will use

    // Moves the clock to the next timer, or by `ms` if none is due before; returns what that brought.
    Effects advance(std::int64_t ms, std::int64_t& moved_ms) {
        auto target = now_.in_ms(ms);
        auto next = std::min(std::max(coordinator_->next_deadline(), now_.instant), target);
        auto by = std::chrono::ceil<std::chrono::milliseconds>(next - now_.instant).count();
        now_.instant += std::chrono::milliseconds(by);
        now_.wall_ms += by;
        moved_ms = by;
        if (coordinator_->next_deadline() > now_.instant) {
            return {};
        }
        return step([](Coordinator& c, const Now& now, Effects& out) { c.tick(now, out); });
    }
    void jump_wall(std::int64_t ms) { now_.wall_ms += ms; }

    // Records of a transaction, and its end, as they come from elsewhere in the log.
    void write_transactional(std::int64_t producer_id, const Record& record) {
        log_.push_back({.record = record, .producer_id = producer_id});
        replay(*coordinator_, log_.back());
    }
    void end_transaction(std::int64_t producer_id, bool committed) {
        log_.push_back({.record = {}, .producer_id = producer_id, .marker = committed ? 1 : 0});
        replay(*coordinator_, log_.back());
    }

    // A new coordinator from the log.
    Effects restart() {
        coordinator_ = rebuilt();
        return step([](Coordinator& c, const Now& now, Effects& out) { c.finish_load(now, out); });
    }
    // Timers run from here on, as after a load of an empty log.
    void start_timers() {
        step([](Coordinator& c, const Now& now, Effects& out) { c.finish_load(now, out); });
    }

private:
    struct Entry {
        Record record;
        std::int64_t producer_id = -1;
        int marker = -1;
    };

    std::unique_ptr<Coordinator> make() {
        return std::make_unique<Coordinator>(config_, topics_, group_configs_, [this] {
            // SplitMix64
            auto z = (random_ += 0x9e3779b97f4a7c15ull);
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
            return z ^ (z >> 31);
        });
    }
    std::unique_ptr<Coordinator> make_counted() {
        auto coordinator = make();
        coordinator->count_members_in(member_memory_);
        return coordinator;
    }
    void replay(Coordinator& coordinator, const Entry& entry) {
        if (entry.marker >= 0) {
            coordinator.replay_end_transaction(entry.producer_id, entry.marker == 1);
            return;
        }
        std::optional<base::ByteView> value;
        if (entry.record.value) {
            value = *entry.record.value;
        }
        auto replayed = coordinator.replay(entry.record.key, value, entry.producer_id, now_);
        EXPECT_TRUE(replayed) << base::to_string(replayed.error());
    }
    std::unique_ptr<Coordinator> rebuilt() {
        auto coordinator = make_counted();
        for (const auto& entry : log_) {
            replay(*coordinator, entry);
        }
        return coordinator;
    }
    // A rebuild of every step would be quadratic: a follower replays what is new.
    void check_against_log() {
        if (!follower_) {
            follower_ = make();
        }
        for (; followed_ < log_.size(); ++followed_) {
            replay(*follower_, log_[followed_]);
        }
        auto live_text = coordinator_->print_durable();
        auto replayed_text = follower_->print_durable();
        if (live_text == replayed_text) {
            return;
        }
        auto live = blocks_of(live_text);
        auto replayed = blocks_of(replayed_text);
        for (const auto& [name, block] : live) {
            EXPECT_TRUE(replayed.contains(name)) << name << " is not in the log";
            if (replayed.contains(name) && block.find(" rebalancing\n") == std::string::npos) {
                EXPECT_EQ(block, replayed[name]);
            }
        }
        for (const auto& [name, block] : replayed) {
            EXPECT_TRUE(live.contains(name)) << name << " is only in the log";
        }
    }

    GroupConfig config_;
    TestTopics topics_;
    TestGroupConfigs group_configs_;
    MemberMemory member_memory_;
    Now now_{.instant = Instant(std::chrono::hours(1)), .wall_ms = 1'000'000};
    std::uint64_t random_ = 1;
    Ticket last_ticket_ = kNoTicket;
    std::vector<Entry> log_;
    std::unique_ptr<Coordinator> coordinator_;
    std::unique_ptr<Coordinator> follower_;
    std::size_t followed_ = 0;
};

}  // namespace tideline::group::testing
