"""docs/compatibility.md against a running broker. Its other tables: src/server/compatibility_test.cc."""

import pathlib
import re

import pytest

from lib import wire

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"


def documented_apis():
    """{key: (advertised lowest, highest)} of the page's first table."""
    part = re.search(r"<!-- generated: apis -->(.*?)<!--", PAGE.read_text(encoding="utf-8"), re.S)[1]
    rows = re.findall(r"^\| (\d+) \| \w+ \| (\d+)–(\d+) \| (\d+) \|$", part, re.M)
    return {int(key): (int(advertised), int(high)) for key, _, high, advertised in rows}


@pytest.mark.tideline_only("it is about Tideline's own page")
def test_a_running_broker_advertises_what_the_page_says(make_broker):
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        error, advertised = wire.api_versions(connection)
    assert error == 0
    assert advertised == documented_apis()


def test_the_page_names_each_api_once():
    part = re.search(r"<!-- generated: apis -->(.*?)<!--", PAGE.read_text(encoding="utf-8"), re.S)[1]
    keys = re.findall(r"^\| (\d+) \|", part, re.M)
    assert len(keys) > 10
    assert len(keys) == len(set(keys))


SRC = PAGE.parents[1] / "src"


def served_broker_properties():
    part = re.search(r"<!-- generated: broker properties, served -->(.*?)<!--", PAGE.read_text(encoding="utf-8"), re.S)[1]
    return re.findall(r"^\| `([^`]+)` \|", part, re.M)


def words_of_the_code():
    """Every string literal outside the property tables and the tests."""
    sources = [path for path in SRC.rglob("*") if path.suffix in (".cc", ".h")
               and not path.name.startswith("broker_properties_") and not path.name.endswith("_test.cc")]
    return {word for path in sources for word in re.findall(r'"([^"\\\n]+)"', path.read_text(encoding="utf-8"))}


def test_a_property_that_is_served_is_read_by_somebody():
    words = words_of_the_code()
    # Kafka's own topics have families of properties, put together from a prefix and a word.
    prefixes = {word for word in words if word.endswith(".")}
    unread = {name for name in served_broker_properties() if name not in words
              and not any(name.startswith(prefix) and name[len(prefix):] in words for prefix in prefixes)}
    assert not unread, "said to be served, but nobody reads them: read them, or let the row say accepted"
