"""Edge sizes for every operator in every type, made of the cases that there are.

Of what an operator's own cases leave out, one variant must be taken by LiteRT and give
the same there, on all machines. Where there is none, the reason stands in `WITHOUT`.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from gossamer.errors import GossamerError
from tests.ops.collection import every_case
from tests.ops.contract import (
    compiled_agrees,
    litert_agrees,
    litert_results,
    prepare,
    round_trip,
    types_agree,
)
from tests.ops.coverage import EDGES, FEWEST, covered, edges_of, size_of
from tests.ops.edges import CRASHES, UNJUDGED, WITHOUT, resized, variants
from tests.ops.litert_types import BEYOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ops.contract import Case

CASES = covered(every_case())
MISSING = [
    (name, types, edge)
    for (name, types), cases in sorted(CASES.items())
    for edge in EDGES
    if not any(edge in edges_of(case) for case in cases)
    and (name, types, edge) not in UNJUDGED
]

FEW = [key for key in sorted(CASES) if len(CASES[key]) < FEWEST and key not in BEYOND]


def candidates(name: str, types: str, edge: str) -> Iterator[Case]:
    """Variants of cases of all sizes, a dozen at most."""
    cases = sorted(CASES[name, types], key=size_of)
    for case in (*cases[:2], cases[len(cases) // 2], cases[-1], *cases[2:10]):
        yield from variants(case, edge)


def more(name: str, types: str) -> Iterator[Case]:
    """Variants of the cases with other sizes."""
    for size, case in product((1, 3, 5, 2, 7, 0), CASES[name, types]):
        yield from resized(case, size)


def is_taken(case: Case) -> bool:
    """Whether LiteRT takes a case; if so, all must agree on it."""
    try:
        run = prepare(case)
        if (case.op.name, "empty") not in CRASHES:
            litert_results(run)
    except (GossamerError, ArithmeticError, RuntimeError, ValueError):
        return False
    types_agree(run)
    round_trip(run)
    if (case.op.name, "empty") not in CRASHES:
        litert_agrees(run)
    compiled_agrees(run)
    return True


@pytest.mark.parametrize(("name", "types", "edge"), MISSING)
def test_edge(name: str, types: str, edge: str) -> None:
    taken = any(is_taken(case) for case in candidates(name, types, edge))
    reason = WITHOUT.get((name, edge), "")
    assert taken or reason, "no variant is taken, and no reason is given"


@pytest.mark.parametrize(("name", "types"), FEW)
def test_more_sizes(name: str, types: str) -> None:
    """Where a type has few cases of its own, variants of these make up for it."""
    count = len(CASES[name, types])
    for case in more(name, types):
        count += is_taken(case)
        if count >= FEWEST:
            return
    raise AssertionError(f"{count} cases are too few")


def test_each_reason_is_needed() -> None:
    assert set(WITHOUT) <= {(name, edge) for name, _, edge in MISSING}
