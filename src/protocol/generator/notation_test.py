"""Mistakes in a schema file are found and named. Run by ctest; also: python3 -m unittest notation_test."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from generator import declaration, notation, source  # noqa: E402

HEAD = "data Thing versions 0-3 flexible 2+\n"


def read(text, name="thing.msg"):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(text)
        return notation.read_schema(Path(folder))


class Notation(unittest.TestCase):
    def refused(self, text, line, why):
        with self.assertRaises(notation.SchemaError) as caught:
            read(text)
        self.assertIn(f"thing.msg:{line}: ", str(caught.exception))
        self.assertIn(why, str(caught.exception))

    def test_a_field_line_gives_type_versions_nullability_default_and_tag(self):
        message = read(HEAD + "    name  string?2+  1+  = null tag 3  # why\n")[0].messages[0]
        field = message.root.fields[0]
        self.assertEqual((field.name, field.type, field.default, field.tag), ("name", "string", "null", 3))
        self.assertEqual((field.versions, field.nullable), (notation.Range(1, 3), notation.Range(2, 3)))

    def test_the_fields_of_a_struct_live_in_its_versions(self):
        message = read(HEAD + "    inner []Inner 1-2\n        id int32\n")[0].messages[0]
        self.assertEqual(message.structs[0].fields[0].versions, notation.Range(1, 2))

    def test_mistakes_name_the_file_and_the_line(self):
        self.refused("data Thing\n", 1, "expected")
        self.refused(HEAD + "  id int32\n", 2, "indent")
        self.refused(HEAD + "    id\n", 2, "expected")
        self.refused(HEAD + "    id int33\n", 2, "unknown type int33")
        self.refused(HEAD + "    id int32 4+\n", 2, "outside")
        self.refused(HEAD + "    id int32?\n", 2, "null")
        self.refused(HEAD + "    id string = null\n", 2, "not nullable")
        self.refused(HEAD + "    id int32\n    id int32\n", 3, "twice")
        self.refused(HEAD + "    id int32\n        deeper int32\n", 3, "indented")
        self.refused("api 1 Thing versions 0 flexible 0+\nrequest\n    id int32\n", 1, "response")

        self.refused("coordinator 1 Thing versions 0 flexible 0+\nkey\n    id int32\n", 1, "value")
        self.refused("coordinator Thing versions 0 flexible 0+\nkey\nvalue\n", 1, "carry an id")
        self.refused(HEAD + "    inner Inner?1+\n        id int32\n", 2, "nullable in all")

    def test_a_coordinator_record_is_a_key_of_one_form_and_a_value_with_versions(self):
        head = "coordinator 7 Thing versions 0-3 flexible 2+\n"
        key, value = read(head + "key\n    id int32\nvalue\n    name string 1+\n")[0].messages
        self.assertEqual((key.kind, key.name, key.key), ("coordinator_key", "ThingKey", 7))
        self.assertEqual((key.versions, key.flexible), (notation.Range(0, 0), notation.NEVER))
        self.assertEqual((value.kind, value.name, value.key), ("coordinator_value", "ThingValue", 7))
        self.assertEqual((value.versions, value.flexible), (notation.Range(0, 3), 2))

    def test_a_nullable_struct_may_have_a_tag(self):
        files = read(HEAD + "    inner Inner? 2+ = null tag 0\n        id int32\n")
        self.assertIn("std::optional<Inner> inner;", declaration.header(files[0]))
        self.assertIn("if (this->inner.has_value())", source.source(files[0]))

    def test_a_field_named_like_a_keyword_still_compiles_by_name(self):
        files = read(HEAD + "    default int32\n")
        self.assertIn("std::int32_t default_ = 0;", declaration.header(files[0]))
        self.assertIn("this->default_ = in.read_int32();", source.source(files[0]))


if __name__ == "__main__":
    unittest.main()
