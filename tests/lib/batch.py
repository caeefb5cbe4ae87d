"""Record batches (magic 2) by hand, right ones and wrong ones, and decompression bombs."""

import struct
import time
import zlib

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc32c_table()


def crc32c(raw):
    crc = 0xFFFFFFFF
    for byte in raw:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(number):
    number = (number << 1) ^ (number >> 63)
    return uvarint(number & 0xFFFFFFFFFFFFFFFF)


def uvarint(number):
    out = bytearray()
    while number > 0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _sized(raw):
    return varint(-1) if raw is None else varint(len(raw)) + raw


def record(value, key=None, offset_delta=0, timestamp_delta=0, headers=()):
    body = (b"\0" + varint(timestamp_delta) + varint(offset_delta) + _sized(key) + _sized(value)
            + varint(len(headers)) + b"".join(_sized(k) + _sized(v) for k, v in headers))
    return varint(len(body)) + body


def batch(values=(b"v",), payload=None, count=None, codec=NONE, attributes=None, magic=2,
          producer_id=-1, epoch=-1, sequence=-1, base_offset=0, leader_epoch=-1,
          timestamp=None, max_timestamp=None, last_offset_delta=None, crc=None, length=None):
    """A batch of `values`; every field can be set to a lie. `payload` replaces the records."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    if payload is None:
        payload = b"".join(record(v, offset_delta=n) for n, v in enumerate(values))
    count = len(values) if count is None else count
    body = struct.pack(
        ">hiqqqhii",
        codec if attributes is None else attributes,
        count - 1 if last_offset_delta is None else last_offset_delta,
        timestamp, timestamp if max_timestamp is None else max_timestamp,
        producer_id, epoch, sequence, count) + payload
    crc = crc32c(body) if crc is None else crc
    length = len(body) + 9 if length is None else length
    return struct.pack(">qiibI", base_offset, length, leader_epoch, magic, crc) + body


def batches(raw):
    """Yields (base offset, record count, bytes) of each whole batch in what a fetch returned."""
    at = 0
    while at + 61 <= len(raw):
        base, length = struct.unpack_from(">qi", raw, at)
        if at + 12 + length > len(raw):
            return
        yield base, struct.unpack_from(">i", raw, at + 57)[0], raw[at:at + 12 + length]
        at += 12 + length


def values(raw):
    """The values of a whole batch's records; the batch is not compressed, and no value is null."""
    reader, found = _Varints(raw, at=61), []
    while reader.at < len(raw):
        end = reader.next() + reader.at
        reader.at += 1  # attributes
        reader.next(), reader.next()  # timestamp and offset
        key_length = reader.next()
        reader.at += max(key_length, 0)
        length = reader.next()
        found.append(raw[reader.at:reader.at + length])
        reader.at = end
    return found


class _Varints:
    def __init__(self, raw, at):
        self.raw, self.at = raw, at

    def next(self):
        number, shift = 0, 0
        while True:
            byte = self.raw[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (number >> 1) ^ -(number & 1)


# ---- bombs: small payloads that claim to be, or are, very large when decompressed -------------


def gzip_bomb(head, zeros):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = bytes(1 << 20)
    out = packer.compress(head)
    for _ in range(zeros >> 20):
        out += packer.compress(chunk)
    return out + packer.flush()


def snappy_bomb(head, zeros):
    """One raw block: a literal, then copies of 64 bytes from offset 1 (three bytes each)."""
    literal = head + b"\0"
    block = uvarint(len(literal) + zeros) + bytes([60 << 2, len(literal) - 1]) + literal
    return block + (bytes([(63 << 2) | 2]) + struct.pack("<H", 1)) * (zeros >> 6)


def snappy_liar(claimed):
    """A block that claims a length its few bytes cannot have."""
    return uvarint(claimed) + bytes([0]) + b"x"


def lz4_bomb(head, zeros):
    """A frame of independent 4 MiB blocks, each one literal and one very long match."""
    # Magic, version 1 + independent blocks, block size 4 MiB, xxh32 of the descriptor >> 8.
    out = struct.pack("<IBBB", 0x184D2204, 0x60, 0x70, 0x73)
    out += struct.pack("<I", len(head) | 0x80000000) + head
    block = 1 << 22
    for _ in range(zeros // block):
        match = block - 1 - 5 - 4  # one literal before it, five after it; 4 is the least match
        extra, rest = divmod(match - 15, 255)
        body = b"\x1f\0\x01\0" + b"\xff" * extra + bytes([rest]) + b"\x50" + bytes(5)
        out += struct.pack("<I", len(body)) + body
    return out + struct.pack("<I", 0)


def zstd_bomb(head, zeros):
    """A frame of run-length blocks: four bytes for each 128 KiB."""
    out = struct.pack("<IBB", 0xFD2FB528, 0, 0x58)  # no content size, 2 MiB window
    out += _zstd_block(0, len(head)) + head
    blocks = max(1, zeros >> 17)
    out += (_zstd_block(1, 1 << 17) + b"\0") * (blocks - 1)
    return out + _zstd_block(1, 1 << 17, last=True) + b"\0"


def _zstd_block(kind, size, last=False):
    return struct.pack("<I", (size << 3) | (kind << 1) | int(last))[:3]


BOMBS = {GZIP: gzip_bomb, SNAPPY: snappy_bomb, LZ4: lz4_bomb, ZSTD: zstd_bomb}


def giant_record_head(value_length):
    """The start of a record, valid in itself, whose value has `value_length` bytes (and follows)."""
    inside = b"\0" + varint(0) + varint(0) + varint(-1) + varint(value_length)
    return varint(len(inside) + value_length + 1) + inside
