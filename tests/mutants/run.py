"""Plants each bug of planted.py in a program of its own and checks that its test fails there; see scripts/mutants.

The tree and its build stay as they are: what includes the broken file is compiled again beside them, with the broken text found
first, and linked in place of the sound objects.

    run.py [--jobs N] [WORD…]   plants those whose names hold one of the words, or all
    run.py --targets [WORD…]    what must be built before
    run.py --table              the table of README.md
"""

import argparse
import concurrent.futures
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mutant import Unit
from planted import MUTANTS, table

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
PLANTED = ROOT / "build" / "mutants"
SECONDS = 600


class DoesNotBuild(Exception):
    pass


def run(command, **how):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=SECONDS, **how)


def must(command):
    done = run(command, cwd=BUILD)
    if done.returncode != 0:
        raise DoesNotBuild(f"{shlex.join(command)}\n{done.stdout[-4000:]}")
    return done.stdout


def target_of(test):
    return test.program if isinstance(test, Unit) else "tideline"


def command_that_makes(target):
    """The words of the last command that Ninja would run for it, without what the shell has around them."""
    words = shlex.split(must(["ninja", "-t", "commands", target]).splitlines()[-1])
    return words[2:-2] if words[0] == ":" else words


def after(words, flag):
    return words.index(flag) + 1


def read_dependencies():
    """{source or header: the objects that are made of it}."""
    made_of, current = {}, None
    for line in must(["ninja", "-t", "deps"]).splitlines():
        if not line.startswith(" "):
            current = line.split(":")[0]
        elif current.endswith(".o"):
            made_of.setdefault(os.path.normpath(BUILD / line.strip()), []).append(current)
    return made_of


@dataclass
class Program:
    """How a test's program is linked."""

    words: list

    def holds(self, obj):
        return obj in self.words or self._library_of(obj) in self.words

    def with_planted(self, target, objects):
        """The command that links `target`; `objects`: {sound: broken}. A library gives no object whose symbols are there already."""
        words = [objects.get(word, word) for word in self.words]
        place = after(words, "-o")
        return [*words[:place], str(target), *(broken for sound, broken in objects.items() if sound not in self.words),
                *words[place + 1:]]

    @staticmethod
    def _library_of(obj):
        """src/log/CMakeFiles/tl_log.dir/index.cc.o is in src/log/libtl_log.a."""
        folder, _, rest = obj.partition("/CMakeFiles/")
        return f"{folder}/lib{rest.split('.dir/')[0]}.a"


class Planting:
    """Builds programs with one bug each. Threads: any number may plant at once."""

    def __init__(self, tests):
        self._made_of = read_dependencies()
        self._programs = {target: Program(command_that_makes(target)) for target in {target_of(test) for test in tests}}

    def program_with(self, mutant, place):
        """Returns the path of the program that its test must run; everything that is made lies under `place`."""
        good = (ROOT / mutant.file).read_text()
        if good.count(mutant.text) != 1:
            raise DoesNotBuild(f"{mutant.file} does not hold the text exactly once")
        broken = place / mutant.file
        broken.parent.mkdir(parents=True)
        broken.write_text(good.replace(mutant.text, mutant.replacement))
        program = self._programs[target_of(mutant.test)]
        objects = {}
        for obj in self._made_of.get(str(ROOT / mutant.file), []):
            if program.holds(obj):
                objects[obj] = str(place / obj.replace("/", "_"))
                must(self._compilation(obj, objects[obj], ROOT / mutant.file, broken, place))
        if not objects:
            raise DoesNotBuild(f"{target_of(mutant.test)} holds nothing that is made of {mutant.file}")
        must(program.with_planted(place / target_of(mutant.test), objects))
        return place / target_of(mutant.test)

    @staticmethod
    def _compilation(obj, broken_obj, sound, broken, place):
        words = command_that_makes(obj)
        words[after(words, "-o")] = broken_obj
        words[after(words, "-MF")] = broken_obj + ".d"
        if words[after(words, "-c")] == str(sound):
            words[after(words, "-c")] = str(broken)
        includes = next(index for index, word in enumerate(words) if word.startswith("-I"))
        return [*words[:includes], f"-I{place / 'src'}", *words[includes:]]


def passes(test, program):
    """Whether it ran and passed; what it said."""
    if isinstance(test, Unit):
        done = run([str(program), "--gtest_brief=1", f"--gtest_filter={test.filter}"])
        # A filter that matches nothing would pass for ever.
        return done.returncode == 0 and "[  PASSED  ] 0 tests" not in done.stdout, done.stdout
    environment = {**os.environ, "TIDELINE_BINARY": str(program)}
    done = run(["/usr/bin/python3", "-m", "pytest", "-q", str(ROOT / test.file), "-k", test.expression], env=environment)
    return done.returncode == 0 and " passed" in done.stdout and "skipped" not in done.stdout, done.stdout


def sound_program(test):
    [program] = [BUILD / "tideline"] if not isinstance(test, Unit) else BUILD.glob(f"src/*/{test.program}")
    return program


def is_caught(planting, number, mutant):
    """Whether its test noticed; what that said. What survives is left to look at."""
    place = PLANTED / str(number)
    try:
        passed, said = passes(mutant.test, planting.program_with(mutant, place))
    except (DoesNotBuild, subprocess.TimeoutExpired) as error:
        return False, str(error)
    if not passed:
        shutil.rmtree(place)
    return not passed, said


def main(mutants, jobs):
    shutil.rmtree(PLANTED, ignore_errors=True)
    tests = sorted({mutant.test for mutant in mutants}, key=str)
    planting = Planting(tests)
    good = failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # A test that fails anyway would catch everything.
        for test, (passed, said) in zip(tests, pool.map(lambda test: passes(test, sound_program(test)), tests)):
            if not passed:
                print(f"FAIL without any bug: {test}\n{said[-3000:]}")
                failed += 1
        results = pool.map(lambda numbered: is_caught(planting, *numbered), enumerate(mutants))
        for mutant, (caught, said) in zip(mutants, results):
            print(f"{'ok  ' if caught else 'FAIL'} {mutant.name}: {'caught by' if caught else 'not caught by'} {mutant.test}", flush=True)
            good, failed = good + caught, failed + (not caught)
            if not caught:
                print(said[-3000:])
    print(f"{good} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--targets", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.words or any(word in mutant.name for word in options.words)]
    if options.table:
        print(table(), end="")
    elif options.targets:
        print(*sorted({target_of(mutant.test) for mutant in chosen}))
    else:
        sys.exit(main(chosen, options.jobs))
