#include "cli/group_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/result.h"
#include "cli/message_view.h"
#include "cli/terminal.h"

namespace tideline::cli {
namespace {

constexpr int kCloseSliceMs = 100;

struct ListDeleter {
    void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

std::vector<KeyValue> member_settings(const ConsumeOptions& options) {
    return {
        {"group.id", *options.group},
        {"isolation.level", options.isolation},
        {"enable.partition.eof", "true"},
        // Where a group without a committed offset starts.
        {"auto.offset.reset", options.from == "end" ? "latest" : "earliest"},
        // Only what was printed may be committed.
        {"enable.auto.offset.store", "false"},
        {"enable.auto.commit", "true"},
        {"auto.commit.interval.ms", "1000"},
        {"fetch.wait.max.ms", "100"},
        {"fetch.error.backoff.ms", "100"},
    };
}

}  // namespace

GroupReader::GroupReader(const ConsumeOptions& options, Console& console)
    : group_(*options.group), topic_(options.topic), follow_(options.follow), console_(console) {}

Outcome<std::unique_ptr<GroupReader>> GroupReader::join(const ConsumeOptions& options, Console& console) {
    std::unique_ptr<GroupReader> reader(new GroupReader(options, console));
    TL_TRY(client, KafkaClient::open(options.client, KafkaClient::Role::consumer, member_settings(options),
                                     {.member = reader.get()}));
    reader->client_ = std::move(client);
    TL_TRY_VOID(reader->client_->topics({options.topic}));
    rd_kafka_poll_set_consumer(reader->client_->handle());
    List wanted(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(wanted.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
    if (auto error = rd_kafka_subscribe(reader->client_->handle(), wanted.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::unexpected(reader->client_->failure(error, fmt::format("join group '{}'", options.group.value())));
    }
    return reader;
}

GroupReader::~GroupReader() {
    if (message_ != nullptr) {
        rd_kafka_message_destroy(message_);
    }
}

Outcome<RecordSource::Step> GroupReader::next(int wait_ms) {
    if (message_ != nullptr) {
        rd_kafka_message_destroy(std::exchange(message_, nullptr));
    }
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), wait_ms);
    if (message == nullptr) {
        return Step::idle;
    }
    return take(message);
}

// Owns `message`: keeps it for the view, or destroys it.
Outcome<RecordSource::Step> GroupReader::take(rd_kafka_message_t* message) {
    std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> owned(message, &rd_kafka_message_destroy);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        at_end_.insert(message->partition);
        return !follow_ && at_every_end() ? Step::done : Step::idle;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::unexpected(client_->failure(message->err, fmt::format("read as a member of group '{}'", group_),
                                                rd_kafka_message_errstr(message)));
    }
    at_end_.erase(message->partition);
    read_[message->partition] = message->offset + 1;
    look_at(*message, view_);
    message_ = owned.release();
    return Step::record;
}

bool GroupReader::at_every_end() const { return !assigned_.empty() && at_end_ == assigned_; }

void GroupReader::note_printed() {
    if (read_.empty()) {
        return;
    }
    List offsets(rd_kafka_topic_partition_list_new(static_cast<int>(read_.size())));
    for (const auto& [partition, offset] : read_) {
        rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), partition)->offset = offset;
    }
    // One that was just revoked is refused, and rightly: its next owner reads the record again.
    (void)rd_kafka_offsets_store(client_->handle(), offsets.get());
    read_.clear();
}

void GroupReader::on_rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) {
    const bool given = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    std::set<std::int32_t> numbers;
    for (int i = 0; i < partitions->cnt; ++i) {
        numbers.insert(partitions->elems[i].partition);
    }
    if (!given) {
        // The next owner starts where the last commit says, and that is made when partitions are given back.
        console_.flush();
        note_printed();
    }
    hand_over(what, partitions);
    for (std::int32_t number : numbers) {
        given ? (void)assigned_.insert(number) : (void)assigned_.erase(number);
        at_end_.erase(number);
    }
    if (!numbers.empty()) {
        tell(Paint::cyan, fmt::format("group '{}' {} partition{} {}", group_, given ? "gave" : "took back",
                                      numbers.size() == 1 ? "" : "s", fmt::join(numbers, ", ")));
    }
}

void GroupReader::on_commit_failed(rd_kafka_resp_err_t error) {
    tell(Paint::yellow, client_->failure(error, fmt::format("commit to group '{}'", group_)).message +
                            "; whoever reads these partitions next reads again what was printed");
}

void GroupReader::tell(Paint paint, const std::string& what) {
    console_.print_error(fmt::format("{} {}\n", console_.painted_error(paint, "tideline:"), what));
}

void GroupReader::hand_over(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) {
    const bool given = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    rd_kafka_t* handle = client_->handle();
    if (std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE") {
        rd_kafka_error_destroy(given ? rd_kafka_incremental_assign(handle, partitions)
                                     : rd_kafka_incremental_unassign(handle, partitions));
    } else {
        rd_kafka_assign(handle, given ? partitions : nullptr);
    }
}

Outcome<> GroupReader::finish() {
    if (std::exchange(finished_, true)) {
        return {};
    }
    rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client_->handle());
    rd_kafka_error_t* refused = rd_kafka_consumer_close_queue(client_->handle(), queue);
    rd_kafka_queue_destroy(queue);
    rd_kafka_error_destroy(refused);
    const double begin = terminal::steady_seconds();
    while (rd_kafka_consumer_closed(client_->handle()) == 0) {
        if (rd_kafka_message_t* late = rd_kafka_consumer_poll(client_->handle(), kCloseSliceMs); late != nullptr) {
            rd_kafka_message_destroy(late);
        }
        if ((terminal::steady_seconds() - begin) * 1000 > client_->timeout_ms()) {
            return std::unexpected(client_->failure(RD_KAFKA_RESP_ERR__TIMED_OUT, fmt::format("leave group '{}'", group_)));
        }
    }
    return {};
}

}  // namespace tideline::cli
