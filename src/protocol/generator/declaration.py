"""The header of a schema file: plain structs with their defaults."""
from .cpp import Code, cpp_name, cpp_type, initializer, snake
from .notation import NEVER, Field, Message, SchemaFile, Struct

FIRST_OWN_KEY = 31000  # APIs of Tideline, which api_key.h, Kafka's list, does not have


def field_comment(field: Field, owner: Struct) -> str:
    words = []
    if field.versions != owner.versions:
        last = field.versions.last
        words.append(f"v{field.versions.first}+" if last == owner.versions.last else f"v{field.versions.first}-{last}")
    if field.tag is not None:
        words.append(f"tag {field.tag}")
    return "  // " + ", ".join(words) if words else ""


def emit_members(out: Code, struct: Struct):
    for field in struct.fields:
        out(f"{cpp_type(field)} {cpp_name(field)}{initializer(field)};{field_comment(field, struct)}")
    if struct.fields:
        out()


def emit_codec_declarations(out: Code, name: str):
    out("void read(Reader& in, std::int16_t version);")
    out("void write(Writer& out, std::int16_t version) const;")
    out(f"friend bool operator==(const {name}&, const {name}&) = default;")


def emit_message_declaration(out: Code, message: Message):
    with out.block(f"struct {message.name}"):
        if message.kind in ("request", "response"):
            key = f"ApiKey::{snake(message.api)}" if message.key < FIRST_OWN_KEY else f"ApiKey{{{message.key}}}"
            out(f"static constexpr ApiKey kApiKey = {key};")
        if message.kind in ("record", "coordinator_key", "coordinator_value"):
            out(f"static constexpr std::int16_t kRecordType = {message.key};")
        out(f"static constexpr std::int16_t kMinVersion = {message.versions.first};")
        out(f"static constexpr std::int16_t kMaxVersion = {message.versions.last};")
        out(f"static constexpr std::int16_t kFirstFlexibleVersion = "
            f"{'kNeverFlexible' if message.flexible == NEVER else message.flexible};")
        if message.kind == "request":
            out(f"using Response = {message.api}Response;")
        out()
        for struct in message.structs:
            with out.block(f"struct {struct.name}"):
                emit_members(out, struct)
                emit_codec_declarations(out, struct.name)
            out.lines[-1] += ";"
            out()
        emit_members(out, message.root)
        out(f"static Result<{message.name}> decode(Reader& in, std::int16_t version);")
        out("void encode(Writer& out, std::int16_t version) const;")
        out("std::string to_json(std::int16_t version) const;")
        out("static const MessageSchema& schema();")
        emit_codec_declarations(out, message.name)
    out.lines[-1] += ";"


def header(file: SchemaFile) -> str:
    out = Code()
    out(f"// Generated from src/protocol/schema/{file.path}; edit that.")
    out("#pragma once")
    out()
    out('#include "protocol/message.h"')
    out()
    out("namespace tideline::protocol {")
    for message in file.messages:
        out()
        if message.kind == "request":
            out(f"struct {message.api}Response;")
            out()
        emit_message_declaration(out, message)
    out()
    out("}  // namespace tideline::protocol")
    return out.text()
