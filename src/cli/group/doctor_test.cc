// Each finding: facts that it is made of, and facts that come near and are none.
#include "cli/group/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tideline::cli {
namespace {

using Evidence = DoctorFacts::Evidence;

constexpr std::int64_t kNow = 1'769'854'830'123;
constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
const std::string kHost = "/10.0.0.7";

Evidence::CommitTime committed_to_orders(std::int64_t age_ms) {
    Evidence::CommitTime out;
    out.topic = "orders";
    out.at_ms = kNow - age_ms;
    return out;
}

// A group "billing" that has read half of orders-0, watched for an hour.
DoctorFacts healthy() {
    DoctorFacts facts;
    facts.now_ms = kNow;
    facts.has_evidence = true;
    facts.retention_ms = 7 * 24 * kHour;
    facts.view.description.group = "billing";
    facts.view.description.state = "Stable";
    facts.view.description.members = {{"app-1-id", "", "app-1", kHost, {{"orders", 0}}, {"orders"}}};
    facts.view.partitions = {{{"orders", 0}, 500, 0, 1000, "app-1"}};
    facts.partitions_subscribed = 1;
    facts.seen.since_ms = kNow - kHour;
    facts.seen.window_ms = kNow - 5 * kMinute;
    facts.seen.commit_times = {committed_to_orders(1000)};
    facts.seen.commits = 60;
    return facts;
}

Evidence::GroupEvent event(std::string kind, std::int64_t age_ms, std::int32_t port = 40'000, std::string client = "app-1") {
    Evidence::GroupEvent out;
    out.at_ms = kNow - age_ms;
    out.kind = std::move(kind);
    out.member_id = client + "-id";
    out.client_id = std::move(client);
    out.client_host = kHost;
    out.client_port = port;
    return out;
}

Evidence::GroupEvent about_orders(std::string kind, std::int64_t age_ms) {
    Evidence::GroupEvent out = event(std::move(kind), age_ms);
    out.topic = "orders";
    out.partitions = {0};
    return out;
}

Evidence::Lookup lookup(std::string kind, std::int64_t age_ms) {
    Evidence::Lookup out;
    out.at_ms = kNow - age_ms;
    out.kind = std::move(kind);
    out.client_id = "app-1";
    out.client_host = kHost;
    out.topic = "orders";
    out.partitions = {0};
    return out;
}

void add_departures(DoctorFacts& facts, int count, std::int64_t age_ms, const std::string& client) {
    for (int i = 0; i < count; ++i) {
        facts.seen.events.push_back(event("session_expired", age_ms, 40'000 + i, client));
    }
}

const Finding* find(const std::vector<Finding>& findings, std::string_view cause) {
    auto at = std::ranges::find(findings, cause, &Finding::cause);
    return at == findings.end() ? nullptr : &*at;
}

// Expects this finding alone, and that it says all it should.
void expect_only(const DoctorFacts& facts, std::string_view cause, std::string_view says, Severity severity = Severity::problem) {
    auto findings = diagnose(facts);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings.front().cause, cause);
    EXPECT_EQ(findings.front().severity, severity);
    EXPECT_NE(findings.front().observed.find(says), std::string::npos) << findings.front().observed;
    EXPECT_FALSE(findings.front().why.empty());
    EXPECT_FALSE(findings.front().action.empty());
}

void expect_none(const DoctorFacts& facts) {
    auto findings = diagnose(facts);
    EXPECT_TRUE(findings.empty()) << (findings.empty() ? "" : findings.front().cause + ": " + findings.front().observed);
}

TEST(Doctor, FindsNothingWrongWithAHealthyGroup) { expect_none(healthy()); }

TEST(Doctor, NamesCommitsThatFailByTheirErrorAndClient) {
    DoctorFacts facts = healthy();
    facts.seen.commits = 3;
    facts.seen.commits_failed = 17;
    facts.seen.failures = {{.error_code = ErrorCode::unknown_member_id, .count = 17, .last_ms = kNow - 1000, .client_id = "app-1", .client_host = kHost}};
    expect_only(facts, "commits-fail", "17 of 20 commits failed within 5 min: UNKNOWN_MEMBER_ID (last from app-1 (/10.0.0.7)");
    EXPECT_NE(diagnose(facts).front().action.find("max.poll.interval.ms"), std::string::npos);
}

TEST(Doctor, LetsAFewCommitsFailDuringARebalance) {
    DoctorFacts facts = healthy();
    facts.seen.commits = 300;
    facts.seen.commits_failed = 3;
    facts.seen.failures = {{.error_code = ErrorCode::rebalance_in_progress, .count = 3, .last_ms = kNow - 1000}};
    expect_none(facts);
}

Evidence::ReadPosition reads_orders_at(std::int64_t position) {
    return {.client_id = "app-1", .client_host = kHost, .topic = "orders", .partition = 0, .position = position, .at_ms = kNow};
}

TEST(Doctor, NamesAMemberThatReadsFarBeyondItsCommits) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times = {committed_to_orders(10 * kMinute)};
    facts.readers = {reads_orders_at(900)};
    expect_only(facts, "commits-lag-reads",
                "app-1 (/10.0.0.7) has fetched 400 records of orders-0 beyond what is committed, and has had 10 min to commit it");
}

TEST(Doctor, NamesAMemberThatHasNeverCommitted) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times.clear();
    facts.view.partitions.front().committed.reset();
    facts.readers = {reads_orders_at(900)};
    expect_none(facts);  // where it began is not known
    facts.lookups = {lookup("earliest", 30 * kMinute)};
    expect_only(facts, "commits-lag-reads", "has committed nothing since it began 30 min ago");
}

