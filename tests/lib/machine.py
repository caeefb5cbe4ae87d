"""What this machine lacks for a test, said so that nobody overlooks it."""

import os

import pytest

lacks = {}


def missing(tool, why):
    """A missing tool is a failure in CI and, elsewhere, a skip that the last lines repeat."""
    lacks[tool] = why
    if os.environ.get("CI") == "true":
        pytest.fail(f"MISSING TOOL {tool}: {why} (CI=true)", pytrace=False)
    pytest.skip(f"MISSING TOOL {tool}: {why}")


def cannot_here(what, why):
    """What this machine does not allow anybody is a skip everywhere, said as loudly."""
    lacks[what] = why
    pytest.skip(f"CANNOT HERE {what}: {why}")
