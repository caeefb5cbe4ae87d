"""Plants each bug of planted.py in a copy of the tree and checks that its test fails there; see scripts/mutants.

The copy has a build directory of its own; after the first build only what a bug touches is compiled.
Arguments are words of the names of the bugs to plant; none: all. `--table` prints the table of README.md.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mutant import Unit
from planted import MUTANTS, table

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutants"
BUILD = COPY / "build" / "release"
SECONDS = 600
COPIED = ("CMakeLists.txt", "cmake", "src", "bench", "tests", "docs")


def refresh_copy():
    """Makes the copy like the tree, keeping what has not changed: its time says what must be compiled."""
    wanted = set()
    for name in COPIED:
        source = ROOT / name
        for path in [source] if source.is_file() else source.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                wanted.add(path.relative_to(ROOT))
    for old in [path for name in COPIED for path in (COPY / name).rglob("*") if path.is_file()]:
        if old.relative_to(COPY) not in wanted:
            old.unlink()
    for relative in wanted:
        source, target = ROOT / relative, COPY / relative
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            target.touch()


def run(command, **how):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=SECONDS, **how)


def build(targets):
    done = run(["ninja", "-C", str(BUILD), *sorted(targets)])
    if done.returncode != 0:
        raise RuntimeError("does not build:\n" + done.stdout[-4000:])


def target_of(test):
    return test.program if isinstance(test, Unit) else "tideline"


def passes(test):
    """Whether it ran and passed; what it said."""
    if isinstance(test, Unit):
        [program] = BUILD.glob(f"src/*/{test.program}")
        done = run([str(program), "--gtest_brief=1", f"--gtest_filter={test.filter}"])
        # A filter that matches nothing would pass for ever.
        return done.returncode == 0 and "[  PASSED  ] 0 tests" not in done.stdout, done.stdout
    environment = {**os.environ, "TIDELINE_BINARY": str(BUILD / "tideline")}
    done = run(["/usr/bin/python3", "-m", "pytest", "-q", str(ROOT / test.file), "-k", test.expression], env=environment)
    return done.returncode == 0 and " passed" in done.stdout and "skipped" not in done.stdout, done.stdout


def is_caught(mutant):
    """The copy is as it was afterwards."""
    path = COPY / mutant.file
    good = path.read_text()
    assert good.count(mutant.text) == 1, f"{mutant.file} does not hold the text exactly once"
    path.write_text(good.replace(mutant.text, mutant.replacement))
    try:
        build({target_of(mutant.test)})
        passed, said = passes(mutant.test)
        return not passed, said
    finally:
        path.write_text(good)


def main(words):
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    COPY.mkdir(parents=True, exist_ok=True)
    refresh_copy()
    subprocess.run(["cmake", "-S", str(COPY), "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DTL_TESTS=ON"],
                   check=True, stdout=subprocess.DEVNULL)
    good = failed = 0
    build({target_of(mutant.test) for mutant in chosen})
    # A test that fails anyway would catch everything.
    for test in sorted({mutant.test for mutant in chosen}, key=str):
        passed, said = passes(test)
        if not passed:
            print(f"FAIL without any bug: {test}\n{said[-3000:]}")
            failed += 1
    for mutant in chosen:
        try:
            caught, said = is_caught(mutant)
        except (RuntimeError, AssertionError, subprocess.TimeoutExpired) as error:
            caught, said = False, str(error)
        print(f"{'ok  ' if caught else 'FAIL'} {mutant.name}: {'caught by' if caught else 'not caught by'} {mutant.test}", flush=True)
        good, failed = good + caught, failed + (not caught)
        if not caught:
            print(said[-3000:])
    print(f"{good} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print(table(), end="")
    else:
        sys.exit(main(sys.argv[1:]))
