"""The bugs that scripts/mutants plants still have their place in the code."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "mutants"))

from mutant import Unit  # noqa: E402
from planted import MUTANTS, table  # noqa: E402


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_text_of_a_planted_bug_is_found_exactly_once(mutant):
    assert (ROOT / mutant.file).read_text().count(mutant.text) == 1
    assert mutant.replacement != mutant.text
    if not isinstance(mutant.test, Unit):
        assert (ROOT / mutant.test.file).exists()


def test_each_planted_bug_has_a_name_of_its_own():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 8


def test_the_table_of_the_readme_names_every_planted_bug_and_its_test():
    """`python3 tests/mutants/run.py --table` writes it anew."""
    assert table() in (ROOT / "tests" / "mutants" / "README.md").read_text()
