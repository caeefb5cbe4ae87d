#!/usr/bin/env python3
"""generate.py SCHEMA_DIR OUT_DIR: turns the schema files into C++ under OUT_DIR/protocol/messages.

A file whose text did not change is not written again, so that touching one message rebuilds only its users.
"""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from generator import declaration, index, notation, source  # noqa: E402


def outputs(files):
    for file in files:
        yield f"{file.stem}.h", declaration.header(file)
        yield f"{file.stem}.cc", source.source(file)
    yield "all_messages.cc", index.message_index(files)
    yield "metadata_records.h", index.metadata_records_header(files)
    yield "metadata_records.cc", index.metadata_records_source(files)


def main(arguments):
    schema_dir, out_dir = (Path(a) for a in arguments)
    target = out_dir / "protocol" / "messages"
    try:
        files = notation.read_schema(schema_dir)
    except notation.SchemaError as error:
        print(f"error: {schema_dir}/{error}", file=sys.stderr)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    for name, text in outputs(files):
        path = target / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
