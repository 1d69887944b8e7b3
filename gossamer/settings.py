"""Every environment variable that Gossamer reads, in one table.

| variable         | meaning                                                   |
|------------------|-----------------------------------------------------------|
| `GOSSAMER_CACHE` | folder of compiled code; `off` compiles anew every time   |
| `GOSSAMER_DEBUG` | `1` shows the traceback behind an error of the command    |
| `GOSSAMER_FLOAT` | `exact` multiplies floats as such, never split in parts   |
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The variables' values; empty where they are not set."""

    cache: str
    debug: bool
    exact_floats: bool


def settings() -> Settings:
    """Read the environment; it may change while a program runs."""
    return Settings(
        cache=os.environ.get("GOSSAMER_CACHE", ""),
        debug=os.environ.get("GOSSAMER_DEBUG", "") == "1",
        exact_floats=os.environ.get("GOSSAMER_FLOAT", "") == "exact",
    )
