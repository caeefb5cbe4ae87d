"""Reads the schema notation (docs/formats/schema-notation.md) into Message, Struct and Field objects.

Every mistake in a schema file is a SchemaError that names the file and the line.
"""
import re
from dataclasses import dataclass, field as dataclass_field
from pathlib import Path
from typing import Dict, List, Optional

NEVER = 32767  # the first flexible version of a message that has none
SCALARS = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "float64": 8,
           "uuid": 16, "error_code": 2}
VARIABLE = ("string", "bytes", "records")


class SchemaError(Exception):
    pass


@dataclass(frozen=True)
class Range:
    """Versions from first to last, both included."""
    first: int
    last: int

    def __contains__(self, version):
        return self.first <= version <= self.last

    def covers(self, other):
        return self.first <= other.first and other.last <= self.last


@dataclass
class Field:
    name: str
    type: str                      # a name of SCALARS or VARIABLE, or that of a struct
    is_array: bool
    versions: Range
    nullable: Optional[Range]
    default: Optional[str]         # as written; None where the line gives none
    tag: Optional[int]
    plain: bool                    # keeps the old form of lengths in flexible versions
    struct: Optional["Struct"] = None


@dataclass
class Struct:
    name: str
    versions: Range
    fields: List[Field] = dataclass_field(default_factory=list)


@dataclass
class Message:
    kind: str                      # request, response, header, record, coordinator_key, coordinator_value or data
    name: str
    key: Optional[int]             # api key or record type
    versions: Range
    flexible: int
    root: Struct
    structs: List[Struct]          # nested ones, each after those it uses
    api: Optional[str] = None


@dataclass
class SchemaFile:
    path: str                      # relative to schema/
    stem: str
    messages: List[Message]


HEAD = re.compile(r"(api|record|coordinator|header|data)(?: (\d+))? (\w+) versions (\d+)(?:-(\d+))? "
                  r"flexible (?:(\d+)\+|none)$")
FIELD = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\s+(?P<array>\[\])?(?P<type>\w+)(?P<null>\?(?P<nullfrom>\d+\+)?)?"
                   r"(?:\s+(?P<first>\d+)(?P<more>\+|-(?P<last>\d+))?)?(?:\s+=\s*(?P<default>\S+))?"
                   r"(?:\s+tag\s+(?P<tag>\d+))?(?P<plain>\s+plain)?$")


