"""The Kafka protocol by hand: just enough to say wrong things to a broker on purpose.

Uses only versions before the flexible ones, whose layout fits in a line each. A request body is
bytes glued together with the writers below; an answer is read with `Reader`.
"""

import socket
import struct
import time

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
API_VERSIONS, CREATE_TOPICS, DELETE_TOPICS, INIT_PRODUCER_ID = 18, 19, 20, 22
CREATE_PARTITIONS = 37


def i8(n): return struct.pack(">b", n)
def i16(n): return struct.pack(">h", n)
def i32(n): return struct.pack(">i", n)
def i64(n): return struct.pack(">q", n)


def string(text):
    if text is None:
        return i16(-1)
    raw = text.encode() if isinstance(text, str) else text
    return i16(len(raw)) + raw


def blob(raw):
    return i32(-1) if raw is None else i32(len(raw)) + raw


def array(items):
    return i32(-1) if items is None else i32(len(items)) + b"".join(items)


class Reader:
    """Walks over one answer. Reading past the end is an error, as is leaving bytes (see `end`)."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, count):
        if self.at + count > len(self.raw):
            raise ValueError(f"answer ends at {len(self.raw)}, wanted {self.at + count}")
        self.at += count
        return self.raw[self.at - count:self.at]

    def i8(self): return struct.unpack(">b", self.take(1))[0]
    def i16(self): return struct.unpack(">h", self.take(2))[0]
    def i32(self): return struct.unpack(">i", self.take(4))[0]
    def i64(self): return struct.unpack(">q", self.take(8))[0]

    def string(self):
        length = self.i16()
        return None if length < 0 else self.take(length).decode()

    def blob(self):
        length = self.i32()
        return None if length < 0 else self.take(length)

    def array(self, read_item):
        return [read_item() for _ in range(self.i32())]

    def end(self):
        assert self.at == len(self.raw), f"{len(self.raw) - self.at} bytes too many in the answer"


class Connection:
    """One TCP connection. Every wait is bounded by `timeout` and then fails the test."""

    def __init__(self, port, timeout=60, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, raw):
        self.socket.sendall(raw)

    def send_request(self, api, version, body, client_id="e2e"):
        self.correlation += 1
        self.send(frame(header(api, version, self.correlation, client_id) + body))

    def read_answer(self):
        reader = Reader(self.read_frame())
        assert reader.i32() == self.correlation, "answer to another request"
        return reader

    def request(self, api, version, body, client_id="e2e"):
        self.send_request(api, version, body, client_id)
        return self.read_answer()

    def read_frame(self):
        (size,) = struct.unpack(">i", self._read_exactly(4))
        return self._read_exactly(size)

    def wait_closed(self):
        """Reads until the broker closes and returns what it still said."""
        said = b""
        try:
            while chunk := self.socket.recv(65536):
                said += chunk
        except ConnectionResetError:
            pass
        return said

    def _read_exactly(self, count):
        parts = []
        while count:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise ConnectionError("the broker closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def frame(payload):
    return i32(len(payload)) + payload


def header(api, version, correlation=1, client_id="e2e"):
    return i16(api) + i16(version) + i32(correlation) + string(client_id)


# ---- requests ------------------------------------------------------------------------------


def produce_body(topic, partition, records, acks=-1, timeout_ms=10000):
    """Produce v3–v8."""
    return (string(None) + i16(acks) + i32(timeout_ms)
            + array([string(topic) + array([i32(partition) + blob(records)])]))


def produce(connection, topic, partition, records, acks=-1):
    """Returns (error code, base offset, log append time, log start offset) of a Produce v7."""
    answer = connection.request(PRODUCE, 7, produce_body(topic, partition, records, acks))
    [(_, [result])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64(), answer.i64()))))
    answer.i32()  # throttle time
    answer.end()
    return result[1:]


def fetch_body(topic, partition, offset, replica=-1, max_wait_ms=0, min_bytes=1,
               max_bytes=1 << 20, isolation=0):
    """Fetch v4."""
    return (i32(replica) + i32(max_wait_ms) + i32(min_bytes) + i32(max_bytes) + i8(isolation)
            + array([string(topic) + array([i32(partition) + i64(offset) + i32(max_bytes)])]))


def fetch(connection, topic, partition, offset, **how):
    """Returns (error code, high watermark, record bytes) of a Fetch v4."""
    answer = connection.request(FETCH, 4, fetch_body(topic, partition, offset, **how))
    answer.i32()  # throttle time

    def one_partition():
        answer.i32()
        error, high_watermark, _last_stable = answer.i16(), answer.i64(), answer.i64()
        answer.array(lambda: (answer.i64(), answer.i64()))  # aborted transactions
        return error, high_watermark, answer.blob()

    [(_, [result])] = answer.array(lambda: (answer.string(), answer.array(one_partition)))
    answer.end()
    return result


def list_offset(connection, topic, partition, timestamp, replica=-1):
    """Returns (error code, timestamp, offset) of a ListOffsets v1."""
    body = i32(replica) + array([string(topic) + array([i32(partition) + i64(timestamp)])])
    answer = connection.request(LIST_OFFSETS, 1, body)
    [(_, [result])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64()))))
    answer.end()
    return result[1:]


def end_offset(connection, topic, partition, isolation):
    """The high watermark (isolation 0) or the last stable offset (1), by a ListOffsets v2."""
    body = i32(-1) + i8(isolation) + array([string(topic) + array([i32(partition) + i64(-1)])])
    answer = connection.request(LIST_OFFSETS, 2, body)
    answer.i32()  # throttle time
    [(_, [(_, error, _, offset)])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64()))))
    answer.end()
    assert error == 0, f"ListOffsets {topic}-{partition}: error {error}"
    return offset


def metadata(connection, topics, auto_create=False):
    """Returns {topic: (error code, [partition index])} of a Metadata v4; None asks for all."""
    return whole_metadata(connection, topics, auto_create)[1]


def node_id(connection):
    """The id of the only broker."""
    [(node, _, _, _)] = whole_metadata(connection, [])[0]
    return node


def whole_metadata(connection, topics, auto_create=False):
    body = array(None if topics is None else [string(t) for t in topics]) + i8(int(auto_create))
    answer = connection.request(METADATA, 4, body)
    answer.i32()
    brokers = answer.array(
        lambda: (answer.i32(), answer.string(), answer.i32(), answer.string()))
    answer.string(), answer.i32()  # cluster id, controller

    def one_partition():
        _error, index, _leader = answer.i16(), answer.i32(), answer.i32()
        answer.array(answer.i32), answer.array(answer.i32)
        return index

    def one_topic():
        error, name, _internal = answer.i16(), answer.string(), answer.i8()
        return name, (error, sorted(answer.array(one_partition)))

    topics = dict(answer.array(one_topic))
    answer.end()
    return brokers, topics


def create_topic(connection, topic, partitions=1, replicas=1, configs=(), validate_only=False):
    """Returns the error code of a CreateTopics v2."""
    one = (string(topic) + i32(partitions) + i16(replicas) + array([])
           + array([string(k) + string(v) for k, v in configs]))
    answer = connection.request(CREATE_TOPICS, 2, array([one]) + i32(15000) + i8(int(validate_only)))
    answer.i32()
    [(_, error, _)] = answer.array(lambda: (answer.string(), answer.i16(), answer.string()))
    answer.end()
    return error


def delete_topic(connection, topic):
    """Returns the error code of a DeleteTopics v1."""
    answer = connection.request(DELETE_TOPICS, 1, array([string(topic)]) + i32(15000))
    answer.i32()
    [(_, error)] = answer.array(lambda: (answer.string(), answer.i16()))
    answer.end()
    return error


def create_partitions(connection, topic, count):
    """Returns the error code of a CreatePartitions v0."""
    one = string(topic) + i32(count) + array(None)
    answer = connection.request(CREATE_PARTITIONS, 0, array([one]) + i32(15000) + i8(0))
    answer.i32()
    [(_, error, _)] = answer.array(lambda: (answer.string(), answer.i16(), answer.string()))
    answer.end()
    return error


def init_producer_id(connection):
    """Returns (error code, producer id, epoch) of an InitProducerId v0."""
    answer = connection.request(INIT_PRODUCER_ID, 0, string(None) + i32(0))
    answer.i32()
    result = answer.i16(), answer.i64(), answer.i16()
    answer.end()
    return result


# ---- what a client would repeat until it is served -----------------------------------------


def until(try_it, accept, seconds=60):
    """Repeats `try_it` until `accept` likes the result; both brokers may need a moment."""
    deadline = time.monotonic() + seconds
    while not accept(result := try_it()):
        assert time.monotonic() < deadline, f"still {result} after {seconds} s"
    return result


def make_topic(connection, topic, partitions=1, **how):
    """Creates a topic and returns its name when each partition has its leader."""
    error = create_topic(connection, topic, partitions, **how)
    assert error == 0, f"CreateTopics {topic}: error {error}"
    for partition in range(partitions):
        until(lambda: list_offset(connection, topic, partition, -1)[0], lambda e: e == 0)
    return topic


def make_partitions(connection, topic, count):
    """Raises a topic's partitions to `count` and waits until each has its leader."""
    error = create_partitions(connection, topic, count)
    assert error == 0, f"CreatePartitions {topic}: error {error}"
    for partition in range(count):
        until(lambda: list_offset(connection, topic, partition, -1)[0], lambda e: e == 0)


def new_producer_id(connection):
    """Returns (producer id, epoch)."""
    return until(lambda: init_producer_id(connection), lambda answer: answer[0] == 0)[1:]


def api_versions(connection):
    """Returns (error code, {api key: (min, max)}) of an ApiVersions v0."""
    answer = connection.request(API_VERSIONS, 0, b"")
    error = answer.i16()
    table = {key: (low, high) for key, low, high in
             answer.array(lambda: (answer.i16(), answer.i16(), answer.i16()))}
    answer.end()
    return error, table
