"""The same raw requests to Tideline and to Apache Kafka: what differs is what docs/compatibility.md says, and no more."""

import fnmatch
import re

import pytest

import raw_script
from lib import broker as brokers
from lib import machine
from raw_requests import PAGE, served_apis


@pytest.fixture(scope="module")
def transcripts(tmp_path_factory):
    """{kind of broker: {(case, version): answer}}."""
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka", "Apache Kafka's jars are not in build/interop/jars")
    started = {kind: make(tmp_path_factory.mktemp(kind) / "data", raw_script.CONFIG)
               for kind, make in brokers.KINDS.items()}
    try:
        for broker in started.values():
            broker.launch()
        for broker in started.values():
            broker.wait_ready()
        return {kind: raw_script.transcript(broker) for kind, broker in started.items()}
    finally:
        for broker in started.values():
            broker.kill()


def differing_fields(ours, theirs, field=""):
    """(field, our value, theirs) of what differs between two answers; elements of lists have no name of their own."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from differing_fields(ours.get(name, "absent"), theirs.get(name, "absent"), f"{field}.{name}".strip("."))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for mine, its in zip(ours, theirs):
            yield from differing_fields(mine, its, field)
    elif ours != theirs:
        yield field, ours, theirs


def kept_differences():
    """[(pattern of cases, pattern of fields)] of the page's table."""
    part = re.search(r"<!-- read by test_raw_requests.py -->(.*?)\n\n(?!\|)", PAGE.read_text(encoding="utf-8"), re.S)[1]
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", part, re.M)


def found_differences(transcripts):
    """{(case, field): [sentence for each version]}."""
    found = {}
    ours, theirs = transcripts["tideline"], transcripts["kafka"]
    assert ours.keys() == theirs.keys()
    for (case, version), answer in ours.items():
        for field, mine, its in differing_fields(answer, theirs[case, version]):
            found.setdefault((case, field or "answer"), []).append(f"v{version}: Kafka {its!r}, Tideline {mine!r}")
    return found


def matches(kept, difference):
    return all(fnmatch.fnmatchcase(value, pattern) for value, pattern in zip(difference, kept))


def test_every_difference_is_kept_on_purpose(transcripts):
    kept = kept_differences()
    unlisted = {difference: told for difference, told in found_differences(transcripts).items()
                if not any(matches(each, difference) for each in kept)}
    assert not unlisted, "not in docs/compatibility.md:\n" + "\n".join(
        f"{case} {field}: {'; '.join(told)[:600]}" for (case, field), told in unlisted.items())


def test_every_difference_that_is_listed_is_there(transcripts):
    found = found_differences(transcripts)
    gone = [kept for kept in kept_differences() if not any(matches(kept, difference) for difference in found)]
    assert not gone, "no longer different: take it out of docs/compatibility.md"


def test_the_script_asks_every_api_that_tideline_serves_in_every_version(transcripts):
    asked = {(case.split(".")[0], version) for case, version in transcripts["tideline"] if "unserved" not in case}
    wanted = {(name, version) for name, versions in served_apis().items() for version in versions}
    assert wanted - asked == set()
