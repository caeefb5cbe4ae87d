"""Values for any message in any version, as the JSON that Apache Kafka's converters read, made from Kafka's own schema."""

import base64
import random

LIMITS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}
UNSIGNED = {"uint16": 16, "uint32": 32}
# Around the places where a length needs another byte, as a varint or behind a sign.
LENGTHS = (0, 1, 126, 127, 128, 129, 255, 256, 16382, 16383, 16384, 32767)
LETTERS = "abcXYZ019._-\"\\ \t\x01\x7f\u00e4\u20ac\u4e2d\U0001f600"
STYLES = ("empty", "null", "lowest", "highest", "long", "random", "random", "random", "random", "random", "random")


class Maker:
    """One message at a time. `style` says what is put where the schema leaves a choice."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def make(self, message, version, style):
        self.version, self.style, self.long_left = version, style, 3
        return self._struct(message.fields, depth=0)

    def _struct(self, fields, depth):
        return {field.name: self._field(field, depth) for field in fields if holds(field.versions, self.version)}

    def _field(self, field, depth):
        may_be_null = field.nullable is not None and holds(field.nullable, self.version)
        if may_be_null and (self.style == "null" or self.style == "random" and self.random.random() < 0.25):
            return None
        if field.tag is not None and self.style == "empty" and field.type != "struct":
            return default_of(field)
        if field.is_array:
            return [self._single(field, depth) for _ in range(self._count(depth))]
        return self._single(field, depth)

    def _count(self, depth):
        if self.style in ("empty", "null", "lowest"):
            return 0 if self.style != "lowest" else 1
        if self.style == "long" and depth == 0:
            return self.random.choice((1, 130))  # a compact length of two bytes
        return self.random.choice((0, 1, 2, 3)) if depth < 2 else 1

    def _single(self, field, depth):
        kind = field.type
        if kind == "struct":
            return self._struct(field.fields, depth + 1)
        if kind == "string":
            return self._text()
        if kind in ("bytes", "records"):
            return base64.b64encode(self.random.randbytes(self._length())).decode()
        if kind == "bool":
            return {"highest": True, "random": self.random.random() < 0.5}.get(self.style, False)
        if kind == "uuid":
            return self._uuid()
        if kind == "float64":
            return {"lowest": -1.7976931348623157e308, "highest": 5e-324,
                    "random": self.random.uniform(-1e9, 1e9)}.get(self.style, 0.0)
        return self._integer(kind)

    def _integer(self, kind):
        if kind in UNSIGNED:
            low, high = 0, (1 << UNSIGNED[kind]) - 1
        else:
            low, high = -1 << LIMITS[kind], (1 << LIMITS[kind]) - 1
        return {"lowest": low, "highest": high, "random": self.random.choice(
            (low, high, -1 if low else 0, 0, 1, self.random.randint(low, high)))}.get(self.style, 0)

    def _uuid(self):
        raw = {"highest": b"\xff" * 16, "random": self.random.randbytes(16)}.get(self.style, bytes(16))
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def _length(self):
        if self.style == "long" and self.long_left > 0:
            self.long_left -= 1
            return self.random.choice(LENGTHS)
        return {"empty": 0, "null": 0, "lowest": 0, "highest": 200}.get(self.style, self.random.randrange(12))

    def _text(self):
        """The length is that of the bytes: a string is as long as its UTF-8."""
        length = self._length()
        if self.style in ("long", "highest"):
            return "\u00e4" * (length // 2) + "x" * (length % 2)
        return "".join(self.random.choice(LETTERS) for _ in range(length))


def holds(versions, version):
    return versions[0] <= version <= versions[1]


def default_of(field):
    """The value that leaves a tagged field unwritten."""
    if field.default == "null":
        return None
    if field.is_array:
        return []
    if field.type in ("string", "bytes", "records"):
        return field.default or ""
    if field.type == "uuid":
        return "A" * 22
    if field.type == "bool":
        return field.default == "true"
    return float(field.default or 0) if field.type == "float64" else int(field.default or 0)
