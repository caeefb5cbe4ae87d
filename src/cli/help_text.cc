#include "cli/help_text.h"

namespace tideline::cli::help {

const std::string_view kRoot = R"(Start here:
  tideline serve --data-dir /var/lib/tideline
  tideline topic create orders --partitions 3
  tideline produce orders --key-separator :
  tideline consume orders --from beginning

Every command explains itself with --help. Colour is used on a terminal only; NO_COLOR switches it off.
)";

const std::string_view kServe = R"(Examples:
  tideline serve --data-dir /var/lib/tideline
  tideline serve --data-dir /tmp/t --listen 127.0.0.1:0 --set message.max.bytes=2000000 --log-format json
  tideline serve --config /etc/kafka/server.properties

Without any configuration it listens on 127.0.0.1:9092. An empty data directory is formatted on first start. Port 0
takes a free port; the line `broker_started` names it. SIGTERM and SIGINT stop the broker cleanly.

Exit codes: 0 stopped cleanly; 1 bad usage, bad configuration or a data directory that cannot be used.
)";

const std::string_view kTopic = R"(Examples:
  tideline topic create orders --partitions 3
  tideline topic list
)";

const std::string_view kTopicCreate = R"(Examples:
  tideline topic create orders --partitions 3 --config retention.ms=86400000
  tideline topic create orders --if-not-exists -o json
)";

const std::string_view kTopicList = R"(Examples:
  tideline topic list
  tideline topic list --internal -o json
)";

const std::string_view kTopicDescribe = R"(RECORDS is latest minus earliest: compaction and transaction markers leave gaps, so it can be more than a consumer reads.
Only configuration that differs from the broker's is shown.

Examples:
  tideline topic describe orders
  tideline topic describe orders payments -o json
)";

const std::string_view kTopicAlter = R"(The topic's configuration is read, changed and sent back as a whole: of two people who alter one topic at the same
moment, the later one wins. Partitions can be added, never removed; keyed records then go to other partitions than before.

Examples:
  tideline topic alter orders --config retention.ms=3600000 --delete-config segment.bytes
  tideline topic alter orders --partitions 6
)";

const std::string_view kTopicDelete = R"(Deleting a topic deletes its records. On a terminal the command asks first; elsewhere it wants --yes.

Examples:
  tideline topic delete orders
  tideline topic delete orders payments --yes
)";

const std::string_view kProduce = R"(Without FILE it reads standard input. A record's key comes before --key-separator, or is what the first group of
--key-regex matches (RE2 syntax; ^ and $ match at line ends); a record without one is an error that stops the command,
unless --key-optional sends it without a key. Records with a key go to the partition that Java clients choose
(murmur2), records without one are spread.

A record that no broker has acknowledged is tried again for two minutes, or for --timeout if that is given. After
Ctrl-C no more is read, and what is on its way has two seconds.

With --transactional-id the records are sent in a transaction: readers with --isolation read_committed see all of them or
none. It is committed when the input has ended, or every --transaction-records records; a mistake in the input, a record
that no broker takes and Ctrl-C abort it. Starting fences whoever has the same id and aborts what it left open. A
transaction that is open for longer than a minute is aborted by the broker (-X transaction.timeout.ms=N).

How the input is cut:
  --split-on line         each line is a record (a trailing CR is kept)
  --split-on blank-line   each block of lines is a record, as in Debian's package index
  --split-on file         each file is a record
  --separator '\0'        anything else; \n \t \r \0 \\ and \xHH are understood

Examples:
  echo 'customer-7:{"total": 12}' | tideline produce orders --key-separator :
  tideline produce packages Packages --split-on blank-line --key-regex '^Package: (.*)$' --compression zstd
  tideline produce logs /var/log/dpkg.log --header source=dpkg --header host=web1 -o json
  tideline produce ledger postings.txt --transactional-id importer --transaction-records 1000
)";

const std::string_view kConsume = R"(It reads every partition it was told, from --from to the end as it is when the command starts, then stops; --follow
goes on. Without --group no consumer group is involved and nothing is committed.

With --group it is a member of a consumer group and reads its share of the partitions, from where the group is; --from beginning or end is for a
group that has no offset yet. A record is committed after it was printed, so that a member that dies repeats records and loses none. Without --follow
it leaves when its partitions are read to the end; a member that has no partition waits for one.

