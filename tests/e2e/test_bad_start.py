"""What the operator did wrong: exit code 1 and a message that says what and where."""

import os
import shutil
import socket

import pytest

from lib import broker as brokers
from lib import machine, wire
from lib.broker import StartFailed

TIDELINE_COMMAND = pytest.mark.tideline_only("it is about the command's own options and messages")


def refused(broker):
    """Starts a broker that must refuse to start; returns what it said."""
    with pytest.raises(StartFailed) as failure:
        broker.start()
    assert failure.value.exit_code == 1, str(failure.value)
    return failure.value.output


@pytest.fixture
def with_properties(make_broker, tmp_path):
    """with_properties(text) is a broker, not yet started, with that server.properties."""

    def make(text):
        file = tmp_path / "server.properties"
        file.write_text(text)
        return make_broker(extra=["--config", str(file)])

    return make


@TIDELINE_COMMAND
@pytest.mark.parametrize("line", [
    "no.such.property=1",
    "nonsense without a meaning",
    "log.segment.bytes=many",
    "log.segment.bytes=-1",
    "auto.create.topics.enable=perhaps",
    "log.message.timestamp.type=Tomorrow",
    "tideline.durability=sometimes",
    "compression.type=rar",
])
def test_an_unknown_or_ill_formed_property_is_refused_by_its_line(with_properties, line):
    said = refused(with_properties(f"# a comment\nnum.partitions=2\n{line}\nnum.io.threads=8\n"))
    assert "server.properties" in said and line.split("=")[0].split()[0] in said
    assert any(mark in said for mark in (":3", "line 3")), said


@TIDELINE_COMMAND
@pytest.mark.parametrize("setting", [("no.such.property", "1"), ("log.segment.bytes", "many")])
def test_an_unknown_or_ill_formed_set_option_is_refused_by_its_name(make_broker, setting):
    said = refused(make_broker(dict([setting])))
    assert setting[0] in said


@TIDELINE_COMMAND
@pytest.mark.parametrize("text,named", [
    ("process.roles=broker\nnode.id=1\ncontroller.quorum.voters=2@127.0.0.1:9\n"
     "controller.listener.names=CONTROLLER\n", "process.roles"),
    ("process.roles=broker,controller\nnode.id=1\n"
     "controller.quorum.voters=1@127.0.0.1:19190,2@127.0.0.1:19191\n"
     "controller.listener.names=CONTROLLER\n", "controller.quorum.voters"),
    ("node.id=-5\n", "node.id"),
])
def test_a_configuration_this_broker_cannot_be_is_refused(with_properties, text, named):
    assert named in refused(with_properties(text))


@TIDELINE_COMMAND
def test_a_configuration_file_that_is_not_there_is_refused_by_its_name(make_broker, tmp_path):
    missing = tmp_path / "missing.properties"
    assert str(missing) in refused(make_broker(extra=["--config", str(missing)]))


def test_another_node_id_than_the_directory_was_formatted_with_is_refused(make_broker):
    first = make_broker({"node.id": "1"}).start()
    first.stop()
    second = make_broker({"node.id": "2", "controller.quorum.voters": "2@127.0.0.1:19190"},
                         data_dir=first.data_dir)
    said = refused(second)
    assert "node" in said and "1" in said and "2" in said


def test_a_second_instance_on_the_same_directory_is_refused_and_the_first_serves_on(make_broker):
    first = make_broker().start()
    second = make_broker(data_dir=first.data_dir)
    said = refused(second)
    assert str(first.data_dir) in said and "lock" in said.lower()
    with wire.Connection(first.port) as connection:
        assert wire.api_versions(connection)[0] == 0


def test_the_lock_of_a_killed_instance_is_free(make_broker):
    first = make_broker().start()
    first.kill()
    first.start()


@TIDELINE_COMMAND
def test_an_address_in_use_is_refused_by_its_name(make_broker):
    with socket.create_server(("127.0.0.1", brokers.free_port())) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refused(make_broker(port=port))


@TIDELINE_COMMAND
def test_an_address_that_is_none_is_refused_by_its_name(make_broker):
    assert "seven" in refused(make_broker(port="seven"))


@TIDELINE_COMMAND
def test_a_data_directory_that_is_a_file_is_refused_by_its_name(make_broker, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in refused(make_broker(data_dir=file))


@TIDELINE_COMMAND
def test_a_data_directory_without_permission_is_refused_by_its_name(make_broker, tmp_path,
                                                                    monkeypatch):
    forbidden = tmp_path / "forbidden"
    forbidden.mkdir(mode=0o500)
    wrapper = []
    if os.getuid() == 0:  # root may write anywhere: be nobody, with a binary that nobody may run
        if not shutil.which("setpriv"):
            machine.cannot_here("running as nobody", "no setpriv")
        binary = shutil.copy(brokers.TIDELINE, tmp_path / "tideline")
        monkeypatch.setattr(brokers, "TIDELINE", binary)
        for directory in [tmp_path, *tmp_path.parents[:2]]:
            directory.chmod(0o755)
        wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    said = refused(make_broker(data_dir=forbidden, wrapper=wrapper))
    assert str(forbidden) in said and "ermission" in said
