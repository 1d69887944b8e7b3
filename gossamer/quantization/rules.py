"""Which mode each layer gets: rules over layers by name, the first that fits wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from gossamer.errors import QuantizationError
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from gossamer.ir.graph import Node

Mode: TypeAlias = Literal[
    "float32",
    "float16",
    "dynamic",
    "dynamic_int4",
    "weight_int8",
    "weight_int4",
    "int8",
    "int16x8",
]
"""How a layer stores its constants and computes.

`float32`: as it is. `float16`: constants in half the size. `dynamic`, `dynamic_int4`:
weights as int8 or int4, activations quantized while the model runs. `weight_int8`,
`weight_int4`: weights as int8 or int4, made float32 again before use. `int8`,
`int16x8`: weights as int8 and all activations as int8 or int16, which needs
calibration.
"""

MODES: tuple[Mode, ...] = get_args(Mode)

INTEGER: Mapping[Mode, DType] = {"int8": DType.INT8, "int16x8": DType.INT16}
"""The modes that compute on integers, with the type of their activations."""

INT4 = frozenset({"dynamic_int4", "weight_int4"})
"""The modes that take a block size."""

BLOCK_SIZES = (32, 64, 128, 256)
"""How many weights of a row may share a scale."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The mode of the layers whose name has a pattern in it.

    Attributes:
        pattern: a regular expression, searched in the names of a layer's outputs; ""
            is in every name.
        mode: see `Mode`.
        operators: the operators that the rule is for, such as CONV_2D; empty: for all.
        block_size: for int4: how many weights of a row share a scale; 0: one scale
            for each channel.
    """

    pattern: str
    mode: Mode
    operators: frozenset[str] = frozenset()
    block_size: int = 0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise QuantizationError(
                f"the mode {self.mode!r} is not known; expected one of "
                + ", ".join(MODES)
            )
        if self.block_size and self.mode not in INT4:
            raise QuantizationError(
                f"the mode {self.mode!r} takes no block size; {self.block_size} was "
                f"given. Blocks are for {' and '.join(sorted(INT4))}"
            )
        if self.block_size and self.block_size not in BLOCK_SIZES:
            raise QuantizationError(
                f"blocks of {self.block_size} weights are not known; expected one of "
                + ", ".join(map(str, BLOCK_SIZES))
            )
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise QuantizationError(
                f"the pattern {self.pattern!r} is no regular expression: {error}"
            ) from error

    @property
    def is_integer(self) -> bool:
        """Whether activations are integers, too."""
        return self.mode in INTEGER

    def fits(self, node: Node) -> bool:
        if self.operators and node.op.name not in self.operators:
            return False
        return any(re.search(self.pattern, y.name) for y in node.outputs)

    def __str__(self) -> str:
        """The mode as users write it: `weight_int4:32`."""
        return f"{self.mode}:{self.block_size}" if self.block_size else self.mode


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in their order, and what holds where none fits.

    Example:
        >>> Rules.of([("^head/", "float32"), ("", "int8")])
    """

    rules: tuple[Rule, ...] = ()
    default: Rule = Rule("", "float32")

    def rule(self, node: Node) -> Rule:
        """The rule of a node."""
        return next((rule for rule in self.rules if rule.fits(node)), self.default)

    @property
    def all(self) -> tuple[Rule, ...]:
        return (*self.rules, self.default)

    @property
    def is_integer(self) -> bool:
        """Whether a rule needs calibration."""
        return any(rule.is_integer for rule in self.all)

    def without(self, operators: Iterable[str], names: Iterable[str]) -> Rules:
        """These rules, but some operators and some layers by name in float32."""
        kinds = frozenset(operators)
        left = [Rule("", "float32", kinds)] if kinds else []
        left += [Rule(f"^{re.escape(name)}$", "float32") for name in names]
        return Rules((*left, *self.rules), self.default)

    def __str__(self) -> str:
        """For the file's metadata: `^head/=float32 int8`."""
        lines = [
            f"{','.join(sorted(r.operators))}{r.pattern and '~'}{r.pattern}={r}"
            for r in self.rules
        ]
        return " ".join([*lines, str(self.default)])

    @staticmethod
    def of(given: Any) -> Rules:
        """Rules as a user gives them.

        Args:
            given: a mode's name, with a block size behind a colon for int4; pairs of
                pattern and mode's name; a mapping of "rules", "default",
                "denylisted_ops" and "denylisted_nodes"; or None for float32.

        Raises:
            QuantizationError: it is none of these, or a name in it is not known.
        """
        match given:
            case Rules():
                return given
            case None:
                return Rules()
            case str():
                return Rules((), rule_of("", given))
            case Mapping():
                return _of_mapping(cast("Mapping[str, Any]", given))
            case Iterable():
                return Rules(tuple(map(_entry, cast("Iterable[Any]", given))))
            case _:
                raise QuantizationError(
                    f"quantize={given!r} is not known; expected a mode such as 'int8', "
                    "or pairs of a pattern and a mode"
                )


def rule_of(pattern: str, text: str, operators: Iterable[str] = ()) -> Rule:
    """A rule with the mode that a text names, such as `weight_int4:32`.

    Raises:
        QuantizationError: there is no such mode.
    """
    mode, _, block = text.partition(":")
    if block and not block.isdecimal():
        raise QuantizationError(
            f"the mode {text!r} has {block!r} for a block size; expected a number"
        )
    return Rule(pattern, cast("Mode", mode), frozenset(operators), int(block or 0))


_FIELDS = ("rules", "default", "denylisted_ops", "denylisted_nodes")


def _of_mapping(given: Mapping[str, Any]) -> Rules:
    unknown = [name for name in given if name not in _FIELDS]
    if unknown:
        raise QuantizationError(
            f"a recipe has the fields {', '.join(_FIELDS)}; {unknown[0]!r} was given"
        )
    rules = tuple(map(_entry, given.get("rules", ())))
    made = Rules(rules, rule_of("", str(given.get("default", "float32"))))
    return made.without(
        given.get("denylisted_ops", ()), given.get("denylisted_nodes", ())
    )


def _entry(given: Any) -> Rule:
    """One rule: a `Rule`, a pair, or a mapping as files have it."""
    match given:
        case Rule():
            return given
        case Mapping():
            return _entry_of_mapping(dict(cast("Mapping[str, Any]", given)))
        case (str() as pattern, str() as mode):
            return rule_of(pattern, mode)
        case _:
            raise QuantizationError(
                f"the rule {given!r} is not known; expected a pair of a pattern and a "
                "mode, such as ('^head/', 'float32')"
            )


def _entry_of_mapping(fields: dict[str, Any]) -> Rule:
    known = ("pattern", "mode", "operators")
    unknown = [name for name in fields if name not in known]
    if unknown or "mode" not in fields:
        raise QuantizationError(
            f"the rule {fields!r} is not known; expected the field mode, and pattern "
            "or operators"
        )
    operators = cast("Iterable[str]", fields.get("operators", ()))
    return rule_of(str(fields.get("pattern", "")), str(fields["mode"]), operators)
