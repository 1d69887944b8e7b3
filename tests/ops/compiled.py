"""The contract for operators that must have a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ops.contract import (
    MACHINES,
    compiled_agrees_on,
    litert_agrees,
    prepare,
    round_trip,
    types_agree,
)

if TYPE_CHECKING:
    from tests.ops.contract import Case


def check_compiled(case: Case) -> None:
    """`check`, and every machine must have a kernel for the case."""
    run = prepare(case)
    types_agree(run)
    round_trip(run)
    litert_agrees(run)
    for target in MACHINES:
        found = compiled_agrees_on(run, target)
        assert found, f"{case} has no kernel on {target.cpu}"
