"""How small, or how fast, a model is to become: "60 kB", "25 %", "200 us"."""

from __future__ import annotations

import re

from gossamer.errors import InputError

_BYTES = {"": 1, "b": 1, "kb": 1000, "mb": 10**6, "kib": 1024, "mib": 1024**2}
_SECONDS = {"": 1, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_HUNDREDTH = 0.01


def bytes_of(target: float | str, whole: float) -> float:
    """A size in bytes: a number of them, or a text with a unit or a part of a whole.

    Raises:
        InputError: the text is none.

    Example:
        >>> bytes_of("25 %", whole=1000)
        250.0
    """
    return _amount(target, whole, _BYTES, "target_size", "60 kB")


def seconds_of(target: float | str, whole: float) -> float:
    """A time in seconds, in the same way: "200 us", "1.5 ms", "50 %".

    Raises:
        InputError: the text is none.
    """
    return _amount(target, whole, _SECONDS, "target_latency", "200 us")


def _amount(
    target: float | str,
    whole: float,
    units: dict[str, float] | dict[str, int],
    name: str,
    example: str,
) -> float:
    text = str(target).strip().lower()
    found = re.fullmatch(r"([\d.]+(?:e-?\d+)?)\s*([a-zµ%]*)", text)
    try:
        number = float(found[1]) if found else 0.0
    except ValueError:
        number = 0.0
    unit = found[2] if found else "?"
    if number <= 0 or unit not in {*units, "%"}:
        raise InputError(
            f"{name}={target!r}; expected a number, or a text such as '{example}' or "
            "'25 %' of the float model's"
        )
    return number * _HUNDREDTH * whole if unit == "%" else number * units[unit]
