// cli/help_text.h: the notes and examples below each command's options.
//
// Every line that begins with two blanks and "tideline" or holds "| tideline" is an example; a test parses them all.
#pragma once

#include <string_view>

namespace tideline::cli::help {

extern const std::string_view kRoot;
extern const std::string_view kServe;
extern const std::string_view kTopic;
extern const std::string_view kTopicCreate;
extern const std::string_view kTopicList;
extern const std::string_view kTopicDescribe;
extern const std::string_view kTopicAlter;
extern const std::string_view kTopicDelete;
extern const std::string_view kProduce;
extern const std::string_view kConsume;
extern const std::string_view kCluster;
extern const std::string_view kClusterInfo;
extern const std::string_view kGroup;
extern const std::string_view kGroupList;
extern const std::string_view kGroupDescribe;
extern const std::string_view kGroupMembers;
extern const std::string_view kGroupLag;
extern const std::string_view kGroupDoctor;
extern const std::string_view kGroupDelete;
extern const std::string_view kGroupDeleteOffsets;
extern const std::string_view kGroupReset;
extern const std::string_view kTxn;
extern const std::string_view kTxnList;
extern const std::string_view kTxnDescribe;
extern const std::string_view kTxnHanging;
extern const std::string_view kTxnAbort;
extern const std::string_view kLog;
extern const std::string_view kLogDump;
extern const std::string_view kCompletion;

// The exit codes of the commands that talk to a broker.
extern const std::string_view kClientExitCodes;

}  // namespace tideline::cli::help
