"""Frames that are almost right: valid requests of every API, and what a seed makes of them.

The valid ones stand here as bytes of their own, one or more for each API; a broker that advertises an
API nobody wrote an example for gets its header with an empty body and noise.
"""

import struct

from lib import batch, group_wire, wire
from lib.wire import array, i8, i16, i32, i64, string

TOPIC = "malformed"
GROUP, MODERN_GROUP, MEMBER = "group", "modern", "member"


def uvarint_string(text):
    return batch.uvarint(len(text) + 1) + text.encode()


def valid_bodies():
    """[(api, version, body)]"""
    topic = array([string(TOPIC)])
    partitions = array([string(TOPIC) + array([i32(0)])])
    records = batch.batch(values=[b"one", b"two"], codec=batch.NONE)
    return [
        (wire.PRODUCE, 7, wire.produce_body(TOPIC, 0, records)),
        (wire.PRODUCE, 3, wire.produce_body(TOPIC, 0, records, acks=1)),
        (wire.FETCH, 4, wire.fetch_body(TOPIC, 0, 0)),
        (wire.LIST_OFFSETS, 1, i32(-1) + array([string(TOPIC) + array([i32(0) + i64(-1)])])),
        (wire.METADATA, 4, topic + i8(0)),
        (wire.METADATA, 9, b"\x02" + uvarint_string(TOPIC) + b"\0" + b"\0\0\0" + b"\0"),
        (wire.API_VERSIONS, 3, uvarint_string("client") + uvarint_string("1.0") + b"\0"),
        (wire.CREATE_TOPICS, 2, array([string(TOPIC) + i32(1) + i16(1) + array([]) + array([])]) + i32(100) + i8(1)),
        (wire.DELETE_TOPICS, 1, array([string("no-such-topic")]) + i32(100)),
        (wire.INIT_PRODUCER_ID, 0, string(None) + i32(0)),
        (21, 1, array([string(TOPIC) + array([i32(0) + i64(0)])]) + i32(100)),
        (23, 2, array([string(TOPIC) + array([i32(0) + i32(-1) + i32(0)])])),
        (24, 1, string("id") + i64(1) + i16(0) + partitions),
        (25, 1, string("id") + i64(1) + i16(0) + string("group")),
        (26, 1, string("id") + i64(1) + i16(0) + i8(1)),
        (27, 1, b"\x02" + i64(1) + i16(0) + i8(1) + b"\x02" + uvarint_string(TOPIC) + b"\x02" + i32(9) + b"\0" + i32(0) + b"\0" + b"\0"),
        (28, 0, string("id") + string("group") + i64(1) + i16(0) + array([string(TOPIC) + array([i32(0) + i64(0) + string(None)])])),
        (32, 1, array([i8(2) + string(TOPIC) + array(None)]) + i8(0)),
        (35, 1, partitions),
        (37, 1, array([string(TOPIC) + i32(1) + array(None)]) + i32(100) + i8(1)),
        (44, 0, array([i8(2) + string(TOPIC) + array([string("retention.ms") + i8(0) + string("1000")])]) + i8(1)),
        (60, 0, b"\0\0"),
        (61, 0, b"\x02" + uvarint_string(TOPIC) + b"\x02" + i32(0) + b"\0" + b"\0"),
        (65, 0, b"\x02" + uvarint_string("id") + b"\0"),
        (66, 0, b"\x01\x01\0"),
        (75, 0, b"\x02" + uvarint_string(TOPIC) + b"\0" + i32(10) + b"\xff" + b"\0"),
        *bodies_of_groups(),
    ]


def bodies_of_groups():
    partitions = array([string(TOPIC) + array([i32(0)])])
    return [
        (8, 7, group_wire.commit_body(GROUP, {(TOPIC, 0): 5})),
        (9, 5, string(GROUP) + partitions),
        (10, 1, string(GROUP) + i8(0)),
        (11, 5, group_wire.join_body(GROUP)),
        (12, 3, string(GROUP) + i32(1) + string(MEMBER) + string(None)),
        (13, 3, string(GROUP) + array([string(MEMBER) + string(None)])),
        (14, 3, group_wire.sync_body(GROUP, MEMBER, 1, {MEMBER: b"all"})),
        (15, 0, array([string(GROUP)])),
        (16, 0, b""),
        (33, 0, array([i8(2) + string(TOPIC) + array([string("retention.ms") + string("1000")])]) + i8(1)),
        (42, 0, array([string(GROUP)])),
        (47, 0, string(GROUP) + partitions),
        (68, 0, uvarint_string(MODERN_GROUP) + uvarint_string("") + i32(0) + b"\0" + b"\0" + i32(60000)
         + b"\x02" + uvarint_string(TOPIC) + b"\0" + b"\x01" + b"\0"),
        (69, 0, b"\x02" + uvarint_string(MODERN_GROUP) + b"\0" + b"\0"),
        (74, 0, b"\0"),
    ]


def examples(table, chance):
    """Frame payloads for each API of `table`, the answer to ApiVersions."""
    known = valid_bodies()
    made = [wire.header(api, version) + (b"\0" if flexible(api, version) else b"") + body
            for api, version, body in known if api in table]
    for api in sorted(set(table) - {api for api, _, _ in known}):
        low, high = table[api]
        for version in range(low, high + 1):
            made.append(wire.header(api, version) + chance.randbytes(chance.randrange(60)))
    return made


def flexible(api, version):
    return (api, version) in {(wire.METADATA, 9), (wire.API_VERSIONS, 3), (27, 1), (60, 0), (61, 0), (65, 0), (66, 0),
                              (68, 0), (69, 0), (74, 0), (75, 0)}


NASTY = [b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xff\x0f",
         b"\xff\xff\xff\x7f", b"\xff" * 8, b"\0\0\0\x01"]


def mutated(payload, chance):
    """One frame: the payload with a few changes, and mostly the length that it has then."""
    raw = bytearray(payload)
    for _ in range(chance.choice([0, 0, 1, 1, 1, 2, 3, 8])):
        # The first bytes choose API and version: changing them too often would test nothing else.
        at = chance.randrange(2 if chance.random() < 0.1 else min(8, len(raw)), len(raw) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(raw):
            raw[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            piece = chance.choice(NASTY)
            raw[at:at + len(piece)] = piece
        elif kind == 2:
            raw[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 3:
            del raw[at:at + chance.randrange(1, 9)]
        elif kind == 4:
            del raw[at:]
        else:
            raw[at:at] = raw[8:8 + chance.randrange(1, 40)]
    lie = chance.choice([-7, -1, 1, 90]) if chance.random() < 0.02 else 0
    return struct.pack(">i", len(raw) + lie) + bytes(raw)
