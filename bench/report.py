"""From samples to the table: medians, ranges, and ratios of what was measured side by side."""

import statistics


class Samples:
    def __init__(self):
        self.all = []

    def add(self, broker, durability, round_number, value):
        self.all.append({"broker": broker, "durability": durability, "round": round_number, "name": value.name,
                         "value": value.value, "steal": value.steal, "others": value.others, "void": value.void})

    def rows(self):
        """(durability, name) in the order they were first measured."""
        return list(dict.fromkeys((s["durability"], s["name"]) for s in self.all))

    def of(self, broker, durability, name):
        """{round: value}, without the void ones."""
        return {s["round"]: s["value"] for s in self.all
                if (s["broker"], s["durability"], s["name"]) == (broker, durability, name) and not s["void"]}


def ratios(samples, durability, name):
    """Kafka's figure over Tideline's in each round that has both."""
    ours, theirs = (samples.of(broker, durability, name) for broker in ("tideline", "kafka"))
    return [theirs[n] / ours[n] for n in ours if n in theirs and ours[n] > 0]


def spread(values, digits=3):
    if not values:
        return "void"
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{number(median, digits)} [{number(low, digits)}..{number(high, digits)}]"


def number(value, digits=3):
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text else text


def markdown(samples):
    lines = []
    for durability in dict.fromkeys(d for d, _ in samples.rows()):
        lines += [f"**{durability}**", "", "| | Tideline | Apache Kafka | Kafka ÷ Tideline |", "|---|---|---|---|"]
        for each, name in samples.rows():
            if each == durability:
                cells = (spread(list(samples.of(b, durability, name).values())) for b in ("tideline", "kafka"))
                lines.append(f"| {name} | {' | '.join(cells)} | {spread(ratios(samples, durability, name), 2)} |")
        lines.append("")
    return "\n".join(lines)


def summary(samples):
    """What a reader must know before believing the table."""
    void = sum(s["void"] for s in samples.all)
    steal, others = (max((s[key] for s in samples.all if not s["void"]), default=0.0) for key in ("steal", "others"))
    lines = [f"{void} of {len(samples.all)} samples void (the generator was the bottleneck, or the host took too much of the "
             f"machine). Of the others: highest steal {steal:.1%}; highest CPU of other processes and of the kernel's threads, "
             f"writeback above all, {others:.1%} of the machine."]
    if void > len(samples.all) / 4:
        lines.append("**Not a quiet machine: do not publish these figures.**")
    return "\n".join(lines)
