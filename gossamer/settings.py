"""Every environment variable that Gossamer reads, in one table.

| variable         | meaning                                                   |
|------------------|-----------------------------------------------------------|
| `GOSSAMER_CACHE` | folder of compiled code; `off` compiles anew every time   |
| `GOSSAMER_DEBUG` | `1` shows the traceback behind an error of the command    |
| `GOSSAMER_FLOAT` | `fast` keeps 17 bits of factors; `exact` never splits them |
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The variables' values; empty where they are not set."""

    cache: str
    debug: bool
    float: str


def settings() -> Settings:
    """Read the environment; it may change while a program runs."""
    return Settings(
        cache=os.environ.get("GOSSAMER_CACHE", ""),
        debug=os.environ.get("GOSSAMER_DEBUG", "") == "1",
        float=os.environ.get("GOSSAMER_FLOAT", ""),
    )
