"""What a planted bug is, and the test that must notice it.

`text` stands exactly once in `file`; tests/layout/test_mutants.py holds that fast. A test is a unit
test (program, filter) or an end-to-end one (file, -k expression).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    program: str
    filter: str


@dataclass(frozen=True)
class EndToEnd:
    file: str
    expression: str


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    text: str
    replacement: str
    test: Unit | EndToEnd


def words_of(test):
    """As the table of README.md names it."""
    return f"`{test.program}` `{test.filter}`" if isinstance(test, Unit) else f"`{test.file}` `-k {test.expression}`"
