"""Makes the recorded programs and data under tests/oracle importable as `oracle`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