TEST(Doctor, NamesTheMemberThatDoesNotCommitAmongOthersThatDo) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "app-2", kHost, {{"orders", 1}}, {"orders"}});
    facts.view.partitions.push_back({{"orders", 1}, 500, 0, 1000, "app-2"});
    facts.partitions_subscribed = 2;
    facts.seen.commit_times.push_back(committed_to_orders(10 * kMinute));
    facts.seen.commit_times.back().partition = 1;
    facts.readers = {reads_orders_at(900), reads_orders_at(900)};
    facts.readers.back().client_id = "app-2";
    facts.readers.back().partition = 1;
    expect_only(facts, "commits-lag-reads", "app-2 (/10.0.0.7) has fetched 400 records of orders-1");
}

TEST(Doctor, LetsReadsBeAheadBetweenTwoCommits) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times = {committed_to_orders(5'000)};
    facts.readers = {reads_orders_at(900)};
    expect_none(facts);
}

TEST(Doctor, LetsAMemberCommitWhatCameAMomentAgoAfterAQuietHour) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times = {committed_to_orders(kHour)};
    facts.readers = {reads_orders_at(900)};
    facts.first_uncommitted_ms = {{{"orders", 0}, kNow - 2'000}};
    expect_none(facts);
    facts.first_uncommitted_ms = {{{"orders", 0}, kNow - 2 * kMinute}};
    expect_only(facts, "commits-lag-reads", "and has had 2 min to commit it");
}

TEST(Doctor, LetsAMemberBeginWithOldRecords) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times = {committed_to_orders(kHour)};
    facts.seen.events = {event("joined", 2'000)};
    facts.readers = {reads_orders_at(900)};
    expect_none(facts);
}

TEST(Doctor, TakesTheSlowerOfTwoReadersThatMayBeTheMember) {
    DoctorFacts facts = healthy();
    facts.seen.commit_times = {committed_to_orders(10 * kMinute)};
    facts.readers = {reads_orders_at(900), reads_orders_at(500)};
    expect_none(facts);
}

TEST(Doctor, NamesACommitForEachRecord) {
    DoctorFacts facts = healthy();
    facts.seen.commits = 3'000;
    facts.seen.records_passed = 3'000;
    expect_only(facts, "commit-per-record", "3,000 commits within 5 min moved the group on by 3,000 records", Severity::warning);
}

TEST(Doctor, LetsOneCommitCoverManyRecords) {
    DoctorFacts facts = healthy();
    facts.seen.commits = 3'000;
    facts.seen.records_passed = 60'000;
    expect_none(facts);
}

TEST(Doctor, LetsARecordNowAndThenHaveItsCommit) {
    DoctorFacts facts = healthy();
    facts.seen.commits = 120;
    facts.seen.records_passed = 120;
    expect_none(facts);
}

TEST(Doctor, NamesOffsetsThatExpireWithinADay) {
    DoctorFacts facts = healthy();
    facts.view.description.state = "Empty";
    facts.view.description.members.clear();
    facts.seen.expires_ms = kNow + 3 * kHour;
    expect_only(facts, "offsets-expire-soon", "in 3 h (offsets.retention.minutes=10080)", Severity::warning);
}

TEST(Doctor, LetsOffsetsExpireInTwoDays) {
    DoctorFacts facts = healthy();
    facts.view.description.state = "Empty";
    facts.view.description.members.clear();
    facts.seen.expires_ms = kNow + 48 * kHour;
    expect_none(facts);
}

TEST(Doctor, NamesAResetAfterOffsetsExpired) {
    DoctorFacts facts = healthy();
    facts.seen.events = {about_orders("offsets_expired", 20 * kMinute), about_orders("no_offset", 10 * kMinute)};
    facts.seen.events.front().offsets = {420};
    facts.lookups = {lookup("latest", 10 * kMinute)};
    expect_only(facts, "reset-offset-expired", "went to the end: what was there and not yet read is never read");
    EXPECT_EQ(diagnose(facts).front().commands.front(), "tideline group reset billing --topic orders:0 --to-offset 420");
}

TEST(Doctor, NamesAResetOfAGroupThatHadCommittedNothing) {
    DoctorFacts facts = healthy();
    facts.seen.events = {about_orders("no_offset", 10 * kMinute)};
    facts.lookups = {lookup("latest", 10 * kMinute)};
    expect_only(facts, "reset-none-committed", "nothing was committed for orders-0 when app-1 (/10.0.0.7) began", Severity::warning);
    facts.lookups = {lookup("earliest", 10 * kMinute)};
    expect_only(facts, "reset-none-committed", "to the earliest record", Severity::note);
}

TEST(Doctor, LetsAMemberWithoutOffsetsBeginWhereItWasTold) {
    DoctorFacts facts = healthy();
    facts.seen.events = {about_orders("no_offset", 10 * kMinute)};
    expect_none(facts);
    facts.lookups = {lookup("latest", 30 * kMinute)};  // before it asked
    expect_none(facts);
}

TEST(Doctor, NamesAResetBecauseRetentionDeletedTheOffset) {
    DoctorFacts facts = healthy();
    Evidence::Lookup lost = lookup("out_of_range", kMinute);
    lost.asked = 40;
    lost.log_start = 100;
    lost.log_end = 1000;
    facts.lookups = {lost, lookup("earliest", kMinute)};
    expect_only(facts, "reset-out-of-range", "retention has deleted 60 records that it had not read; it went to the earliest record");
    facts.lookups.pop_back();
    expect_only(facts, "reset-out-of-range", "it asked for no other place (auto.offset.reset=none)");
}

TEST(Doctor, NamesAnOffsetBehindTheEndOfATopicMadeAnew) {
    DoctorFacts facts = healthy();
    Evidence::Lookup beyond = lookup("out_of_range", kMinute);
    beyond.asked = 5'000;
    beyond.log_start = 0;
    beyond.log_end = 1000;
    facts.lookups = {beyond};
    expect_only(facts, "reset-out-of-range", "the topic was made anew, or its log was cut");
}

TEST(Doctor, LetsOthersAskForOffsetsOutOfRange) {
    DoctorFacts facts = healthy();
    Evidence::Lookup lost = lookup("out_of_range", kMinute);
    lost.client_id = "somebody-else";
    facts.lookups = {lost};
    expect_none(facts);
}

TEST(Doctor, NamesAMemberWhosePollTimeoutExpired) {
    DoctorFacts facts = healthy();
    Evidence::GroupEvent leaving = event("left", kMinute);
    leaving.reason = "consumer poll timeout has expired.";
    facts.seen.events = {leaving};
    expect_only(facts, "max-poll-interval-exceeded", "left the group because its poll timeout expired (1 time");
}

TEST(Doctor, NamesAMemberThatCameBackOverTheSameConnection) {
    DoctorFacts facts = healthy();
    facts.seen.events = {event("left", kMinute), event("joined", kMinute - 20'000)};
    expect_only(facts, "max-poll-interval-exceeded", "came back over the same connection 20 s later");
}

TEST(Doctor, NamesAMemberThatMissedARebalance) {
    DoctorFacts facts = healthy();
    facts.seen.events = {event("rebalance_missed", kMinute, -1)};
    expect_only(facts, "max-poll-interval-exceeded", "did not come to a rebalance in time");
}

TEST(Doctor, LetsAMemberBeRestarted) {
    DoctorFacts facts = healthy();
    facts.seen.events = {event("left", kMinute, 40'000), event("joined", kMinute / 2, 40'001)};
    expect_none(facts);
    facts.seen.events.back().client_port = 40'000;
    facts.seen.events.front().reason = "the consumer unsubscribed from all topics";
    expect_none(facts);
}

TEST(Doctor, NamesWhoCausesARebalanceStorm) {
    DoctorFacts facts = healthy();
    facts.seen.rebalances = 14;
    add_departures(facts, 5, kMinute, "app-7");
    add_departures(facts, 2, kMinute, "app-1");
    expect_only(facts, "rebalance-storm", "14 rebalances and 7 departures of members within the last minutes, 5 of them by app-7");
}

TEST(Doctor, LetsEachMemberBeRestartedOnce) {
    DoctorFacts facts = healthy();
    for (int i = 0; i < 10; ++i) {
        add_departures(facts, 1, kMinute, "app-" + std::to_string(i));
    }
    expect_none(facts);
}

TEST(Doctor, ForgetsAStormOfAnHourAgo) {
    DoctorFacts facts = healthy();
    add_departures(facts, 12, kHour, "app-7");
    expect_none(facts);
}

TEST(Doctor, NamesTwoApplicationsByTheirSubscriptions) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"app-2-id", "", "app-2", kHost, {{"invoices", 0}}, {"invoices"}});
    facts.partitions_subscribed = 2;
    expect_only(facts, "shared-group-id", "app-2 subscribes to invoices; app-1 subscribes to orders", Severity::warning);
}

TEST(Doctor, NamesTwoApplicationsByTheirClientIds) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "mailer-1", kHost, {{"orders", 1}}, {"orders"}});
    facts.partitions_subscribed = 2;
    expect_only(facts, "shared-group-id", "app-1 and mailer-1", Severity::warning);
}

