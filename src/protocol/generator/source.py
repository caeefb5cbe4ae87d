"""The source of a schema file: its codecs and its schema as data."""
from .codec import emit_read, emit_write
from .cpp import Code, camel
from .notation import NEVER, Message, SchemaFile, Struct


def emit_field_schemas(out: Code, message: Message, struct: Struct):
    def range_text(r):
        return f"{{{r.first}, {r.last}}}" if r else "{}"
    if not struct.fields:
        return
    out(f"constexpr FieldSchema k{message.name}_{struct.name}[] = {{")
    for field in struct.fields:
        fields = f"k{message.name}_{field.struct.name}" if field.struct else "{}"
        kind = "structure" if field.struct else "boolean" if field.type == "bool" else field.type
        out(f'    {{"{camel(field.name)}", FieldType::{kind}, {str(field.is_array).lower()}, {str(field.plain).lower()}, '
            f'{range_text(field.versions)}, {range_text(field.nullable)}, {-1 if field.tag is None else field.tag}, '
            f'"{field.default or ""}", {fields}}},')
    out("};")


def emit_schema(out: Code, message: Message):
    for struct in message.structs + [message.root]:
        emit_field_schemas(out, message, struct)
    fields = f"k{message.name}_{message.name}" if message.root.fields else "{}"
    flexible = "kNeverFlexible" if message.flexible == NEVER else message.flexible
    out(f'constexpr MessageSchema k{message.name}{{"{message.name}", MessageKind::{message.kind}, '
        f'{-1 if message.key is None else message.key}, {{{message.versions.first}, {message.versions.last}}}, '
        f'{flexible}, {fields}, &decode_any<{message.name}>, &make_any<{message.name}>}};')


def source(file: SchemaFile) -> str:
    out = Code()
    out(f"// Generated from src/protocol/schema/{file.path}; edit that.")
    out(f'#include "protocol/messages/{file.stem}.h"')
    out()
    out('#include "protocol/any_message.h"')
    out('#include "protocol/message_schema.h"')
    out('#include "protocol/reader.h"')
    out('#include "protocol/writer.h"')
    out()
    out("namespace tideline::protocol {")
    out("namespace {")
    for message in file.messages:
        out()
        emit_schema(out, message)
    out()
    out("}  // namespace")
    for message in file.messages:
        for struct in message.structs + [message.root]:
            path = message.name if struct is message.root else f"{message.name}::{struct.name}"
            out()
            emit_read(out, struct, path, message.flexible)
            out()
            emit_write(out, struct, path, message.flexible)
        name = message.name
        out()
        out(f"const MessageSchema& {name}::schema() {{ return k{name}; }}")
        with out.block(f"Result<{name}> {name}::decode(Reader& in, std::int16_t version)"):
            out(f"return decode_message<{name}>(in, version);")
        with out.block(f"void {name}::encode(Writer& out, std::int16_t version) const"):
            out("TL_CHECK(version >= kMinVersion && version <= kMaxVersion);")
            out("write(out, version);")
        with out.block(f"std::string {name}::to_json(std::int16_t version) const"):
            out("return message_to_json(*this, version);")
    out()
    out("}  // namespace tideline::protocol")
    return out.text()
