"""No kernel keeps vectors on the stack in its innermost loops, but for known ones.

Which kernels there are is told by the contract's cases and by layers of networks, so
that a new one is looked at without being entered anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.codegen.machines import TARGETS
from tests.kernels.bounds import BOUNDS, bound_of
from tests.kernels.census import (
    KERNELS,
    census,
    emitting_files,
    every_kernel,
    files_of,
    largest_cases,
    types_of,
)
from tests.kernels.spills import assembly_of, innermost_loops, traffic_of
from tests.ops.test_encoded_weights import CASES, FLASH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.kernels.census import Found

# One process for all, which takes the census of each machine once.
pytestmark = pytest.mark.xdist_group("census")

MACHINES = ("amx", "vnni", "avx2", "sse2")


def too_much(machine: str, kernels: Iterable[Found]) -> list[str]:
    """Kernels that move more over the stack than they may."""
    found: list[str] = []
    for each in kernels:
        traffic = traffic_of(assembly_of(TARGETS[machine], each.kernel))
        if traffic.share > bound_of(each.kernel.name, machine):
            amount = f"{traffic.spilled} of {traffic.lines} instructions"
            found.append(f"{each.kernel.name} of {each.case}: {amount}")
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_what_goes_over_the_stack(machine: str) -> None:
    found = too_much(machine, census(machine).kernels)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES)
def test_what_goes_over_the_stack_in_any_kernel(machine: str) -> None:
    found = too_much(machine, every_kernel(machine))
    assert not found, "\n".join(found)


def test_every_module_that_emits_is_looked_at() -> None:
    bytes_ = [case for case in largest_cases() if types_of(case)[0] == "int8"]
    seen = census("amx").files | files_of((*CASES[:1], *bytes_), FLASH)
    missing = [str(x.relative_to(KERNELS)) for x in emitting_files() if x not in seen]
    assert not missing, f"no case and no layer has a kernel of {missing}"


def test_bounds_are_of_kernels_that_there_are() -> None:
    known = {
        each.kernel.name for machine in MACHINES for each in census(machine).kernels
    }
    named = [name for bound in BOUNDS for name in bound.kernels.split()]
    assert len(named) == len(set(named))
    assert set(named) <= known


def test_innermost_loops_are_found_in_kernels() -> None:
    for each in census("amx").kernels[:20]:
        assert innermost_loops(assembly_of(TARGETS["amx"], each.kernel))
