#include "server/connection_quota.h"

#include <gtest/gtest.h>

namespace tideline::server {
namespace {

using Verdict = ConnectionQuota::Verdict;

TEST(ConnectionQuota, RefusesPastTheTotalAndAdmitsAgainAfterARelease) {
    ConnectionQuota quota({.total = 2, .per_ip = 10, .overrides = {}});
    EXPECT_EQ(quota.admit("10.0.0.1"), Verdict::admitted);
    EXPECT_EQ(quota.admit("10.0.0.2"), Verdict::admitted);
    EXPECT_EQ(quota.admit("10.0.0.3"), Verdict::too_many);
    quota.release("10.0.0.1");
    EXPECT_EQ(quota.admit("10.0.0.3"), Verdict::admitted);
}

TEST(ConnectionQuota, AnOverrideReplacesTheLimitOfItsAddress) {
    ConnectionQuota quota({.total = 100, .per_ip = 1, .overrides = {{"10.0.0.9", 2}, {"10.0.0.8", 0}}});
    EXPECT_EQ(quota.admit("10.0.0.1"), Verdict::admitted);
    EXPECT_EQ(quota.admit("10.0.0.1"), Verdict::too_many_from_this_ip);
    EXPECT_EQ(quota.admit("10.0.0.9"), Verdict::admitted);
    EXPECT_EQ(quota.admit("10.0.0.9"), Verdict::admitted);
    EXPECT_EQ(quota.admit("10.0.0.9"), Verdict::too_many_from_this_ip);
    EXPECT_EQ(quota.admit("10.0.0.8"), Verdict::too_many_from_this_ip);
    EXPECT_EQ(quota.open_connections(), 3);
}

TEST(ConnectionQuota, NewLimitsHoldForNewConnections) {
    ConnectionQuota quota({.total = 2, .per_ip = 10, .overrides = {}});
    EXPECT_EQ(quota.admit("10.0.0.1"), Verdict::admitted);
    quota.set_limits({.total = 1, .per_ip = 10, .overrides = {}});
    EXPECT_EQ(quota.admit("10.0.0.1"), Verdict::too_many);
    EXPECT_EQ(quota.open_connections(), 1);
}

}  // namespace
}  // namespace tideline::server
