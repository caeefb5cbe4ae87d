"""read() and write() of every struct: straight code, one condition for each field that not all versions carry."""
from .cpp import (Code, differs_from_default, element_type, member, min_size, starts_null_but_defaults_to_empty,
                  within)
from .notation import SCALARS, Field, Range, Struct


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
        with out.block(f"if ({'in.read_unsigned_varint() > 0' if field.tag is not None else 'in.read_present()'})"):
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
        if field.tag is not None:
            out(f"{writer}.write_unsigned_varint({name} ? 1 : 0);")
        else:
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
                for field in tagged:
                    if starts_null_but_defaults_to_empty(field):
                        out(f"{member(field)} = {field.type}{{}};")
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
