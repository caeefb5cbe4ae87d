#include "server/transaction_evidence.h"

#include <gtest/gtest.h>

#include <map>

namespace tideline::server {
namespace {

constexpr base::Uuid kTopic{1, 2};
constexpr TransactionEvidence::Client kClient{
    .transactional_id = "billing", .id = "app", .host = "10.0.0.7", .port = 4711, .software = "java 4.2"};

bool always_open(const TransactionEvidence::Key&, const TransactionEvidence::Writer&) { return true; }

TransactionalWrite write(std::int64_t producer_id, std::int16_t epoch = 0) {
    return {.topic_id = kTopic, .partition = 3, .producer_id = producer_id, .producer_epoch = epoch, .records = 2, .bytes = 100};
}

std::map<std::int64_t, TransactionEvidence::Writer> writers_of(const TransactionEvidence& evidence) {
    std::map<std::int64_t, TransactionEvidence::Writer> found;
    evidence.for_each_writer([&](const TransactionEvidence::Key& key, const TransactionEvidence::Writer& writer) {
        found.emplace(key.producer_id, writer);
    });
    return found;
}

TEST(TransactionEvidence, CountsWhatATransactionWroteAndRemembersWhoOpenedItWhen) {
    TransactionEvidence evidence(0, always_open);
    evidence.written(write(7), kClient, 1000);
    evidence.written(write(7), kClient, 2000);
    TransactionEvidence::Writer writer = writers_of(evidence).at(7);
    EXPECT_EQ(writer.opened_ms, 1000);
    EXPECT_EQ(writer.last_write_ms, 2000);
    EXPECT_EQ(writer.records, 4);
    EXPECT_EQ(writer.bytes, 200);
    EXPECT_EQ(writer.who.transactional_id, "billing");
    EXPECT_EQ(writer.who.client_id, "app");
    EXPECT_EQ(writer.who.host, "10.0.0.7");
    EXPECT_EQ(writer.who.port, 4711);
    EXPECT_EQ(writer.who.software, "java 4.2");
}

TEST(TransactionEvidence, AMarkerEndsItAndTheNextTransactionBeginsAtNothing) {
    TransactionEvidence evidence(0, always_open);
    evidence.written(write(7), kClient, 1000);
    evidence.ended(kTopic, 3, 7);
    EXPECT_TRUE(writers_of(evidence).empty());
    evidence.written(write(7), kClient, 3000);
    EXPECT_EQ(writers_of(evidence).at(7).opened_ms, 3000);
    EXPECT_EQ(writers_of(evidence).at(7).records, 2);
}

TEST(TransactionEvidence, AnotherEpochIsAnotherTransaction) {
    TransactionEvidence evidence(0, always_open);
    evidence.written(write(7, 0), kClient, 1000);
    evidence.written(write(7, 1), kClient, 2000);
    EXPECT_EQ(writers_of(evidence).at(7).opened_ms, 2000);
    EXPECT_EQ(writers_of(evidence).at(7).records, 2);
}

TEST(TransactionEvidence, AProducerThatConnectsAnewIsNamedByItsLastConnection) {
    TransactionEvidence evidence(0, always_open);
    evidence.written(write(7), kClient, 1000);
    TransactionEvidence::Client again = kClient;
    again.port = 4712;
    evidence.written(write(7), again, 2000);
    EXPECT_EQ(writers_of(evidence).at(7).who.port, 4712);
    EXPECT_EQ(writers_of(evidence).at(7).opened_ms, 1000);
    EXPECT_EQ(writers_of(evidence).at(7).records, 4);
}

TEST(TransactionEvidence, WhatIsNotOpenAnyMoreIsNotToldOf) {
    bool is_open = true;
    TransactionEvidence evidence(0, [&](const auto&, const auto&) { return is_open; });
    evidence.written(write(7), kClient, 1000);
    is_open = false;
    EXPECT_TRUE(writers_of(evidence).empty());
}

TEST(TransactionEvidence, RemembersTheOldestOfTooManyAndMakesRoomWhenTheyHaveGone) {
    std::int64_t gone = -1;
    TransactionEvidence evidence(0, [&](const TransactionEvidence::Key& key, const auto&) { return key.producer_id != gone; }, 2);
    for (std::int64_t producer_id : {1, 2, 3, 4}) {
        evidence.written(write(producer_id), kClient, 1000);
    }
    EXPECT_EQ(evidence.writer_count(), 2U);
    EXPECT_TRUE(writers_of(evidence).contains(1) && writers_of(evidence).contains(2));
    gone = 1;
    evidence.written(write(5), kClient, 2000);  // looks for what has gone
    EXPECT_TRUE(writers_of(evidence).contains(5));
    EXPECT_EQ(evidence.writer_count(), 2U);
}

TEST(TransactionEvidence, TheOwnerOfAnIdIsWhoTookItOverLast) {
    TransactionEvidence evidence(0, always_open, 2, 2);
    auto take_over = [&](std::string_view id, std::int64_t producer_id) {
        TransactionEvidence::Client client = kClient;
        client.transactional_id = id;
        evidence.initialized(producer_id, 0, client, producer_id);
    };
    take_over("a", 1);
    take_over("b", 2);
    take_over("a", 3);
    take_over("c", 4);
    std::map<std::string, std::int64_t> owners;
    evidence.for_each_owner([&](const TransactionEvidence::Owner& owner) { owners[owner.who.transactional_id] = owner.producer_id; });
    EXPECT_EQ(owners, (std::map<std::string, std::int64_t>{{"a", 3}, {"c", 4}}));
}

TEST(TransactionEvidence, LongTextsAreCut) {
    TransactionEvidence evidence(0, always_open);
    const std::string long_id(100'000, 'x');
    TransactionEvidence::Client client = kClient;
    client.transactional_id = long_id;
    evidence.written(write(7), client, 1000);
    EXPECT_EQ(writers_of(evidence).at(7).who.transactional_id.size(), TransactionEvidence::kTextMax);
}

}  // namespace
}  // namespace tideline::server
