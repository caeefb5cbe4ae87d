"""The client families of clients/, how to run each, and what each cannot do by its own nature."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lib import broker as brokers

CLIENTS = Path(__file__).parent / "clients"
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
DEBIAN_PYTHON = "/usr/bin/python3"
NEWEST_PYTHON = str(brokers.INTEROP / "venv" / "bin" / "python")
CLIENT_SECONDS = 150


@dataclass(frozen=True)
class Family:
    name: str
    command: list
    codecs: tuple = CODECS
    consumes: bool = True
    idempotent: bool = True
    cannot: tuple = ()  # kinds of record the client cannot express (test_roundtrip.py)
    needs: list = field(default_factory=list)

    def missing(self):
        """Says what this machine lacks for the family, or None."""
        for need in self.needs:
            if not (os.path.exists(need) or shutil.which(need)):
                return f"no {need}"
        return None

    def run(self, verb, bootstrap, lines, **options):
        """Runs the client once; `lines` and the result are lists of dicts, see clients/README.md."""
        done = subprocess.run(
            [*self.command, verb, bootstrap, json.dumps(options)],
            input="".join(json.dumps(line) + "\n" for line in lines),
            capture_output=True, text=True, timeout=CLIENT_SECONDS,
            env={**os.environ, "KAFKAJS_HOME": str(brokers.INTEROP / "kafkajs"),
                 "KAFKAJS_NO_PARTITIONER_WARNING": "1", "NODE_NO_WARNINGS": "1"})
        assert done.returncode == 0, f"{self.name} {verb} failed:\n{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]


def compile_java(program, *parts):
    """Compiles PROGRAM.java of clients/, and the classes it is made of, unless they are newer."""
    classes = brokers.INTEROP / "classes"
    sources = [CLIENTS / f"{name}.java" for name in (program, *parts)]
    built = [classes / f"{name}.class" for name in (program, *parts)]
    if all(one.exists() and one.stat().st_mtime > source.stat().st_mtime
           for one, source in zip(built, sources)):
        return
    classes.mkdir(exist_ok=True)
    subprocess.run(["javac", "-d", str(classes), "-cp", f"{brokers.JARS}/*:{brokers.INTEROP}/streams/*", *map(str, sources)],
                   check=True)


def _python(interpreter, program, **how):
    return dict(command=[interpreter, str(CLIENTS / program)], needs=[interpreter], **how)


FAMILIES = {family.name: family for family in [
    Family("confluent-debian", **_python(DEBIAN_PYTHON, "confluent_client.py")),
    Family("confluent-newest", **_python(NEWEST_PYTHON, "confluent_client.py")),
    Family("kafka-python-debian",
           **_python(DEBIAN_PYTHON, "kafka_python_client.py", idempotent=False,
                     cannot=("null_key_and_value", "null_header"))),
    Family("kafka-python-newest",
           **_python(NEWEST_PYTHON, "kafka_python_client.py",
                     cannot=("null_key_and_value", "null_header"))),
    Family("java", [*brokers.JAVA, *brokers.java_classpath(), "JavaClient"],
           needs=["java", "javac", str(brokers.JARS / "pom.xml")]),
    Family("franz-go", [str(brokers.INTEROP / "franz")], needs=[str(brokers.INTEROP / "franz")]),
    Family("kafkajs", ["node", str(CLIENTS / "kafkajs" / "client.js")], codecs=("none", "gzip"),
           consumes=False, cannot=("null_header",),
           needs=["node", str(brokers.INTEROP / "kafkajs" / "node_modules" / "kafkajs")]),
]}
PRODUCERS = list(FAMILIES)
CONSUMERS = [name for name, family in FAMILIES.items() if family.consumes]
