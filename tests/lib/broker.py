"""Brokers as processes: Tideline, the one under test, and Apache Kafka, the one that is right.

A test that passes against both says what Kafka does; one that only Tideline can pass says so
with `tideline_only` (see conftest.py).
"""

import itertools
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "build" / "interop"
JARS = INTEROP / "jars"
TIDELINE = Path(os.environ.get("TIDELINE_BINARY", ROOT / "build" / "release" / "tideline"))
# Whose client commands are run.
CLIENT = Path(os.environ.get("TIDELINE_CLIENT_BINARY", TIDELINE))
# Under a sanitizer, most of a broker's memory is the sanitizer's.
MEMORY_COUNTS = "TIDELINE_SANITIZED" not in os.environ
START_SECONDS = 240
STOP_SECONDS = 60


def limited_memory(size):
    """The wrapper of a broker that ends when it allocates more; none where memory does not count."""
    return ["prlimit", f"--data={size}"] if MEMORY_COUNTS else []


# A tool's start is most of its life: skip the second compiler and the parallel collector.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]


class StartFailed(Exception):
    """The broker ended, or said nothing, instead of becoming ready."""

    def __init__(self, exit_code, output):
        super().__init__(f"broker did not start (exit code {exit_code}):\n{output}")
        self.exit_code, self.output = exit_code, output


def _port_range():
    low, high = map(int, os.environ.get("TIDELINE_TEST_PORTS", "19100-19199").split("-"))
    return range(low, high + 1)


_ports = itertools.cycle(_port_range())


def free_port():
    """A port nobody listens on, from a range of our own and as late again as possible."""
    for port in itertools.islice(_ports, len(_port_range())):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError(f"no free port in {_port_range()}; set TIDELINE_TEST_PORTS=LOW-HIGH")


class Broker:
    """One broker process over one data directory. Restartable; `kill` is without warning."""

    kind = None
    ready = None
    grace_signal = signal.SIGTERM

    def __init__(self, data_dir, config=None, port=None, wrapper=(), extra=()):
        self.data_dir = Path(data_dir)
        self.config = dict(config or {})
        self.port = port or free_port()
        self.wrapper, self.extra = list(wrapper), list(extra)
        self.process = None
        self.lines = []
        self._ready_or_over = threading.Event()

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.port}"

    @property
    def output(self):
        return "\n".join(self.lines)

    def command(self):
        raise NotImplementedError

    def launch(self):
        """Starts the process without waiting for anything."""
        self._ready_or_over.clear()
        self.lines = []
        self._is_ready = False
        self.process = subprocess.Popen(
            self.wrapper + self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        self._reader = threading.Thread(target=self._read_output, args=(self.process,), daemon=True)
        self._reader.start()

    def start(self):
        self.launch()
        return self.wait_ready()

    def wait_ready(self):
        """The second half of start(), for who launches several at a time."""
        self._ready_or_over.wait(START_SECONDS)
        if not self._is_ready:
            if self.process.poll() is None and not self._reader.is_alive():
                self.process.wait(STOP_SECONDS)
            exit_code = self.process.poll()
            self.kill()
            raise StartFailed(exit_code, self.output)
        return self

    def stop(self):
        """Asks it to stop and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(self.grace_signal)
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def kill(self):
        """kill -9 of the process and of what wraps it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self._reader.join(STOP_SECONDS)

    def wait_exit(self):
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def _read_output(self, process):
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if not self._is_ready and self.ready.search(line):
                self._is_ready = True
                self._ready_or_over.set()
        process.stdout.close()
        self._ready_or_over.set()

    def memory_kib(self, field="VmRSS"):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1])


class TidelineBroker(Broker):
    kind = "tideline"
    ready = re.compile(r"broker_started")

    def command(self):
        sets = [word for key, value in self.config.items() for word in ("--set", f"{key}={value}")]
        return [str(TIDELINE), "serve", "--data-dir", str(self.data_dir),
                "--listen", self.bootstrap, *sets, *self.extra]


class KafkaBroker(Broker):
    """Apache Kafka in combined mode, formatted on first start."""

    kind = "kafka"
    ready = re.compile(r"Kafka Server started")

    def __init__(self, data_dir, config=None, **how):
        super().__init__(data_dir, config, **how)
        self.controller_port = free_port()
        self.properties = self.data_dir.with_name(self.data_dir.name + ".properties")

    def command(self):
        settings = {
            "process.roles": "broker,controller", "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(self.data_dir),
            "offsets.topic.replication.factor": "1", "offsets.topic.num.partitions": "1",
            **self.config,
        }
        self.properties.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        return [*JAVA, "-Xmx1g", *java_classpath(), "kafka.Kafka", str(self.properties)]

    def launch(self):
        command = self.command()
        if not (self.data_dir / "meta.properties").exists():
            subprocess.run(
                [*JAVA, *java_classpath(), "kafka.tools.StorageTool", "format", "--cluster-id",
                 "tiN6S1qsQpyU0q4Y1hJyWw", "--config", command[-1]],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        super().launch()


KINDS = {"tideline": TidelineBroker, "kafka": KafkaBroker}


def java_classpath():
    """Kafka's jars, where our own classes are, and the log settings."""
    log_settings = ROOT / "tests" / "lib" / "log4j2.properties"
    return [f"-Dlog4j2.configurationFile={log_settings}",
            "-cp", f"{JARS}/*:{INTEROP / 'classes'}"]


def java_archive():
    """Halves what a tool's start costs: the first run leaves its loaded classes in a file, which
    the later ones map. It lies among the jars, so that new jars come without it."""
    archive = JARS / "classes.jsa"
    if archive.exists():
        return ["-Xlog:disable", f"-XX:SharedArchiveFile={archive}"]
    return ["-Xlog:disable", f"-XX:ArchiveClassesAtExit={archive}"]
