"""Thousands of frames that are almost right, of every API, beside a client that behaves.

A frame is answered, or its connection ends; the broker lives on and serves the other client.
TIDELINE_SEED (printed) makes the same frames again.
"""

import os
import random
import socket
import threading

import malformed
from lib import wire

FRAMES = 16000
FRAMES_OF_A_CONNECTION = 4
# A frame may have become a fetch that waits for a month: its client gives up.
UNANSWERED_SECONDS = 2
CLIENTS = 4
SEED = os.environ.get("TIDELINE_SEED", "1")
# What is not the subject here would only fill the disk or wait.
BROKER_CONFIG = {"auto.create.topics.enable": "false"}


def send_until_closed(port, frames):
    """All of them in one piece; whether the broker answered any."""
    with wire.Connection(port, timeout=60) as connection:
        try:
            connection.send(b"".join(frames))
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it had read enough
        connection.socket.settimeout(UNANSWERED_SECONDS)
        try:
            return connection.wait_closed() != b""
        except socket.timeout:
            return False


def abuse(port, payloads, seed, failures, answered):
    chance = random.Random(seed)
    try:
        for _ in range(FRAMES // CLIENTS // FRAMES_OF_A_CONNECTION):
            frames = [malformed.mutated(chance.choice(payloads), chance)
                      for _ in range(FRAMES_OF_A_CONNECTION)]
            answered.append(send_until_closed(port, frames))
    except Exception as error:  # noqa: BLE001: whatever it is, the test must say it
        failures.append(f"client {seed}: {error!r}")


def test_malformed_frames_of_every_api_harm_nobody(broker, bystander):
    print(f"TIDELINE_SEED={SEED}")
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, malformed.TOPIC)
        error, table = wire.api_versions(connection)
    assert error == 0
    payloads, failures, answered = malformed.examples(table, random.Random(SEED)), [], []
    threads = [threading.Thread(target=abuse, args=(broker.port, payloads, f"{SEED}-{number}", failures, answered))
               for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    print(f"answered something: {sum(answered)} of {len(answered)} connections")
    assert len(answered) == FRAMES // FRAMES_OF_A_CONNECTION
    assert sum(answered) > len(answered) // 10, "too many frames were hopeless to test what lies behind"
    with wire.Connection(broker.port) as connection:
        assert wire.api_versions(connection)[0] == 0


def test_the_examples_they_are_made_from_are_right(broker):
    """Or every frame would be refused for the same reason, and nothing behind it be reached."""
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, malformed.TOPIC + "-again")
        _, table = wire.api_versions(connection)
        for api, version, body in malformed.valid_bodies():
            if api in table:
                tags = b"\0" if malformed.flexible(api, version) else b""
                connection.send_request(api, version, tags + body)
                assert len(connection.read_frame()) > 4, (api, version)
