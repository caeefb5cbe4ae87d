"""The commands of README.md, HACKING.md and some pages of docs/: blocks behind `<!-- ci -->` are run as they stand.

`<!-- ci: broker -->` blocks get a running broker, by way of TIDELINE_BOOTSTRAP; one that starts its own on 127.0.0.1:9192 gets a port that is
free. TIDELINE_BUILD names another build directory than build/release.
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest

from lib import broker as brokers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("TIDELINE_BUILD", "build/release")
PAGES = ("README.md", "HACKING.md", "docs/delivery-semantics.md")
BLOCK = re.compile(r"^<!-- ci(: broker)? -->\n```sh\n(.*?)^```$", re.M | re.S)
SECONDS = 120


def blocks(wants_broker):
    found = []
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer((ROOT / page).read_text(encoding="utf-8")), 1):
            if bool(match.group(1)) == wants_broker:
                found.append(pytest.param(match.group(2), id=f"{page}-{number}"))
    return found


def run(commands, **environment):
    script = commands.replace("build/release", BUILD).replace("127.0.0.1:9192", f"127.0.0.1:{brokers.free_port()}")
    # Not to be answered by whoever has the default port; not to use the outer run's plugins or report.
    env = {**os.environ, "TIDELINE_BINARY": str(brokers.TIDELINE), **environment}
    env.pop("PYTEST_ADDOPTS", None)
    with tempfile.TemporaryFile("w+") as output:
        shell = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, env=env, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            code = shell.wait(SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)  # what a block that failed has left running
        output.seek(0)
        assert code == 0, f"{script}\nended with {code}:\n{output.read()}"


@pytest.mark.tideline_only("it is about Tideline's own pages")
@pytest.mark.parametrize("commands", blocks(wants_broker=False))
def test_commands_work_as_written(commands):
    run(commands)


@pytest.mark.tideline_only("it is about Tideline's own pages")
@pytest.mark.parametrize("commands", blocks(wants_broker=True))
def test_commands_work_against_a_broker(make_broker, commands):
    broker = make_broker().start()
    run(commands, TIDELINE_BOOTSTRAP=broker.bootstrap)


def test_the_pages_have_such_blocks():
    assert len(blocks(wants_broker=False)) >= 3
    assert len(blocks(wants_broker=True)) >= 7
