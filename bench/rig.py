"""What both brokers are measured with: processes with fair settings, their CPU and memory, the load generator."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from lib import broker as brokers  # noqa: E402
from lib import wire  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")

# What kafka-server-start.sh gives a broker, and its own defaults for the rest.
HEAP = ["-Xms1g", "-Xmx1g"]
JVM = [*HEAP, "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
       "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"]
# Starts sooner and is slower later: only to see whether everything works.
JVM_SMOKE = [*HEAP, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
DURABILITY = {
    "page cache": {"tideline": {"tideline.durability": "replicated"}, "kafka": {}},
    "fsync": {"tideline": {}, "kafka": {"log.flush.interval.messages": "1"}},
}


class Cpus:
    """The generator has the last CPU for itself; the broker has the others, and all where no load runs beside it."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.load = self.all[-1:]
        self.broker = self.all[:-1] or self.all

    @staticmethod
    def pin(cpus):
        return ["taskset", "-c", ",".join(map(str, cpus))]


CPUS = Cpus()


class Tideline(brokers.TidelineBroker):
    def prepare(self):
        pass


class Kafka(brokers.KafkaBroker):
    formatted = None
    jvm = JVM

    def command(self):
        properties = super().command()[-1]
        return ["java", *self.jvm, *brokers.java_classpath(), "kafka.Kafka", properties]

    def prepare(self):
        """Formats the directory, which is not part of a start: Kafka does it with a tool of its own."""
        if Kafka.formatted is None:
            Kafka.formatted = self.data_dir.with_name("formatted")
            shutil.rmtree(Kafka.formatted, ignore_errors=True)
            model = Kafka(Kafka.formatted, self.config)
            subprocess.run([*brokers.JAVA, *brokers.java_classpath(), "kafka.tools.StorageTool", "format", "--cluster-id",
                            "tiN6S1qsQpyU0q4Y1hJyWw", "--config", model.command()[-1]],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not self.data_dir.exists():
            shutil.copytree(Kafka.formatted, self.data_dir)


KINDS = {"tideline": Tideline, "kafka": Kafka}


@contextmanager
def broker(kind, directory, durability, cpus, config=()):
    """A broker over an empty directory, not yet started; killed and removed at the end."""
    data = directory / kind
    shutil.rmtree(data, ignore_errors=True)
    made = KINDS[kind](data, DURABILITY[durability][kind] | dict(config), wrapper=Cpus.pin(cpus))
    made.prepare()
    try:
        yield made
    finally:
        if made.process is not None:
            made.kill()
        shutil.rmtree(data, ignore_errors=True)


def launch_timed(one, topic, create, deadline=1800):
    """Starts a broker and returns the milliseconds until its first acknowledged record."""
    words = ["first-ack", "--port", one.port, "--topic", topic, "--create", int(create)]
    knocking = subprocess.Popen([*Cpus.pin(CPUS.load), str(LOAD), *map(str, words)], stdout=subprocess.PIPE, text=True)
    try:
        started = time.monotonic_ns()
        one.launch()
        answer, _ = knocking.communicate(timeout=deadline)
    finally:
        knocking.kill()
    return (json.loads(answer)["acknowledged_ns"] - started) / 1e6


def connection(one):
    return wire.Connection(one.port, timeout=300)


# ---- looking at processes --------------------------------------------------------------------


def cpu_seconds(pid):
    """User and system time of all threads (clock_getcpuclockid(3)). The kernel's own writeback threads are nobody's."""
    scheduler_clock = 2
    return time.clock_gettime((~pid << 3) | scheduler_clock)


def machine_seconds():
    """(busy, stolen) CPU seconds of the whole machine since it started."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq) / TICKS, steal / TICKS


def memory_mib(one, field="VmRSS"):
    return one.memory_kib(field) / 1024


# ---- load ------------------------------------------------------------------------------------


LOAD = ROOT / "build" / "release" / "bench" / "load" / "tl_load"


def load(one, command, **options):
    """Runs the generator on its CPU. Returns what it counted, and what the broker and the machine spent meanwhile."""
    words = [f"{'--' + key.replace('_', '-')}={value}" for key, value in options.items()]
    words = [part for word in words for part in word.split("=", 1)]
    pid = one.process.pid
    cpu, (busy, steal), started = cpu_seconds(pid), machine_seconds(), time.monotonic()
    done = subprocess.run([*Cpus.pin(CPUS.load), str(LOAD), command, "--port", str(one.port), *words],
                          capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise RuntimeError(f"tl_load {command} against {one.kind}: {done.stderr.strip()}\n{one.output[-2000:]}")
    found = json.loads(done.stdout)
    wall = time.monotonic() - started
    found["broker_cpu_s"] = cpu_seconds(pid) - cpu
    busy_after, steal_after = machine_seconds()
    cores = wall * os.cpu_count()
    found["steal"] = (steal_after - steal) / cores
    found["others"] = max(0.0, busy_after - busy - found["broker_cpu_s"] - found["busy"] * found["seconds"]) / cores
    return found


# ---- the machine -----------------------------------------------------------------------------


@contextmanager
def cubic():
    """The brokers' side of the connections, too, should not pace with timers; undone at the end."""
    before = CONGESTION.read_text().strip()
    changed = before != "cubic" and os.access(CONGESTION, os.W_OK)
    try:
        if changed:
            CONGESTION.write_text("cubic")
        yield CONGESTION.read_text().strip()
    finally:
        if changed:
            CONGESTION.write_text(before)


class FilledPageCache:
    """Free memory filled with clean page cache, which the kernel gives to whoever needs memory next, as on a machine that has run
    for some time.

    A hypervisor that is told of free memory takes it back within milliseconds. The next touch of such a page is the host's
    work, costs several times the write, and would be charged to whoever comes first. Holes of sparse files fill the cache
    without a disk."""

    LEFT_FREE = 256 << 20
    CHUNK = 1 << 20

    def __init__(self, directory):
        self.directory = directory
        self.files = []

    def fill(self):
        left = int(re.search(r"MemFree:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) * 1024 - self.LEFT_FREE
        if left <= 0:
            return
        path = self.directory / f"filling-{len(self.files)}"
        self.files.append(path)
        with open(path, "w+b", buffering=0) as file:
            file.truncate(left)
            while file.read(self.CHUNK):
                pass

    def __enter__(self):
        global page_cache
        page_cache = self
        self.fill()
        return self

    def __exit__(self, *_):
        global page_cache
        page_cache = None
        for path in self.files:
            path.unlink()


page_cache = None


def settle():
    """Before something is measured: what was written before is on disk, and free memory has been touched."""
    os.sync()
    if page_cache is not None:
        page_cache.fill()


def description():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    jars = sorted(p.name for p in brokers.JARS.glob("kafka_*.jar"))
    return {
        "cpu": f"{os.cpu_count()} × {model[1] if model else 'unknown'}",
        "memory_gib": round(int(memory[1]) / (1 << 20), 1),
        "kernel": os.uname().release,
        "kafka": jars[0].removesuffix(".jar") if jars else "missing",
        "kafka_jvm": " ".join(Kafka.jvm),
        "tideline": subprocess.run([str(brokers.TIDELINE), "--version"], capture_output=True, text=True).stdout.strip(),
        "broker_cpus": CPUS.broker, "load_cpus": CPUS.load,
        "durability": DURABILITY,
    }
