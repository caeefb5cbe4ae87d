"""Message schemas, Apache Kafka's (JSON in its jars) and ours (src/protocol/schema), in one form that can be compared.

Version ranges are cut to the versions that the message has, and further down to those of the field around; what lies
outside them means nothing. Kafka's mapKey, entityType and ignorable say nothing about bytes and are left out.
"""

import json
import re
import sys
import zipfile
from dataclasses import dataclass
from functools import cache

from lib import broker as brokers

sys.path.insert(0, str(brokers.ROOT / "src" / "protocol"))
from generator import cpp, notation  # noqa: E402

SCHEMA_DIR = brokers.ROOT / "src" / "protocol" / "schema"
KINDS = {"request": "api", "response": "api", "metadata": "record", "coordinator-key": "coordinator_key",
         "coordinator-value": "coordinator_value"}


@dataclass(frozen=True)
class Field:
    name: str
    type: str                # int16, string, … or struct
    is_array: bool
    versions: tuple          # (first, last)
    nullable: tuple          # (first, last) or None
    tag: int                 # or None
    tagged: tuple            # versions in which it is tagged, or None
    default: str             # None for zero, empty and false
    plain: bool              # keeps the old form of lengths in flexible versions
    fields: tuple = ()       # of a struct


@dataclass(frozen=True)
class Message:
    name: str
    kind: str
    key: int                 # API key or record type, or None
    versions: tuple
    flexible: int            # first flexible version, or None
    fields: tuple


def overlap(a, b):
    first, last = max(a[0], b[0]), min(a[1], b[1])
    return (first, last) if first <= last else None


def canonical_default(type_name, is_array, text):
    """One way to write each default, None for what is zero, empty or false."""
    text = "" if text is None else str(text)
    if text == "null":
        return "null"
    if is_array or type_name in ("struct", "bytes", "records", "uuid"):
        assert text in ("", "{}"), f"no canonical form for the default {text!r} of {type_name}"
        return None
    if type_name == "string":
        return text or None
    if type_name == "bool":
        return "true" if text.lower() == "true" else None
    if type_name == "float64":
        return str(float(text)) if float(text or 0) else None
    return str(int(text, 0)) if int(text or "0", 0) else None


# ---- Apache Kafka's ------------------------------------------------------------------------


@cache
def kafka_texts():
    """{message name: its JSON} of every schema in the jars."""
    found = {}
    for jar in sorted(brokers.JARS.glob("*.jar")):
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.namelist():
                if re.fullmatch(r"common/(message|metadata)/\w+\.json", entry):
                    text = re.sub(r"^\s*//.*$", "", archive.read(entry).decode(), flags=re.M)
                    schema = json.loads(text)
                    found[schema["name"]] = schema
    return found


def kafka_range(text, within):
    """The part of Kafka's "0-3", "4+", "2" or "none" that lies within a range, or None."""
    if text in (None, "none"):
        return None
    first, _, last = text.partition("-")
    return overlap((int(first.rstrip("+")), int(last) if last else 32767 if "+" in first else int(first)), within)


@cache
def kafka_message(name):
    """The schema of a message, its versions being the stable ones; None if Kafka has none of that name."""
    schema = kafka_texts().get(name)
    if schema is None or schema["validVersions"] == "none":
        return None
    versions = kafka_range(schema["validVersions"], (0, 32767))
    # Said of a request, and meant of its response as well.
    asked = kafka_texts().get(name.removesuffix("Response") + "Request", schema)
    if asked.get("latestVersionUnstable"):
        versions = (versions[0], versions[1] - 1)
    flexible = kafka_range(schema["flexibleVersions"], versions)
    structs = {struct["name"]: struct for struct in schema.get("commonStructs", [])}
    return Message(name, KINDS.get(schema["type"], schema["type"]), schema.get("apiKey"), versions,
                   flexible and flexible[0], kafka_fields(schema["fields"], versions, structs))


def kafka_fields(described, within, structs):
    fields = []
    for one in described:
        versions = kafka_range(one.get("versions", one.get("taggedVersions")), within)
        if versions is None:
            continue
        is_array = one["type"].startswith("[]")
        type_name = one["type"].removeprefix("[]")
        inner = ()
        if type_name[0].isupper():
            struct = one if "fields" in one else structs[type_name]
            inner = kafka_fields(struct["fields"], versions, structs)
            type_name = "struct"
        tagged = kafka_range(one.get("taggedVersions"), versions)
        fields.append(Field(
            one["name"][0].lower() + one["name"][1:], type_name, is_array, versions,
            kafka_range(one.get("nullableVersions"), versions), one.get("tag") if tagged else None, tagged,
            canonical_default(type_name, is_array, one.get("default")), one.get("flexibleVersions") == "none", inner))
    return tuple(fields)


# ---- ours ------------------------------------------------------------------------------------


@cache
def our_messages():
    """[(schema file, Message)] of everything below src/protocol/schema that Kafka has, too."""
    return [(file.path, our_message(message)) for file in notation.read_schema(SCHEMA_DIR)
            if not str(file.path).startswith("tideline/") for message in file.messages]


def our_message(message):
    versions = (message.versions.first, message.versions.last)
    flexible = message.flexible if message.flexible <= versions[1] else None
    kind = "api" if message.api else message.kind
    return Message(message.name, kind, message.key, versions, flexible and max(flexible, versions[0]),
                   our_fields(message.root, versions))


def our_fields(struct, within):
    fields = []
    for one in struct.fields:
        versions = overlap((one.versions.first, one.versions.last), within)
        if versions is None:
            continue
        type_name = "struct" if one.struct else {"error_code": "int16"}.get(one.type, one.type)
        inner = our_fields(one.struct, versions) if one.struct else ()
        nullable = one.nullable and overlap((one.nullable.first, one.nullable.last), versions)
        fields.append(Field(
            cpp.camel(one.name), type_name, one.is_array, versions, nullable, one.tag,
            versions if one.tag is not None else None,
            canonical_default(type_name, one.is_array, one.default), one.plain, inner))
    return tuple(fields)
