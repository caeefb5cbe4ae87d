"""The bugs that scripts/mutants plants, one at a time: all lists together."""

from broker_mutants import BROKER_MUTANTS
from mutant import words_of
from transaction_mutants import TRANSACTION_MUTANTS

MUTANTS = [*BROKER_MUTANTS, *TRANSACTION_MUTANTS]


def table():
    """The table of README.md."""
    rows = [f"| {mutant.name} | `{mutant.file}` | {words_of(mutant.test)} |" for mutant in MUTANTS]
    return "\n".join(["| the bug | planted in | caught by |", "|---|---|---|", *rows]) + "\n"