Positions, for --from and --until (which is exclusive):
  beginning, end          of each partition
  1042                    an offset
  -20                     20 records before the end (write --from=-20)
  2026-01-31T10:20:30Z    the first record at or after a time, ISO 8601; without a zone it is local time
  @1769854830000          the same in milliseconds since 1970
  10m ago                 the same, counted back from now (s, m, h, d, w; 1h30m ago)

--format, with \n \t \r \0 \\ and \xHH as usual:
  %t topic   %p partition   %o offset   %k key   %s value   %h headers (a=1,b=2)   %% percent sign
  %T timestamp in ms   %D timestamp as ISO 8601   %K key bytes   %S value bytes (-1 when null)
  %x committed, aborted or open (with --show-aborted)

--show-aborted leaves out no record and says of each what became of its transaction at the time of reading; a record
outside transactions is committed. With --isolation read_committed it stops before the first open transaction, so that
everything it shows is decided. Without --format it prints %x, a tab and the value.

-o json prints one object a line. Bytes that are not UTF-8 are Base64, and "key_encoding" or "value_encoding"
(for a header "encoding") says "base64".

Examples:
  tideline consume orders --follow --format '%p/%o %k: %s\n'
  tideline consume orders --from '10m ago' -o json
  tideline consume orders --partition 0 --from 1000 --count 10
  tideline consume orders --group billing --follow
  tideline consume orders --isolation read_committed
  tideline consume orders --show-aborted --format '%o %x %s\n'
)";

const std::string_view kCluster = R"(Example:
  tideline cluster info
)";

const std::string_view kClusterInfo = R"(Examples:
  tideline cluster info
  tideline cluster info -o json --bootstrap broker-1:9092
)";

const std::string_view kGroup = R"(Examples:
  tideline group list
  tideline group lag --watch 2
  tideline group doctor billing
  tideline group reset billing --to-datetime 2026-01-31T10:00Z
)";

const std::string_view kGroupList = R"(Examples:
  tideline group list
  tideline group list -o json
)";

const std::string_view kGroupDescribe = R"(LAG counts the records that the group has still to read, LOST those that retention deleted before it did.

Examples:
  tideline group describe billing
  tideline group describe billing --watch 1
)";

const std::string_view kGroupMembers = R"(Example:
  tideline group members billing -o json
)";

const std::string_view kGroupLag = R"(Without GROUP it shows all groups. A live view ends with Ctrl-C.

Examples:
  tideline group lag
  tideline group lag billing --watch 2
)";

const std::string_view kGroupDoctor = R"(It names what commonly goes wrong with a group's offsets and members: what was observed, why it matters, what to do, and the
commands to do it with. Without GROUP it looks at all groups. A finding is no failure: the exit code is 0.

A Tideline broker remembers for each group what happened last: who joined, left or expired and why, commits and their
errors, offsets that were missing, expired or out of range. That is in memory and begins with the broker's start. Of other
brokers only the present is seen.

Examples:
  tideline group doctor
  tideline group doctor billing -o json
)";

const std::string_view kGroupDelete = R"(A group that has members is not deleted. On a terminal the command asks first; elsewhere it wants --yes.

Examples:
  tideline group delete billing
  tideline group delete billing reports --yes
)";

const std::string_view kGroupDeleteOffsets = R"(Offsets of topics that a member is subscribed to are not deleted.

Examples:
  tideline group delete-offsets billing --topic orders
  tideline group delete-offsets billing --topic orders:0,2 --yes
)";

const std::string_view kGroupReset = R"(Without --execute nothing changes: it shows for each partition where the group is (NOW), where it would go (TO), how many
records it would read AGAIN and how many it would never read (SKIPPED), about how many bytes those are (~BYTES, their
share of what the partition has on disk), how many retention has deleted before the group read them (LOST), and the time
from the first to the last of those records.

With --execute it first keeps the offsets that are replaced in a file, then prints the command that takes it back. A group
with active members is refused, and they are named. --to-group sets the offsets in another group, so that it can read again
beside the first.

A file has lines topic,partition,offset, as kafka-consumer-groups --export writes them; -1 deletes an offset.
Durations are 90s, 1h30m, or PT30M as Kafka's tools have them.

