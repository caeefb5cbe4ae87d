// simulation/transactional_client.h: one instance of a transactional producer, in either protocol: what it does step by step, and what it notes of it.
//
// Like real clients it retries what may pass, aborts what can only be aborted, and begins anew when it was fenced. That it is fenced without
// a newer instance, a timeout or a request gone astray is a violation. Requests of the older protocol (versions below those of KIP-890)
// that were not answered may arrive within the next transaction; so it takes a new epoch before that.
// Shard:  that of the clients.
#pragma once

#include "simulation/stage.h"

namespace tideline::simulation {

inline constexpr std::string_view kTransactionInput = "exact-input";
inline constexpr std::string_view kTransactionOutput = "exact-output";

class TransactionalClient {
public:
    // How a step went, from good to bad.
    enum class Step : std::uint8_t { done, abort, lost };
    struct Setup {
        std::string process;           // the name under which it notes what it does; no other instance has it
        std::string transactional_id;  // others may have it, too
        std::string group;             // whose input it processes; empty: none
        bool is_implicit = true;       // transaction.version 2 (KIP-890)
        std::int32_t timeout_ms = 2000;
        bool dies_with_broker = false;  // once power was lost nothing more is done for a transaction that was open
    };
    // A record to be written: to where, and from what it is made.
    struct Output {
        std::int32_t partition = 0;
        std::optional<std::pair<std::string, Offset>> from;  // a partition by its name, and the offset of the input
    };

    TransactionalClient(Stage& stage, Setup setup, std::uint64_t seed);

    // Whether it may begin a transaction; if not, take_over() comes first.
    bool is_ready() const { return producer_id_ >= 0; }
    // Takes the transactional id over from whoever has it; tries until it has it.
    Task<void> take_over();
    void begin();
    // Records of one step, at most one batch for each partition, in flight together.
    Task<Step> write(const KnownTopic& topic, std::vector<Output> outputs);
    // The same of a client that is about to abort: it does not wait for the answer. So it can only abort, or is lost.
    Task<Step> write_in_passing(const KnownTopic& topic, std::vector<Output> outputs);
    // How far the input was read, as part of the transaction.
    Task<Step> commit_offsets(std::string topic, std::map<std::int32_t, Offset> offsets);
    Task<Step> end(bool commits);
    // Ends a transaction whose last step went so: commits it if that is wanted and still possible. Whether it was committed.
    Task<bool> conclude(Step step, bool commits);
    // Some time up to `usual_ms`; now and then longer than the transaction may be open.
    Task<void> dawdle(std::uint64_t usual_ms);
    // As a process that died: nothing more is said, and the transaction stays open.
    void vanish();
    // What the group has committed for a partition of this topic, when nothing is pending; -1: nothing.
    Task<Offset> fetch_committed(const KnownTopic& topic, std::int32_t partition, bool is_final);

    ClientLink& link() { return link_; }
    runtime::Random& random() { return random_; }
    const Setup& setup() const { return setup_; }

private:
    struct Batch {
        std::int32_t partition = 0;
        std::vector<std::uint64_t> records;  // their values
        std::int64_t producer_id = -1;
        std::int16_t epoch = -1;
        base::Bytes bytes;
        int attempts = 0;
        bool is_settled = false;
        Step step = Step::done;
    };

    template <class Request>
    Task<base::Result<Answer<typename Request::Response>>> ask(const Request& request, std::int16_t version) {
        auto answer = co_await link_.call(request, version);
        if (!answer) {
            note_stray();
        }
        co_return answer;
    }
    Task<void> find_coordinator(std::string key, std::int8_t kind);
    Task<Step> add_partitions(const KnownTopic& topic, const std::vector<Output>& outputs);
    Task<Step> add_group();
    // One in so many has a bulky record, if the topic compresses.
    std::vector<Batch> make_batches(const KnownTopic& topic, const std::vector<Output>& outputs, std::uint64_t bulky_one_in);
    std::int16_t any_produce_version();
    Task<void> send(const KnownTopic& topic, Batch& batch, std::int16_t version, ClientLink::Pipeline pipeline);
    void settle(const KnownTopic& topic, Batch& batch, ErrorCode error, Offset base_offset);
    void note_sent(const Batch& batch, std::string_view outcome, Offset base_offset);
    // What an answer means for the transaction; nullopt: try again.
    std::optional<Step> judge(ErrorCode error, std::string_view what);
    bool may_be_fenced() const;
    void note_stray();
    void note_ended(std::string_view outcome);
    void lose();
    Task<void> rest() { return stage_.pause(random_ms(random_, 5, 100)); }
    std::int16_t any_version_up_to(std::int16_t lowest, std::int16_t highest) {
        return static_cast<std::int16_t>(lowest + static_cast<std::int16_t>(random_.below(static_cast<std::uint64_t>(highest - lowest + 1))));
    }

    Stage& stage_;
    Setup setup_;
    runtime::Random random_;
    ClientLink link_;
    std::int64_t producer_id_ = -1;
    std::int16_t epoch_ = -1;
    std::uint64_t take_over_ = 0;   // number of ours among all of the id
    std::map<std::pair<std::string, std::int32_t>, std::int32_t> sequences_;
    runtime::Instant begun_at_{};
    std::uint64_t power_losses_ = 0;  // when the transaction began
    bool is_in_doubt_ = false;      // a request of this epoch was not answered, or a record not settled
    bool is_begun_there_ = false;   // the coordinator has confirmed something of this transaction
};

}  // namespace tideline::simulation
