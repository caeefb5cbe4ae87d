"""kafka-dump-log reads every file that Tideline writes, and has nothing to complain of."""

import re

import pytest

import directory_contents as directory
from lib import batch
from lib import broker as brokers

DUMP = "kafka.tools.DumpLogSegments"
KINDS = (".log", ".index", ".timeindex", ".snapshot", ".txnindex", ".checkpoint")
# What a dump of a .log says of records, and what of bytes that are none.
RECORD, TRAILING = re.compile(r"^\| offset: \d+", re.M), re.compile(r"invalid bytes")
NODE = {"auto.create.topics.enable": "false", "log.initial.task.delay.ms": "500"}


@pytest.fixture(params=["stopped", "killed"])
def data_dir(make_broker, request):
    """The files of a broker that is no longer running."""
    broker = make_broker(NODE).start()
    directory.fill(broker, "dumped")
    directory.transactions(broker, "dumped-in-transactions")
    told = directory.Told(broker)
    told.produce("dumped-empty", batch.batch([b"of a producer"], producer_id=77, epoch=1, sequence=0))
    if request.param == "stopped":
        assert broker.stop() in (0, 143), broker.output
    else:
        broker.kill()
    return broker.data_dir


@pytest.fixture
def dump(run_java):
    def run(files, *flags):
        done = run_java(DUMP, *flags, "--files", ",".join(map(str, files)))
        assert done.stderr == "", f"{flags}:\n{done.stderr}"
        assert not TRAILING.search(done.stdout), done.stdout[-4000:]
        assert done.stdout.count("Dumping ") == len(files)
        return done.stdout

    return run


def files_of(data_dir, *suffixes):
    return sorted(path for path in data_dir.rglob("0*") if path.suffix in suffixes)


def test_every_file_is_read_without_complaint(data_dir, dump):
    metadata = [path for path in files_of(data_dir, ".log", ".checkpoint") if path.parent.name == "__cluster_metadata-0"]
    logs = [path for path in files_of(data_dir, ".log") if path not in metadata]
    rest = files_of(data_dir, *KINDS[1:-1])
    assert {path.suffix for path in rest} >= {".index", ".timeindex", ".snapshot", ".txnindex"}

    records = dump(logs, "--deep-iteration", "--print-data-log")
    assert len(RECORD.findall(records)) >= 5 * 40 + 4 * 20 + 150 + 1
    told = dump(metadata, "--cluster-metadata-decoder", "--deep-iteration")
    assert '"name":"dumped-recoded"' in told
    assert told.count('"type":"TOPIC_RECORD"') == 11 + 2  # the topics of fill(), that of the transactions and __transaction_state
    producers = dump(rest, "--verify-index-only")
    if (data_dir / ".kafka_cleanshutdown").exists():
        assert "producerId: 77" in producers, "who stops in order writes down whom it knew"
    indexes = [path for path in rest if path.suffix in (".index", ".timeindex")]
    sane = dump(indexes, "--index-sanity-check")
    assert sane.count("passed sanity check") + sane.count("is empty") == len(indexes)


def test_every_kind_of_file_is_one_that_the_tool_knows(data_dir):
    known = {"meta.properties", ".lock", ".kafka_cleanshutdown", "leader-epoch-checkpoint", "partition.metadata",
             "recovery-point-offset-checkpoint", "replication-offset-checkpoint", "log-start-offset-checkpoint",
             "cleaner-offset-checkpoint", "quorum-state", "bootstrap.checkpoint"}
    unknown = [path for path in data_dir.rglob("*") if path.is_file() and path.name not in known
               and not (re.fullmatch(r"\d{20}(-\d{10})?", path.stem) and path.suffix in KINDS)]
    assert not unknown