Examples:
  tideline group reset billing --to-earliest
  tideline group reset billing --topic orders:0,2 --to-datetime 2026-01-31T10:20Z --execute
  tideline group reset billing --by-duration 1h --to-group billing-replay --execute
  tideline group reset billing --from-file billing.20260131T102030000Z.offsets.csv --execute
)";

const std::string_view kTxn = R"(Examples:
  tideline txn list
  tideline txn describe orders:0
  tideline txn hanging
)";

const std::string_view kTxnList = R"(What coordinators know, one line a transactional id. A Tideline broker also counts what an open transaction has written and
remembers the client, from its start on; of other brokers these columns are empty.

Examples:
  tideline txn list --watch 2
  tideline txn list --longer-than 1m -o json
  tideline txn list --all --pattern 'billing-.*'
)";

const std::string_view kTxnDescribe = R"(For each partition in which readers of committed records do not reach the end: where its last stable offset stands, which
transaction holds it there and which others are open behind it; their transactional id, producer, epoch and client, since
when, how much they wrote, how and when they end; which groups wait. What no broker has counted is read from the log.

Examples:
  tideline txn describe
  tideline txn describe orders:0,2 payments
  tideline txn describe --transactional-id billing --watch 1
)";

const std::string_view kTxnHanging = R"(A transaction hangs when it is open in a partition and its coordinator does not know that, so that it would stay open for
ever, or when its coordinator should have aborted it long ago. All partitions are looked at, internal ones, too. To find
one is no failure: the exit code is 0.

Examples:
  tideline txn hanging
  tideline txn hanging orders -o json
)";

const std::string_view kTxnAbort = R"(Without --execute it shows what it would do and changes nothing: how many records no reader of committed records would
see, where the last stable offsets would go, which groups would get on.

A transaction that its coordinator knows is aborted as a new producer of its id would: the old one is fenced. That is
refused while the old one is connected, or may be, unless --force is given. A transaction that its coordinator does not know
is ended by abort markers in its partitions. One that is committed already is never aborted.

Examples:
  tideline txn abort orders:0
  tideline txn abort orders:0 --producer-id 4711 --execute
  tideline txn abort --transactional-id billing --execute
)";

const std::string_view kLog = R"(Example:
  tideline log dump /var/lib/tideline/orders-0/00000000000000000000.log
)";

const std::string_view kLogDump = R"(The kind of a file follows from its name:
  log               NNN.log             record batches: offsets, producer, codec, CRC; --records looks inside
  index             NNN.index           offset to byte position
  timeindex         NNN.timeindex       timestamp to offset
  txnindex          NNN.txnindex        aborted transactions
  producer-state    NNN.snapshot        producers that the partition remembers
  snapshot          NNN-EEE.checkpoint  a snapshot of the cluster's metadata
  offset-checkpoint *-offset-checkpoint recovery point, log start, high watermark or cleaner, by partition
  leader-epoch      leader-epoch-checkpoint
  partition         partition.metadata
  meta              meta.properties
  quorum-state      quorum-state

-o json prints one object a line: {"file":…,"kind":…}, the entries, and {"entries":N,"damage":[…]} at the end.
Files are read as they are on disk, also while a broker writes to them: the last batch may then be half there.

Examples:
  tideline log dump /var/lib/tideline/orders-0/00000000000000000000.log --records
  tideline log dump /var/lib/tideline/recovery-point-offset-checkpoint -o json

Exit codes: 0 done; 1 bad usage or an unreadable file; 5 a file is damaged (what was readable is printed, the damage is
named with its byte position).
)";

const std::string_view kCompletion = R"(Examples:
  source <(tideline completion bash)
  tideline completion bash > /etc/bash_completion.d/tideline
  tideline completion zsh > "${fpath[1]}/_tideline"

Topics are completed by asking the broker that --bootstrap or TIDELINE_BOOTSTRAP names.
)";

const std::string_view kClientExitCodes = R"(
Exit codes: 0 done; 1 bad usage, or a local file that cannot be read; 2 the broker refused, its error is named as Kafka
names it; 3 no broker answered in time; 4 done in part; 130 interrupted.
)";

}  // namespace tideline::cli::help
