"""What was promised against what is there: the checker behind the crash tests.

Producers write values that are unique and, for each producer and partition, increasing. The
history keeps what was attempted and what was acknowledged with which offset; `check` compares
it with everything that can be read afterwards. Knows no broker and no client.
"""

from collections import defaultdict
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Value:
    producer: int
    partition: int
    number: int


@dataclass
class Findings:
    lost: list = field(default_factory=list)        # acknowledged, and not to be read
    duplicated: list = field(default_factory=list)  # to be read more than once
    reordered: list = field(default_factory=list)   # after a later one of the same producer
    moved: list = field(default_factory=list)       # not at the offset that was acknowledged
    ghosts: list = field(default_factory=list)      # nobody ever sent it

    def __str__(self):
        return ", ".join(f"{f.name} {len(getattr(self, f.name))} {getattr(self, f.name)[:5]}"
                         for f in fields(self))

    def __bool__(self):
        return any(getattr(self, f.name) for f in fields(self))


class History:
    def __init__(self):
        self.attempted = set()
        self.acknowledged = {}  # value -> offset

    def attempt(self, value):
        self.attempted.add(value)

    def acknowledge(self, value, offset):
        self.acknowledged[value] = offset

    def check(self, read):
        """`read` maps each partition to its [(offset, value)] in the order of a full read."""
        findings = Findings()
        offsets = {}
        for partition, records in read.items():
            latest = defaultdict(lambda: -1)
            for offset, value in records:
                if value not in self.attempted or value.partition != partition:
                    findings.ghosts.append(value)
                if value in offsets:
                    findings.duplicated.append(value)
                elif value.number < latest[value.producer]:
                    findings.reordered.append(value)
                latest[value.producer] = max(latest[value.producer], value.number)
                offsets.setdefault(value, offset)
        for value, offset in self.acknowledged.items():
            if value not in offsets:
                findings.lost.append(value)
            elif offsets[value] != offset:
                findings.moved.append(value)
        return findings
