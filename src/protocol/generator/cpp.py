"""How names, types and defaults of the notation look in C++, and the text builder of the emitters."""
from typing import List

from .notation import SCALARS, Field, Range, Struct

CPP_TYPES = {"bool": "bool", "float64": "double", "string": "std::string", "bytes": "base::Bytes", "uuid": "base::Uuid",
             "records": "Records", "error_code": "ErrorCode"}
CPP_TYPES.update({f"{sign}int{bits}": f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)})
KEYWORDS = set("default delete operator private public protected class struct union enum new this true false and or not "
               "register template typename virtual volatile export import explicit friend inline static switch".split())


def cpp_name(field: Field) -> str:
    return field.name + "_" if field.name in KEYWORDS else field.name


def member(field: Field) -> str:
    """As code inside read() and write() names it; a field may be called `version` as their parameter is."""
    return "this->" + cpp_name(field)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def snake(name: str) -> str:
    out = ""
    for i, letter in enumerate(name):
        starts = letter.isupper() and i and (not name[i - 1].isupper() or name[i + 1:i + 2].islower())
        out += ("_" if starts else "") + letter.lower()
    return out


def element_type(field: Field) -> str:
    return field.struct.name if field.struct else CPP_TYPES[field.type]


def is_optional(field: Field) -> bool:
    return field.nullable is not None and (field.is_array or field.type != "records")


def cpp_type(field: Field) -> str:
    inner = element_type(field)
    if field.is_array:
        inner = f"std::vector<{inner}>"
    return f"std::optional<{inner}>" if is_optional(field) else inner


def literal(field: Field) -> str:
    """The default of a scalar or string as C++."""
    text = field.default
    if field.type == "string":
        return f'"{text or ""}"'
    if field.type == "bool":
        return text or "false"
    if field.type == "error_code":
        return "ErrorCode::none"
    if field.type == "int64" and text == str(-2 ** 63):
        return "std::numeric_limits<std::int64_t>::min()"
    return text or "0"


def starts_null_but_defaults_to_empty(field: Field) -> bool:
    """A tagged struct that may be null: left out it is an empty one, which nobody ever means; null is written."""
    return bool(field.struct and field.nullable and not field.is_array and field.tag is not None and field.default != "null")


def initializer(field: Field) -> str:
    if is_optional(field):
        if field.default == "null" or starts_null_but_defaults_to_empty(field):
            return ""
        inner = element_type(field)
        if field.is_array:
            return f" = std::vector<{inner}>{{}}"
        return f" = {literal(field)}" if field.type == "string" else f" = {inner}{{}}"
    if field.is_array or field.struct or field.type in ("bytes", "uuid", "records"):
        return ""
    if field.type == "string":
        return f" = {literal(field)}" if field.default else ""
    return f" = {literal(field)}"


def differs_from_default(field: Field) -> str:
    name = member(field)
    if is_optional(field):
        if field.default == "null":
            return f"{name}.has_value()"
        if field.is_array or field.type == "bytes":
            return f"!({name} && {name}->empty())"
        if field.struct:
            return f"!({name} && *{name} == {field.type}{{}})"
        return f"{name} != {literal(field)}"
    if field.is_array or field.type == "bytes" or (field.type == "string" and not field.default):
        return f"!{name}.empty()"
    if field.struct:
        return f"{name} != {field.type}{{}}"
    if field.type == "uuid":
        return f"!{name}.is_zero()"
    return f"{name} != {literal(field)}"


def within(wanted: Range, possible: Range) -> str:
    """The condition for `version` to be in `wanted`, knowing that it is in `possible`; '' when it always is."""
    checks = []
    if wanted.first > possible.first:
        checks.append(f"version >= {wanted.first}")
    if wanted.last < possible.last:
        checks.append(f"version <= {wanted.last}")
    return " && ".join(checks)


def min_size(struct: Struct, flexible: int) -> int:
    """The fewest bytes any version of the struct takes; counts of arrays are checked against it."""
    def of(field: Field, version: int) -> int:
        if field.tag is not None or version not in field.versions:
            return 0
        compact = version >= flexible and not field.plain
        if field.is_array or field.type in ("bytes", "records"):
            return 1 if compact else 4
        if field.type == "string":
            return 1 if compact else 2
        if field.struct:
            return 1 if field.nullable else at(field.struct, version)
        return SCALARS[field.type]

    def at(which: Struct, version: int) -> int:
        return sum(of(field, version) for field in which.fields) + (1 if version >= flexible else 0)

    return max(1, min(at(struct, version) for version in range(struct.versions.first, struct.versions.last + 1)))


class Code:
    def __init__(self):
        self.lines: List[str] = []
        self.depth = 0

    def __call__(self, text=""):
        self.lines.append("    " * self.depth + text if text else "")

    def block(self, head):
        return Block(self, head)

    def text(self):
        return "\n".join(self.lines) + "\n"


class Block:
    """`with code.block("if (x)"):` braces and indents; an empty head adds nothing."""
    def __init__(self, code, head):
        self.code, self.head = code, head

    def __enter__(self):
        if self.head:
            self.code(self.head + " {")
            self.code.depth += 1

    def __exit__(self, *_):
        if self.head:
            self.code.depth -= 1
            self.code("}")