TEST(Doctor, LetsInstancesOfOneApplicationDifferByNumber) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "app-17", kHost, {{"orders", 1}}, {"orders"}});
    facts.partitions_subscribed = 2;
    expect_none(facts);
}

// "billing-v1", in which nobody is, and which has committed orders-0.
Evidence::ObservedGroup forsaken(std::int64_t last_commit_age_ms, std::vector<Evidence::GroupEvent> events = {}) {
    Evidence::ObservedGroup group;
    group.group_id = "billing-v1";
    group.commit_times = {committed_to_orders(last_commit_age_ms)};
    group.events = std::move(events);
    return group;
}

// A group "billing" that began ten minutes ago, without offsets.
DoctorFacts new_group() {
    DoctorFacts facts = healthy();
    facts.seen.events = {about_orders("no_offset", 10 * kMinute)};
    return facts;
}

TEST(Doctor, NamesAForsakenGroupWithASimilarId) {
    DoctorFacts facts = new_group();
    facts.forsaken = {forsaken(kHour)};
    expect_only(facts, "resembles-another-group", "resembles that of 'billing-v1', which is older", Severity::warning);
    EXPECT_EQ(diagnose(facts).front().commands.front(), "tideline group reset billing-v1 --to-current --to-group billing");
    facts.view.description.group = "billing v2";
    facts.forsaken.front().group_id = "billing v1";
    EXPECT_EQ(diagnose(facts).front().commands.front(), "tideline group reset 'billing v1' --to-current --to-group 'billing v2'");
}

