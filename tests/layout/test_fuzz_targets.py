"""Every fuzz target is run by CI: scripts/fuzz takes what tests/fuzz/runs names."""

import pathlib

FUZZ = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fuzz"


def rows():
    return [line.split() for line in (FUZZ / "runs").read_text().splitlines()]


def test_every_target_has_one_row_with_a_number_of_runs():
    targets = {path.name.removesuffix("_fuzz.cc") for path in FUZZ.glob("*_fuzz.cc")}
    assert sorted(name for name, _ in rows()) == sorted(targets)
    assert all(int(runs) > 0 for _, runs in rows())


def test_every_input_that_is_kept_is_small_and_belongs_to_a_target():
    names = {name for name, _ in rows()}
    for path in (FUZZ / "corpus").rglob("*"):
        if path.is_file():
            assert path.parent.name in names, path
            assert path.stat().st_size <= 4096, path
