"""The rooms: dependencies point downwards only, and only runtime/real calls the operating system."""

import pathlib
import re

import pytest

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"

# Each room and how high it stands. A room may include itself and rooms of a lower level, and within L4 and L2 those
# that LOWER_IN_LEVEL names.
LEVELS = {
    "base": 0,
    "runtime": 1,
    "protocol": 2,
    "record": 2,
    "log": 3,
    "coordinator": 3,
    "group": 4,
    "txn": 4,
    "cluster": 4,
    "security": 4,
    "server": 5,
    "admin": 6,
    "delivery": 6,
    "cli": 6,
    "history": 7,
    "simulation": 8,
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM_HEADER = re.compile(
    r"^\s*#\s*include\s+<(sys/(?!types)[a-z]+\.h|unistd\.h|fcntl\.h|netinet/.*|arpa/.*|netdb\.h|poll\.h|signal\.h|csignal"
    r"|pthread\.h|thread|fstream|filesystem|random|ctime|time\.h|dirent\.h)>",
    re.M,
)
SYSTEM_CALL = re.compile(
    r"(?<![\w:.>])(?:::)(?:open|read|write|pread|pwrite|fsync|fdatasync|rename|unlink|socket|send|recv|getenv|time)\s*\("
    r"|std::chrono::(?:system|steady|high_resolution)_clock::now|std::random_device|std::this_thread|std::getenv"
)
# What the simulated runtime must be able to replace. base/ has no system call either, but its log writes to stderr.
ABOVE_RUNTIME = [room for room, level in LEVELS.items() if 2 <= level <= 5] + ["base"]


def is_for_tests(path):
    """NAME_test.cc, NAME_testing.h and test_NAME.h are only ever part of a test program."""
    return path.stem.endswith(("_test", "_testing", "_fuzz")) or path.stem.startswith("test_")


def sources(room):
    return [p for p in (SRC / room).rglob("*") if p.suffix in (".h", ".cc")]


def room_of(path):
    return path.relative_to(SRC).parts[0]


def every_source():
    return [p for room in LEVELS for p in sources(room)]


def upward_includes(text, room):
    """The includes in `text`, a file of `room`, that look up or sideways."""
    found = []
    for included in INCLUDE.findall(text):
        other = included.split("/")[0]
        if other in LEVELS and other != room and LEVELS[other] >= LEVELS[room]:
            found.append(included)
    return found


def system_uses(text):
    return [match.group(0).strip() for pattern in (SYSTEM_HEADER, SYSTEM_CALL) for match in pattern.finditer(text)]


def test_no_room_includes_upwards():
    wrong = [
        f"{path.relative_to(SRC)} includes {included}"
        for path in every_source()
        for included in upward_includes(path.read_text(), room_of(path))
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_above_runtime_calls_the_system():
    wrong = [
        f"{path.relative_to(SRC)}: {use}"
        for room in ABOVE_RUNTIME
        for path in sources(room)
        if not is_for_tests(path)
        for use in system_uses(path.read_text())
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_programs_entry_links_the_real_runtime():
    wrong = [
        str(path.relative_to(SRC))
        for path in every_source()
        if room_of(path) not in ("cli", "runtime") and '"runtime/real/' in path.read_text()
    ]
    assert not wrong, "\n".join(wrong)


def test_only_tests_use_the_simulated_runtime():
    wrong = [
        str(path.relative_to(SRC))
        for path in every_source()
        if room_of(path) not in ("runtime", "simulation")
        and not is_for_tests(path)
        and '"runtime/sim/' in path.read_text()
    ]
    assert not wrong, "\n".join(wrong)


def test_no_program_but_its_own_links_the_simulation():
    """It stands above every room, so none includes it; this sees to what CMake links."""
    wrong = [
        str(path.relative_to(SRC))
        for path in SRC.rglob("CMakeLists.txt")
        if room_of(path) != "simulation" and "simulation" in path.read_text()
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", [room for room in LEVELS if (SRC / room).exists() and sources(room)])
def test_every_room_has_a_readme(room):
    readme = SRC / room / "README.md"
    assert readme.exists(), f"src/{room} has no README.md"
    assert "on-obvious" in readme.read_text(), f"{readme} names no non-obvious rules"


def test_the_rules_would_notice():
    assert upward_includes('#include "server/broker.h"\n', "log") == ["server/broker.h"]
    assert upward_includes('#include "txn/core.h"\n', "group") == ["txn/core.h"]
    assert not upward_includes('#include "log/segment.h"\n#include <vector>\n', "server")
    assert system_uses("#include <unistd.h>\n")
    assert system_uses("auto t = std::chrono::steady_clock::now();")
    assert system_uses("int fd = ::open(path, 0);")
    assert not system_uses("files.open(path)")
