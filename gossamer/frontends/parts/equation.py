"""The text of an einsum, such as `...ij,jk->...ik`."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Equation:
    """A letter for each axis of each operand, and of the result."""

    operands: tuple[str, ...]
    result: str


def parsed(text: str, ranks: Sequence[int]) -> Equation:
    """The equation with `...` as letters of its own, aligned at the last of its axes.

    Without `->`, the result has the axes of `...` and then, in the order of the
    alphabet, the letters that occur once.

    Raises:
        Unsupported: it does not fit the operands.
    """
    inputs, arrow, output = text.replace(" ", "").partition("->")
    terms = inputs.split(",")
    named = [len(term.replace("...", "")) for term in terms]
    hidden = [rank - count for rank, count in zip(ranks, named, strict=False)]
    is_fitting = len(terms) == len(ranks) and all(
        count == 0 or (count > 0 and "..." in term)
        for count, term in zip(hidden, terms, strict=True)
    )
    if not is_fitting:
        raise Unsupported(
            f"the equation '{text}' does not fit operands with {list(ranks)} axes",
            "Give one letter for each axis.",
        )
    unused = [x for x in string.ascii_letters if x not in text]
    spare = "".join(unused[: max(hidden)])
    spelled = [
        term.replace("...", spare[len(spare) - count :])
        for term, count in zip(terms, hidden, strict=True)
    ]
    if not arrow:
        every = "".join(terms).replace("...", "")
        output = "..." + "".join(x for x in sorted(set(every)) if every.count(x) == 1)
    return Equation(tuple(spelled), output.replace("...", spare))
