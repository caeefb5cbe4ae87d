"""The documents: what they name exists, and their links lead somewhere."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = ("src", "docs", "scripts", "tests", "cmake", "tools", "bench", ".ci")
# `src/log/segment.cc`, at the start of backticks and with nothing else in them.
PATH = re.compile(r"`((?:%s)/[\w./-]+)`" % "|".join(map(re.escape, PLACES)))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def documents():
    """Every page of the tree. Not by git, which refuses a tree that belongs to somebody else (scripts run through sudo)."""
    pages = list(ROOT.glob("*.md"))
    for place in PLACES:
        pages += (ROOT / place).rglob("*.md")
    return sorted(page for page in pages if "node_modules" not in page.parts)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def named(path):
    return str(path.relative_to(ROOT))


def without_code(text):
    """The text with fenced blocks cut out."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def steps(text):
    """The items of the numbered lists of ARCHITECTURE.md, each as one line."""
    items = re.findall(r"^\d+\. .*(?:\n +.*)*", text, flags=re.M)
    return [re.sub(r"\s+", " ", item) for item in items]


def mentions(step):
    """(files named so far, name) for each file and function of a step; the name is None for a file alone."""
    files, found = [], []
    for match in re.finditer(r"`([^`]+)`", step):
        word = match.group(1)
        if PATH.fullmatch(match.group(0)):
            files = files + [word]
            found.append((files, None))
        elif files and is_function(step, match):
            found.append((files, word))
    return found


def is_function(step, match):
    """A name right behind its file, a qualified one, or one alone in parentheses."""
    word, before = match.group(1), step[:match.start()].rstrip()
    if not re.fullmatch(r"[A-Za-z_]\w*(::\w+)*", word):
        return False
    behind_file = re.search(r"`(%s)/[\w./-]+`$" % "|".join(map(re.escape, PLACES)), before)
    return bool(behind_file) or "::" in word or (before.endswith("(") and step[match.end():match.end() + 1] == ")")


def has(file, function):
    """Whether this file declares or defines it: `Class::name(`, ` name(`, or within its class `name(`."""
    text = read(ROOT / file)
    if re.search(r"\b%s[(<]|\b(class|struct) %s\b" % ((re.escape(function),) * 2), text):
        return True
    owner, _, name = function.rpartition("::")
    return bool(owner and re.search(r"\b(class|struct) %s\b" % re.escape(owner), text)
                and re.search(r"\b%s\(" % re.escape(name), text))


def missing_mentions(text):
    wrong = []
    for step in steps(text):
        for files, function in mentions(step):
            if not (ROOT / files[-1]).exists():
                wrong.append(f"{files[-1]} does not exist: {step[:80]}")
            elif function and not any(has(file, function) for file in files if (ROOT / file).exists()):
                wrong.append(f"{function} is not in {', '.join(files)}: {step[:80]}")
    return wrong


def test_every_step_of_the_architecture_names_code_that_exists():
    text = read(ROOT / "docs" / "ARCHITECTURE.md")
    assert not missing_mentions(text), "\n".join(missing_mentions(text))


def test_every_step_of_the_architecture_names_a_file_and_a_function():
    text = read(ROOT / "docs" / "ARCHITECTURE.md")
    assert len(steps(text)) > 30
    bare = [step for step in steps(text) if not any(function for _, function in mentions(step))]
    assert not bare, "\n".join(bare)


def test_a_renamed_function_would_be_noticed():
    file = "src/server/connection.cc"
    assert not missing_mentions(f"1. `{file}` `Connection::read_requests`: reads")
    assert missing_mentions(f"1. `{file}` `Connection::read_nothing`: reads")
    assert missing_mentions(f"1. `{file}` `Connection::run`: reads (`Connection::gone`)")
    assert missing_mentions("1. `src/server/gone.cc` `run`: reads")


@pytest.mark.parametrize("page", documents(), ids=named)
def test_links_lead_somewhere(page):
    broken = [link for link in LINK.findall(without_code(read(page)))
              if not re.match(r"[a-z]+:|#", link)
              and not (page.parent / link.split("#")[0]).exists()]
    assert not broken, f"{named(page)}: {broken}"


@pytest.mark.parametrize("page", documents(), ids=named)
def test_paths_in_backticks_exist(page):
    gone = [path for path in PATH.findall(without_code(read(page))) if not (ROOT / path).exists()]
    assert not gone, f"{named(page)}: {gone}"


def test_pages_that_the_code_points_to_exist():
    gone = []
    for place in ("src", "scripts", "tests", "cmake"):
        for path in (ROOT / place).rglob("*"):
            if path.suffix in (".h", ".cc", ".py", ".cmake", ".msg", ".sh", ".txt") and path != pathlib.Path(__file__):
                for page in re.findall(r"\bdocs/[\w/-]+\.md", read(path)):
                    if not (ROOT / page).exists():
                        gone.append(f"{named(path)} points to {page}")
    assert not gone, "\n".join(gone)


def test_every_format_is_in_the_index():
    folder = ROOT / "docs" / "formats"
    index = read(folder / "README.md")
    missing = [page.name for page in folder.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index]
    assert not missing, f"docs/formats/README.md does not list {missing}"


def test_decisions_are_numbered_and_say_why():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        text = read(page)
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        assert [h for h in re.findall(r"^## (.*)$", text, re.M)] == ["Context", "Decision", "Consequences"], page.name


def test_the_glossary_is_sorted_and_says_each_word_once():
    rows = re.findall(r"^\| ([^|]+) \|", read(ROOT / "docs" / "glossary.md"), re.M)
    words = [row.strip() for row in rows if row.strip() not in ("word", "---") and not set(row) <= set("-: ")]
    assert len(words) > 30
    assert words == sorted(words, key=str.lower)
    assert len(set(words)) == len(words)
