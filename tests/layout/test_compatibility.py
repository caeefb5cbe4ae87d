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