TEST(Doctor, NamesAForsakenGroupThatWentOnForAWhile) {
    DoctorFacts facts = new_group();
    facts.forsaken = {forsaken(5 * kMinute, {event("joined", kHour)})};
    expect_only(facts, "resembles-another-group", "'billing-v1'", Severity::warning);
}

TEST(Doctor, LetsTheOlderOfTwoGroupsResembleTheNewerOne) {
    DoctorFacts facts = new_group();
    facts.forsaken = {forsaken(5 * kMinute, {about_orders("no_offset", 6 * kMinute)})};
    expect_none(facts);
    facts.forsaken = {forsaken(5 * kMinute)};  // somebody has set its offsets
    expect_none(facts);
    facts.forsaken = {forsaken(5 * kMinute, {event("joined", kHour), about_orders("no_offset", 6 * kMinute)})};  // read others before
    expect_none(facts);
}

TEST(Doctor, LetsAGroupThatHadOffsetsResembleAnother) {
    DoctorFacts facts = healthy();
    facts.forsaken = {forsaken(kHour)};
    expect_none(facts);
    facts.seen.events = {about_orders("no_offset", 10 * kMinute)};
    facts.seen.commit_times.push_back(committed_to_orders(11 * kMinute));
    facts.seen.commit_times.back().partition = 1;
    expect_none(facts);
}

