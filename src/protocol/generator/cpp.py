"""Turns messages into C++: one header and one source per schema file."""
from typing import List

from .notation import NEVER, SCALARS, Field, Message, Range, SchemaFile, Struct

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


def initializer(field: Field) -> str:
    if is_optional(field):
        if field.default == "null":
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
            out(f"static constexpr ApiKey kApiKey = ApiKey::{snake(message.api)};")
        if message.kind == "record":
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


def flexible_word(field: Field) -> str:
    return "true" if field.tag is not None else "false" if field.plain else "flexible"


def nullable_argument(field: Field, possible: Range) -> str:
    condition = within(field.nullable, possible)
    return f", {condition}" if condition else ""


def emit_read_value(out: Code, field: Field, possible: Range, flexible: int):
    name, word = member(field), flexible_word(field)
    if field.is_array:
        size = min_size(field.struct, flexible) if field.struct else SCALARS.get(field.type, 1)
        count = f"{word}, {size}, sizeof({element_type(field)})"
        if field.nullable:
            head = f"if (auto count = in.read_nullable_count({count}{nullable_argument(field, possible)}))"
            target, left = "list", "*count"
        else:
            head, target, left = "", name, f"in.read_count({count})"
        with out.block(head):
            if field.nullable:
                out(f"auto& list = {name}.emplace();")
            with out.block(f"for (auto left = {left}; left > 0 && in.ok(); --left)"):
                if field.struct:
                    out(f"{target}.emplace_back().read(in, version);")
                else:
                    out(f"{target}.push_back({scalar_read(field.type, word)});")
        if field.nullable:
            with out.block("else"):
                out(f"{name}.reset();")
    elif field.struct and field.nullable:
        with out.block("if (in.read_present())"):
            # Not emplace(): inside the enclosing struct the nested one did not count as default constructible.
            out(f"{name} = {field.type}{{}};")
            out(f"{name}->read(in, version);")
        with out.block("else"):
            out(f"{name}.reset();")
    elif field.struct:
        out(f"{name}.read(in, version);")
    elif field.type == "records":
        nullable = field.nullable.covers(possible) if field.nullable else False
        out(f"{name} = in.read_records({word}, {'true' if nullable else 'false'});")
    elif field.nullable:
        out(f"{name} = in.read_nullable_{field.type}({word}{nullable_argument(field, possible)});")
    else:
        out(f"{name} = {scalar_read(field.type, word)};")


def scalar_read(type_name: str, word: str) -> str:
    return f"in.read_{type_name}({word if type_name in ('string', 'bytes') else ''})"


def emit_write_value(out: Code, field: Field, possible: Range, writer="out"):
    name, word = member(field), flexible_word(field)
    if field.is_array:
        source = f"*{name}" if field.nullable else name
        access = f"{name}->size()" if field.nullable else f"{name}.size()"
        with out.block(f"if ({name})" if field.nullable else ""):
            out(f"{writer}.write_count({access}, {word});")
            with out.block(f"for (const auto& element : {source})"):
                if field.struct:
                    out(f"element.write({writer}, version);")
                else:
                    out(scalar_write(writer, field.type, "element", word))
        if field.nullable:
            with out.block("else"):
                out(f"{writer}.write_null_array({word}{nullable_argument(field, possible)});")
    elif field.struct and field.nullable:
        out(f"{writer}.write_present({name}.has_value());")
        with out.block(f"if ({name})"):
            out(f"{name}->write({writer}, version);")
    elif field.struct:
        out(f"{name}.write({writer}, version);")
    elif field.type == "records":
        out(f"{writer}.write_records({name}, {word});")
    elif field.nullable:
        out(f"{writer}.write_nullable_{field.type}({name}, {word}{nullable_argument(field, possible)});")
    else:
        out(scalar_write(writer, field.type, name, word))


def scalar_write(writer: str, type_name: str, value: str, word: str) -> str:
    return f"{writer}.write_{type_name}({value}{f', {word}' if type_name in ('string', 'bytes') else ''});"


def split(struct: Struct):
    tagged = sorted((f for f in struct.fields if f.tag is not None), key=lambda f: f.tag)
    return [f for f in struct.fields if f.tag is None], tagged


def guard(condition: str) -> str:
    return f"if ({condition})" if condition else ""


def emit_flexible_flag(out: Code, struct: Struct, flexible: int):
    if flexible <= struct.versions.first:
        out("constexpr bool flexible = true;")
    elif flexible > struct.versions.last:
        out("constexpr bool flexible = false;")
    else:
        out(f"const bool flexible = version >= {flexible};")


def emit_read(out: Code, struct: Struct, path: str, flexible: int):
    plain, tagged = split(struct)
    with out.block(f"void {path}::read(Reader& in, [[maybe_unused]] std::int16_t version)"):
        emit_flexible_flag(out, struct, flexible)
        for field in plain:
            condition = within(field.versions, struct.versions)
            with out.block(guard(condition)):
                emit_read_value(out, field, field.versions, flexible)
        with out.block("if (flexible)"):
            if not tagged:
                out("in.skip_tags();")
            else:
                with out.block("for (auto left = in.read_tag_count(); left > 0 && in.ok(); --left)"):
                    out("const Reader::Tag tag = in.read_tag();")
                    with out.block("switch (tag.number)"):
                        for field in tagged:
                            emit_tag_case(out, field, struct, flexible)
                        out("default:")
                        out("    in.skip_tag(tag);")
                    out("in.end_tag(tag);")


def emit_tag_case(out: Code, field: Field, struct: Struct, flexible: int):
    with out.block(f"case {field.tag}:"):
        possible = Range(max(struct.versions.first, flexible), struct.versions.last)
        condition = within(field.versions, possible)
        if condition:
            with out.block(f"if (!({condition}))"):
                out("in.fail_tag();")
                out("break;")
        # Should a tag come twice, the last one counts, as in Kafka.
        if field.is_array and not field.nullable:
            out(f"{member(field)}.clear();")
        elif field.struct and not field.is_array:
            out(f"{member(field)} = {{}};")
        emit_read_value(out, field, field.versions, flexible)
        out("break;")


def emit_write(out: Code, struct: Struct, path: str, flexible: int):
    plain, tagged = split(struct)
    with out.block(f"void {path}::write(Writer& out, [[maybe_unused]] std::int16_t version) const"):
        emit_flexible_flag(out, struct, flexible)
        for field in plain:
            condition = within(field.versions, struct.versions)
            with out.block(guard(condition)):
                emit_write_value(out, field, field.versions)
        with out.block("if (flexible)"):
            if not tagged:
                out("out.write_no_tags();")
            else:
                out("TagSection tags;")
                possible = Range(max(struct.versions.first, flexible), struct.versions.last)
                for field in tagged:
                    condition = within(field.versions, possible)
                    with out.block(guard(" && ".join(filter(None, [condition, differs_from_default(field)])))):
                        out(f"Writer& tag = tags.begin({field.tag});")
                        emit_write_value(out, field, field.versions, "tag")
                        out("tags.end();")
                out("out.write_tags(tags);")


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
