"""Every environment variable that Gossamer reads, in one table.

| variable         | meaning                                                   |
|------------------|-----------------------------------------------------------|
| `GOSSAMER_CACHE` | folder of compiled code; `off` compiles anew every time   |
| `GOSSAMER_DEBUG` | `1` shows the traceback behind an error of the command    |
| `GOSSAMER_FLOAT` | `fast` keeps 17 bits of factors; `exact` never splits them |
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Settings(NamedTuple):
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


def cache_folder() -> str | None:
    """Where compiled code lies: the user's own cache folder; None if that is off."""
    chosen = settings().cache
    if chosen == "off":
        return None
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return f"{base}/gossamer"
    home = os.path.expanduser("~")
    # A user without a home is left as a tilde.
    return None if home == "~" else f"{home}/.cache/gossamer"
