// tideline txn: its commands and their options.
#include "cli/grammar.h"
#include "cli/help_text.h"

namespace tideline::cli {
namespace {

void add_txn_list(Grammar& grammar, CLI::App& txn) {
    auto& o = grammar.make<TxnListOptions>();
    CLI::App& command = grammar.add_client_command(txn, "list", o, "List open transactions", help::kTxnList);
    command.add_flag("--all", o.all, "Show idle transactional ids, too");
    command.add_option("--longer-than", o.longer_than, "Only what has been open for longer")->type_name("DURATION");
    command.add_option("--pattern", o.pattern, "Only transactional ids that match this as a whole (RE2 syntax)")->type_name("REGEX");
    add_watch(command, o.watch_seconds);
    add_client(command, o.output, o.client);
}

void add_txn_describe(Grammar& grammar, CLI::App& txn) {
    auto& o = grammar.make<TxnDescribeOptions>();
    CLI::App& command =
        grammar.add_client_command(txn, "describe", o, "Say what holds partitions back, who waits, and when it ends", help::kTxnDescribe);
    CLI::Option* topics =
        command.add_option("TOPIC", o.topics, "A topic, or TOPIC:0,2 for some of its partitions; without it all that is held back")
            ->type_name("TOPIC");
    command.add_option("--transactional-id", o.transactional_id, "The transaction of this id instead")->type_name("ID")->excludes(topics);
    add_watch(command, o.watch_seconds);
    add_client(command, o.output, o.client);
}

void add_txn_hanging(Grammar& grammar, CLI::App& txn) {
    auto& o = grammar.make<TxnHangingOptions>();
    CLI::App& command = grammar.add_client_command(txn, "hanging", o, "Find transactions that nobody will end", help::kTxnHanging);
    command.add_option("TOPIC", o.topics, "A topic, or TOPIC:0,2 for some of its partitions; without it all")->type_name("TOPIC");
    add_watch(command, o.watch_seconds);
    add_client(command, o.output, o.client);
}

void add_txn_abort(Grammar& grammar, CLI::App& txn) {
    auto& o = grammar.make<TxnAbortOptions>();
    CLI::App& command = grammar.add_client_command(txn, "abort", o, "Abort a transaction", help::kTxnAbort);
    command.add_option("PARTITION", o.partition, "What it holds back, as TOPIC:PARTITION")->type_name("TOPIC:PARTITION");
    command.add_option("--transactional-id", o.transactional_id, "The transaction of this id instead")->type_name("ID");
    at_least(command.add_option("--producer-id", o.producer_id,
                                "The transaction of this producer; without it the one that holds the partition back"),
             0);
    command.add_flag("--execute", o.execute, "Do it");
    command.add_flag("--force", o.force, "Even if its producer seems to be alive");
    add_client(command, o.output, o.client);
}

}  // namespace

void add_txn_commands(Grammar& grammar) {
    CLI::App& txn = grammar.add_group(grammar.app(), "txn", "See what transactions hold back, and end what hangs", help::kTxn);
    add_txn_list(grammar, txn);
    add_txn_describe(grammar, txn);
    add_txn_hanging(grammar, txn);
    add_txn_abort(grammar, txn);
}

}  // namespace tideline::cli