class Parser:
    def __init__(self, path: Path, shown: str):
        self.shown = shown
        self.lines = []            # (line number, depth, text)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text = line.split("#", 1)[0].rstrip()
            if not text:
                continue
            indent = len(text) - len(text.lstrip(" "))
            if indent % 4 or "\t" in text:
                raise SchemaError(f"{shown}:{number}: indent by four blanks a level")
            self.lines.append((number, indent // 4, text.strip()))
        self.at = 0

    def fail(self, number, why):
        raise SchemaError(f"{self.shown}:{number}: {why}")

    def peek_depth(self):
        return self.lines[self.at][1] if self.at < len(self.lines) else -1

    def messages(self) -> List[Message]:
        if not self.lines:
            self.fail(1, "the file is empty")
        number, depth, text = self.lines[0]
        match = HEAD.match(text)
        if depth or not match:
            self.fail(number, "expected: api|record|coordinator|header|data [ID] NAME versions A-B flexible C+|none")
        kind, key, name, first, last, flexible = match.groups()
        if (kind in ("header", "data")) == (key is not None):
            self.fail(number, "api, record and coordinator carry an id, header and data do not")
        self.at = 1
        common = dict(key=None if key is None else int(key), versions=Range(int(first), int(last or first)),
                      flexible=NEVER if flexible is None else int(flexible))
        if kind == "api":
            return [self.section(number, part, part, name + part.capitalize(), dict(common, api=name))
                    for part in ("request", "response")]
        if kind == "coordinator":
            # Behind the type, which is also the version that stands before it, a key has one form for good.
            key_form = dict(common, versions=Range(0, 0), flexible=NEVER)
            return [self.section(number, "key", "coordinator_key", name + "Key", key_form),
                    self.section(number, "value", "coordinator_value", name + "Value", common)]
        return [self.message(kind, name, common)]

    def section(self, number, line, kind, name, common) -> Message:
        if self.peek_depth() != 0 or self.lines[self.at][2] != line:
            self.fail(number, f"expected a line '{line}'")
        self.at += 1
        return self.message(kind, name, common)

    def message(self, kind, name, common) -> Message:
        self.structs: List[Struct] = []
        self.by_name: Dict[str, Struct] = {}
        root = Struct(name, common["versions"])
        self.fields(root, 1)
        if kind not in ("request", "coordinator_key") and self.at < len(self.lines):
            self.fail(self.lines[self.at][0], "unexpected line after the message")
        return Message(kind=kind, name=name, root=root, structs=self.structs, **common)

    def fields(self, owner: Struct, depth: int):
        while self.peek_depth() == depth:
            number, _, text = self.lines[self.at]
            self.at += 1
            if text.startswith("struct "):
                self.new_struct(number, text.split()[1], owner.versions, depth + 1)
            else:
                owner.fields.append(self.field(number, text, owner, depth))
        if self.peek_depth() > depth:
            self.fail(self.lines[self.at][0], "indented too far")
        tags = sorted(f.tag for f in owner.fields if f.tag is not None)
        names = [f.name for f in owner.fields]
        if len(set(tags)) != len(tags) or len(set(names)) != len(names):
            self.fail(self.lines[self.at - 1][0], f"a name or a tag of {owner.name} stands twice")

    def new_struct(self, number, name, versions, depth) -> Struct:
        if name in self.by_name:
            self.fail(number, f"struct {name} is defined twice")
        struct = self.by_name[name] = Struct(name, versions)
        self.fields(struct, depth)
        if not struct.fields:
            self.fail(number, f"struct {name} has no fields")
        self.structs.append(struct)
        return struct

    def field(self, number, text, owner, depth) -> Field:
        match = FIELD.match(text)
        if not match:
            self.fail(number, "expected: name type[?] [versions] [= default] [tag N] [plain]")
        versions = owner.versions
        if match["first"]:
            first = int(match["first"])
            last = versions.last if match["more"] == "+" else int(match["last"] or first)
            if not first <= last or not versions.covers(Range(first, last)):
                self.fail(number, "these versions lie outside those of the message or struct")
            versions = Range(first, last)
        nullable = None
        if match["null"]:
            start = int(match["nullfrom"][:-1]) if match["nullfrom"] else versions.first
            nullable = Range(start, versions.last)
            if not versions.covers(nullable) or (match["type"] in SCALARS and not match["array"]):
                self.fail(number, "cannot be null in these versions")
        found = Field(match["name"], match["type"], bool(match["array"]), versions, nullable, match["default"],
                      None if match["tag"] is None else int(match["tag"]), bool(match["plain"]))
        if found.type not in SCALARS and found.type not in VARIABLE:
            self.resolve_struct(number, found, depth)
        if found.default == "null" and not nullable:
            self.fail(number, "the default is null but the field is not nullable")
        if found.is_array and found.default not in (None, "null"):
            self.fail(number, "an array defaults to empty or null")
        return found

    def resolve_struct(self, number, found: Field, depth):
        if self.peek_depth() == depth + 1:
            found.struct = self.new_struct(number, found.type, found.versions, depth + 1)
        elif found.type in self.by_name:
            found.struct = self.by_name[found.type]
        else:
            self.fail(number, f"unknown type {found.type}")
        if not found.is_array and found.nullable and found.nullable != found.versions:
            self.fail(number, "a nullable struct is nullable in all its versions")


def read_schema(root: Path) -> List[SchemaFile]:
    """All files below `root`, in the order of their paths; file stems and message names are unique. So are numbers,
    but for those of coordinators' records: each topic counts its own."""
    files = []
    for path in sorted(root.rglob("*.msg")):
        shown = path.relative_to(root).as_posix()
        files.append(SchemaFile(shown, path.stem, Parser(path, shown).messages()))
    for what in ([f.stem for f in files], [m.name for f in files for m in f.messages],
                 [(m.kind, m.key) for f in files for m in f.messages if m.key is not None and not m.kind.startswith("coordinator")]):
        twice = sorted({str(w) for w in what if what.count(w) > 1})
        if twice:
            raise SchemaError(f"defined twice: {', '.join(twice)}")
    return files
