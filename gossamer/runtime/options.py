"""How a model is run."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """How to run.

    `threads` is how many may work on one run, at least 1; with `keep_all` every
    intermediate result can be read after it; with `reference` the operators' meaning
    runs instead of machine code.
    """

    threads: int = 1
    keep_all: bool = False
    reference: bool = False
