"""Statements of the loop language, and the kernel that they make up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


class Instruction(NamedTuple):
    """`result = op(operands)`; `attribute` is what is known at build time.

    Operators: `add sub mul div udiv urem and or xor shl ashr lshr smin smax umin umax
    min max` (two operands of one kind), `fma` (a*b+c), `neg abs sqrt floor ceil trunc
    rint` (one), `eq ne lt le gt ge` and unsigned `ult` (result i1), `select`,
    `convert` (numeric, rounding toward zero), `unsigned` (wider, zeros in front),
    `bits` (same bits, other kind), `splat`, `extract` (attribute: lane), `shuffle`
    (attribute: lanes), `sum` and `peak` (of the lanes), `load` and `store` (attribute:
    valid lanes, None for all), `offset` (pointer plus bytes), `opaque` (the same
    pointer), `prefetch`, `dot_quads`, `dot_pairs`, `dot_pairs_more` (the same onto a
    total), `dot_signed_quads` (int8 by int8),
    `dot_short_quads` (the same, whose left operand is one word in all of four lanes,
    whose right one is in `SHORT_ORDER`, and whose products must fit int16 two by two),
    `count` (an i32 as an i64 that counts things in memory), `doubled_high`
    ((left * right + 2**30) >> 31 of i32, not both -2**31), `rounded_shift` (i32 times
    2**shift, halves up, for shifts from -31 to 0), `narrow` (saturating i32 to i8),
    `pack` (four i32 vectors to one i8), `look_up` (bytes of four i8 vectors of 64
    lanes, by an index without sign), `local` (attribute: bytes of memory of this call).

    Operators on the registers of the matrix unit, which attributes number: `tile_zero`,
    `tile_load` and `tile_store` (a pointer, and the bytes between rows), `tile_dot`
    (int8) and `tile_dot_floats` (bfloat16), whose attribute is (C, A, B).
    """

    op: str
    result: Value | None
    operands: tuple[Value, ...]
    attribute: tuple[int, ...] | int | None = None


SHORT_ORDER = (0, 3, 4, 7, 1, 2, 5, 6)
"""Where pairs of bytes stand for `dot_short_quads`: two for each of four lanes.

The lower half of a vector holds the first pair of even lanes and the second pair of odd
ones, the upper half the others.
"""


@dataclass(slots=True)
class Loop:
    """Counts `index` from `start` by `step` while it is below `stop`.

    `carried` values enter an iteration with what the one before has left in
    `yielded`; `results` are what the last one leaves, or `initial` if there is none.
    """

    index: Value
    start: Value
    stop: Value
    step: int
    initial: tuple[Value, ...]
    carried: tuple[Value, ...]
    results: tuple[Value, ...]
    body: list[Statement] = field(default_factory=list["Statement"])
    yielded: tuple[Value, ...] = ()

    @property
    def runs_at_least_once(self) -> bool:
        start, stop = self.start.constant, self.stop.constant
        return start is not None and stop is not None and start < stop


@dataclass(slots=True)
class If:
    """Runs `body` where `condition` (i1) holds, else `otherwise`."""

    condition: Value
    body: list[Statement] = field(default_factory=list["Statement"])
    otherwise: list[Statement] = field(default_factory=list["Statement"])


Statement: TypeAlias = Instruction | Loop | If


@dataclass(frozen=True, slots=True)
class Kernel:
    """A finished nest: a procedure over pointers and whole numbers."""

    name: str
    parameters: tuple[Value, ...]
    body: tuple[Statement, ...]
    target: Target
    uses_tiles: bool = False
    """Whether the matrix unit must be set up before the kernel is called."""
