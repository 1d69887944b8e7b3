"""These tests need TensorFlow, which has an environment of its own.

`make test-tensorflow` makes it and runs them. `test_absent.py` is what is left to test
without it.
"""

from __future__ import annotations

import importlib.util

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None

collect_ignore = ["test_absent.py" if HAS_TENSORFLOW else ""]
collect_ignore_glob = [] if HAS_TENSORFLOW else ["test_[!a]*.py"]
