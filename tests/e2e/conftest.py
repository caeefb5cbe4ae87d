"""Makes the helpers beside the tests importable; fixtures are in tests/conftest.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
