"""Transactions by hand, in the old versions of the requests: a producer that does as it is told, right or wrong."""

import struct

from lib import wire
from lib.batch import batch, batches, uvarint, values
from lib.wire import array, blob, i8, i16, i32, i64, string

ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT = 24, 25, 26, 28
TRANSACTIONAL, CONTROL = 0x10, 0x20
NO_TAGS = b"\0"
CONCURRENT_TRANSACTIONS = 51
NOT_YET = (14, 15, 16, CONCURRENT_TRANSACTIONS)  # the coordinator loads, is made, or ends what was before


class Producer:
    def __init__(self, connection, transactional_id, timeout_ms=60000):
        self.connection, self.id, self.sequences = connection, string(transactional_id), {}
        self.timeout_ms = timeout_ms
        wire.until(lambda: find_coordinator(connection, self.id), lambda error: error == 0, seconds=60)
        self.producer_id, self.epoch = wire.until(self._init, lambda answer: answer[0] not in NOT_YET, seconds=60)[1:]

    def _init(self):
        answer = self.connection.request(wire.INIT_PRODUCER_ID, 0, self.id + i32(self.timeout_ms))
        answer.i32()
        return answer.i16(), answer.i64(), answer.i16()

    @property
    def who(self):
        return self.id + i64(self.producer_id) + i16(self.epoch)

    def begin(self, topic, partition=0):
        def add():
            answer = self.connection.request(ADD_PARTITIONS_TO_TXN, 0, self.who + array([string(topic) + array([i32(partition)])]))
            answer.i32()
            [(_, [(_, error)])] = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
            return error

        assert wire.until(add, lambda error: error not in NOT_YET, seconds=60) == 0

    def write(self, topic, values=(b"v",), partition=0):
        """Returns (error code, base offset) of a Produce v7; a refused batch's sequence is used again."""
        sequence = self.sequences.get((topic, partition), 0)
        raw = batch(values, attributes=TRANSACTIONAL, producer_id=self.producer_id, epoch=self.epoch, sequence=sequence)
        answer = self.connection.request(wire.PRODUCE, 7, self.id + i16(-1) + i32(30000) + array(
            [string(topic) + array([i32(partition) + blob(raw)])]))
        [(_, [(_, error, base, _, _)])] = answer.array(lambda: (answer.string(), answer.array(
            lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64(), answer.i64()))))
        if error == 0:
            self.sequences[topic, partition] = sequence + len(values)
        return error, base

    def commit_offset(self, group, topic, partition, offset):
        """Returns the error code of a TxnOffsetCommit v0."""
        answer = self.connection.request(TXN_OFFSET_COMMIT, 0, self.id + string(group) + i64(self.producer_id) + i16(self.epoch) + array(
            [string(topic) + array([i32(partition) + i64(offset) + string("")])]))
        answer.i32()
        [(_, [(_, error)])] = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
        return error

    def end(self, commit):
        """Returns when the coordinator has decided; markers may still be on their way."""
        answer = self.connection.request(END_TXN, 0, self.who + i8(commit))
        answer.i32()
        assert answer.i16() == 0


class NewerProducer(Producer):
    """Speaks KIP-890: a write adds its partition to the transaction, and the end of each gives the epoch of the next."""

    def begin(self, topic, partition=0):
        raise NotImplementedError("a write begins")

    def write(self, topic, values=(b"v",), partition=0):
        """Returns (error code, base offset) of a Produce v12."""
        sequence = self.sequences.get((topic, partition), 0)
        raw = batch(values, attributes=TRANSACTIONAL, producer_id=self.producer_id, epoch=self.epoch, sequence=sequence)
        one_partition = i32(partition) + uvarint(len(raw) + 1) + raw + NO_TAGS
        one_topic = compact(topic.encode()) + uvarint(2) + one_partition + NO_TAGS
        answer = self.connection.request(wire.PRODUCE, 12, NO_TAGS + self.compact_id + i16(-1) + i32(30000) + uvarint(2) + one_topic + NO_TAGS)
        answer.take(len(NO_TAGS) + 1 + len(compact(topic.encode())) + 1)
        _, error, base = answer.i32(), answer.i16(), answer.i64()
        if error == 0:
            self.sequences[topic, partition] = sequence + len(values)
        return error, base

    def ask_for_the_end(self, commit):
        """Sends an EndTxn v5 and does not wait for what becomes of it."""
        self.connection.send_request(END_TXN, 5, NO_TAGS + self.compact_id + i64(self.producer_id) + i16(self.epoch) + i8(commit) + NO_TAGS)

    def end(self, commit):
        def ask():
            self.ask_for_the_end(commit)
            answer = self.connection.read_answer()
            answer.take(len(NO_TAGS))
            answer.i32()
            return answer.i16(), answer.i64(), answer.i16()

        error, self.producer_id, self.epoch = wire.until(ask, lambda answer: answer[0] not in NOT_YET, seconds=60)
        assert error == 0
        self.sequences = {}  # they begin anew with the epoch

    @property
    def compact_id(self):
        return compact(self.id[2:])


class CommittedReader:
    """A consumer of the committed records of one partition, as clients are: `values` is all that it gave out, in that order."""

    def __init__(self, connection, topic, partition=0):
        self.connection, self.topic, self.partition = connection, topic, partition
        self.position, self.values = 0, []

    def poll(self, max_bytes=1 << 20):
        """Returns whether there was anything behind the position."""
        error, stable, aborted, raw = fetch_committed(self.connection, self.topic, self.position, self.partition, max_bytes=max_bytes)
        assert error == 0
        waiting, being_left_out = sorted(aborted, key=lambda each: each[1]), set()
        for base, count, one in batches(raw):
            (attributes,), (producer_id,) = struct.unpack_from(">h", one, 21), struct.unpack_from(">q", one, 43)
            while waiting and waiting[0][1] < base + count:
                being_left_out.add(waiting.pop(0)[0])
            assert base + count > self.position, "a batch that ends before the position"
            assert self.position == base, f"polled at {self.position}, and given what begins at {base}"
            if attributes & CONTROL:
                being_left_out.discard(producer_id)
            elif not (attributes & TRANSACTIONAL and producer_id in being_left_out):
                self.values += values(one)
            self.position = base + count
        assert self.position <= stable
        return raw != b""


def compact(raw):
    return uvarint(len(raw) + 1) + raw


def find_coordinator(connection, transactional_id):
    answer = connection.request(10, 1, transactional_id + i8(1))
    answer.i32()
    return answer.i16()


def read(answer):
    """(error code, last stable offset, [(producer id, first offset)] of what was aborted, record bytes) of a Fetch v4."""
    answer.i32()

    def one_partition():
        answer.i32()
        error, _high_watermark, stable = answer.i16(), answer.i64(), answer.i64()
        aborted = answer.array(lambda: (answer.i64(), answer.i64()))
        return error, stable, aborted, answer.blob()

    [(_, [result])] = answer.array(lambda: (answer.string(), answer.array(one_partition)))
    answer.end()
    return result


def fetch_committed(connection, topic, offset, partition=0, **how):
    return read(connection.request(wire.FETCH, 4, wire.fetch_body(topic, partition, offset, isolation=1, **how)))


def latest_committed(connection, topic, partition=0):
    answer = connection.request(wire.LIST_OFFSETS, 2, i32(-1) + i8(1) + array([string(topic) + array([i32(partition) + i64(-1)])]))
    answer.i32()
    [(_, [(_, error, _, offset)])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64()))))
    assert error == 0
    return offset