TEST(Doctor, LetsAForsakenGroupHaveReadOtherPartitions) {
    DoctorFacts facts = new_group();
    facts.forsaken = {forsaken(kHour)};
    facts.forsaken.front().commit_times.front().partition = 1;
    expect_none(facts);
}

TEST(Doctor, NamesMembersThatHaveNothingToRead) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "app-2", kHost, {}, {"orders"}});
    expect_only(facts, "more-members-than-partitions", "1 of 2 members have nothing to read: orders has 1 partition", Severity::note);
    EXPECT_EQ(diagnose(facts).front().commands.front(), "tideline topic alter orders --partitions 2");
}

TEST(Doctor, LetsMembersWaitWhilePartitionsMove) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "app-2", kHost, {}, {"orders"}});
    facts.view.description.state = "PreparingRebalance";
    expect_none(facts);
}

TEST(Doctor, TellsTheWorstFirst) {
    DoctorFacts facts = healthy();
    facts.view.description.members.push_back({"x", "", "app-2", kHost, {}, {"orders"}});
    facts.seen.commits = 0;
    facts.seen.commits_failed = 1;
    facts.seen.failures = {{.error_code = ErrorCode::illegal_generation, .count = 1, .last_ms = kNow}};
    auto findings = diagnose(facts);
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings.front().cause, "commits-fail");
    EXPECT_NE(find(findings, "more-members-than-partitions"), nullptr);
}

TEST(Doctor, JudgesThePresentAloneWithoutEvidence) {
    DoctorFacts facts = healthy();
    facts.has_evidence = false;
    facts.seen = {};
    expect_none(facts);
    facts.view.description.members.push_back({"x", "", "app-2", kHost, {}, {"orders"}});
    expect_only(facts, "more-members-than-partitions", "", Severity::note);
}

TEST(ClientFamily, IsTheIdWithoutWhatTellsInstancesApart) {
    EXPECT_EQ(family_of("app-1"), family_of("app-17"));
    EXPECT_EQ(family_of("consumer-billing-2"), "consumerbilling");
    EXPECT_EQ(family_of("web-7f3a9c21-55ab-4e0f-9d1c-0123456789ab"), "web");
    EXPECT_EQ(family_of("Decoder"), "decoder");
    EXPECT_NE(family_of("app-1"), family_of("mailer-1"));
}

}  // namespace
}  // namespace tideline::cli
