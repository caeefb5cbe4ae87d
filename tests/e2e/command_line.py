"""What the tests of the command line share: running Tideline's binary, and its exit codes."""

import json
import os
import subprocess

from lib import broker as brokers

OK, USAGE, REFUSED, UNREACHABLE, PARTIAL, CORRUPT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
SECONDS = 60


class Cli:
    def __init__(self, bootstrap):
        self.environment = {**os.environ, "TIDELINE_BOOTSTRAP": bootstrap}

    def command(self, *arguments):
        return [str(brokers.CLIENT), *map(str, arguments)]

    def __call__(self, *arguments, stdin=b"", expect=OK):
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True,
                              env=self.environment, timeout=SECONDS)
        done.stdout, done.stderr = (s.decode(errors="surrogateescape") for s in (done.stdout, done.stderr))
        assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments, **how):
        return json.loads(self(*arguments, "-o", "json", **how).stdout)

    def json_lines(self, *arguments, **how):
        return [json.loads(line) for line in self(*arguments, "-o", "json", **how).stdout.splitlines()]

    def start(self, *arguments, **how):
        return subprocess.Popen(self.command(*arguments), env=self.environment, **how)


def values(done):
    return sorted(done.stdout.splitlines())
