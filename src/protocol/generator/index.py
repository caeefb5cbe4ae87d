"""What is generated from all schema files together: the index of messages and the metadata records."""
from typing import List

from .cpp import Code, snake
from .notation import Message, SchemaFile

NOTE = "// Generated from all files of src/protocol/schema; edit those."


def message_index(files: List[SchemaFile]) -> str:
    messages = [m for f in files for m in f.messages]
    requests = sorted((m for m in messages if m.kind == "request"), key=lambda m: m.key)
    out = Code()
    out(NOTE)
    for file in files:
        out(f'#include "protocol/messages/{file.stem}.h"')
    out('#include "protocol/api_schema.h"')
    out('#include "protocol/message_schema.h"')
    out()
    out("namespace tideline::protocol {")
    out()
    with out.block("std::span<const MessageSchema* const> all_messages()"):
        out("static const MessageSchema* const kAll[] = {")
        for message in messages:
            out(f"    &{message.name}::schema(),")
        out("};")
        out("return kAll;")
    out()
    with out.block("std::span<const ApiSchema> all_apis()"):
        out("static constexpr ApiSchema kAll[] = {")
        for request in requests:
            name = request.name
            out(f'    {{{name}::kApiKey, "{request.api}", {name}::kMinVersion, {name}::kMaxVersion, '
                f'{name}::kFirstFlexibleVersion}},')
        out("};")
        out("return kAll;")
    out()
    out("}  // namespace tideline::protocol")
    return out.text()


def records_of(files: List[SchemaFile]) -> List[Message]:
    return sorted((m for f in files for m in f.messages if m.kind == "record"), key=lambda m: m.key)


def metadata_records_header(files: List[SchemaFile]) -> str:
    records = records_of(files)
    out = Code()
    out(NOTE)
    out("#pragma once")
    out()
    out("#include <variant>")
    out()
    for name in sorted(snake(m.name) for m in records):
        out(f'#include "protocol/messages/{name}.h"')
    out()
    out("namespace tideline::protocol {")
    out()
    out("// One KRaft metadata record; protocol/metadata_record.h reads and writes it with its frame.")
    out("using MetadataRecord = std::variant<" + ", ".join(m.name for m in records) + ">;")
    out()
    out("}  // namespace tideline::protocol")
    return out.text()


def metadata_records_source(files: List[SchemaFile]) -> str:
    out = Code()
    out(NOTE)
    out('#include "protocol/metadata_record.h"')
    out('#include "protocol/reader.h"')
    out()
    out("namespace tideline::protocol {")
    out()
    with out.block("Result<MetadataRecord> decode_metadata_body(Reader& in, std::uint32_t type, std::int16_t version)"):
        with out.block("switch (type)"):
            for record in records_of(files):
                out(f"case {record.key}:")
                out(f"    return {record.name}::decode(in, version);")
            out("default:")
            out('    return base::fail(ErrorCode::unsupported_version, "unknown type of metadata record", type);')
    out()
    out("}  // namespace tideline::protocol")
    return out.text()
