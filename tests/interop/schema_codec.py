"""Any Kafka message from and to bytes, by its schema from Kafka's jars (kafka_schemas.py): for requests by hand."""

import struct

import kafka_schemas
from lib import batch, wire
from message_values import default_of, holds

NUMBERS = {"int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "float64": ">d",
           "bool": ">?"}
ZERO_ID = bytes(16)


def encode(name, version, value):
    """`value` names fields as Kafka does; what it leaves out has its default, what it does not know is an error."""
    message = kafka_schemas.kafka_message(name)
    return _Writer(message, version).struct(message.fields, value)


def decode(name, version, raw):
    """The fields as a dict; `raw` has to end where the message ends."""
    message = kafka_schemas.kafka_message(name)
    reader = _Reader(message, version, raw)
    value = reader.struct(message.fields)
    reader.input.end()
    return value


def is_flexible(message, version):
    return message.flexible is not None and version >= message.flexible


class _Writer:
    def __init__(self, message, version):
        self.version, self.flexible = version, is_flexible(message, version)

    def struct(self, fields, value):
        unknown = value.keys() - {field.name for field in fields}
        assert not unknown, f"no such fields: {unknown}"
        here = [field for field in fields if holds(field.versions, self.version)]
        out = b"".join(self.field(field, value) for field in here if field.tag is None)
        if not self.flexible:
            return out
        tagged = sorted((field.tag, self.field(field, value)) for field in here
                        if field.tag is not None and value.get(field.name, _default(field)) != _default(field))
        return out + batch.uvarint(len(tagged)) + b"".join(
            batch.uvarint(tag) + batch.uvarint(len(raw)) + raw for tag, raw in tagged)

    def field(self, field, values):
        flexible = self.flexible and not field.plain
        value = values.get(field.name, _default(field))
        if field.is_array:
            if value is None:
                return self.length(-1, flexible, 4)
            return self.length(len(value), flexible, 4) + b"".join(self.single(field, one, flexible) for one in value)
        if field.type == "struct" and field.nullable:
            return b"\xff" if value is None else b"\x01" + self.single(field, value, flexible)
        return self.single(field, value, flexible)

    def single(self, field, value, flexible):
        if field.type == "struct":
            return self.struct(field.fields, value)
        if field.type == "uuid":
            return value or ZERO_ID
        if field.type in NUMBERS:
            return struct.pack(NUMBERS[field.type], value)
        width = 2 if field.type == "string" else 4
        if value is None:
            return self.length(-1, flexible, width)
        raw = value.encode() if isinstance(value, str) else value
        return self.length(len(raw), flexible, width) + raw

    @staticmethod
    def length(count, flexible, width):
        if flexible:
            return batch.uvarint(count + 1)
        return struct.pack(">h" if width == 2 else ">i", count)


def _default(field):
    if field.type == "struct" and not field.is_array:
        return None if field.default == "null" else {}
    return ZERO_ID if field.type == "uuid" else default_of(field)


class _Reader:
    def __init__(self, message, version, raw):
        self.version, self.flexible = version, is_flexible(message, version)
        self.input = wire.Reader(raw)

    def struct(self, fields):
        here = [field for field in fields if holds(field.versions, self.version)]
        value = {field.name: self.field(field) for field in here if field.tag is None}
        for _ in range(self.uvarint() if self.flexible else 0):
            tag, size = self.uvarint(), self.uvarint()
            known = [field for field in here if field.tag == tag]
            end = self.input.at + size
            value[known[0].name if known else f"tag {tag}"] = self.field(known[0]) if known else self.input.take(size)
            assert self.input.at == end, f"tag {tag} is not as long as it says"
        return value

    def field(self, field):
        flexible = self.flexible and not field.plain
        if field.is_array:
            count = self.length(flexible, 4)
            return None if count < 0 else [self.single(field, flexible) for _ in range(count)]
        if field.type == "struct" and field.nullable and self.input.i8() < 0:
            return None
        return self.single(field, flexible)

    def single(self, field, flexible):
        if field.type == "struct":
            return self.struct(field.fields)
        if field.type == "uuid":
            return self.input.take(16)
        if field.type in NUMBERS:
            form = NUMBERS[field.type]
            return struct.unpack(form, self.input.take(struct.calcsize(form)))[0]
        size = self.length(flexible, 2 if field.type == "string" else 4)
        if size < 0:
            return None
        raw = self.input.take(size)
        return raw.decode() if field.type == "string" else raw

    def length(self, flexible, width):
        if flexible:
            return self.uvarint() - 1
        return self.input.i16() if width == 2 else self.input.i32()

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.input.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
