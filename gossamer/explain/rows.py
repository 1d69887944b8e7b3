"""A report as rows: comma-separated values for programs, texts for a table."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.quantization.layers import Layer

DEBUGGER_COLUMNS = (
    "op_name",
    "tensor_idx",
    "num_elements",
    "stddev",
    "mean_error",
    "max_abs_error",
    "mean_squared_error",
    "scale",
    "zero_point",
    "tensor_name",
)
"""The columns that TensorFlow Lite's QuantizationDebugger writes, in its order.

Errors are those that the layer itself makes; elements are those of one sample.
"""

OWN_COLUMNS = (
    "type",
    "sqnr_db",
    "total_sqnr_db",
    "weights_sqnr_db",
    "rmse_by_scale",
    "minimum",
    "maximum",
    "representable_minimum",
    "representable_maximum",
    "range_used_percent",
    "saturated_percent",
    "clipped_percent",
)
"""What follows: noise in decibels, the layer's own and in total, ranges and ends."""

TABLE_COLUMNS = (
    ">#",
    "operator",
    "~layer",
    "type",
    ">SQNR dB",
    ">total dB",
    ">weights dB",
    ">rmse/scale",
    ">least",
    ">greatest",
    ">range %",
    ">at ends %",
    ">clipped %",
)
"""Headings for a terminal; > is aligned to the right, ~ gives way."""


def as_csv(layers: Sequence[Layer]) -> str:
    """Lines in the given order, behind a line of names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*DEBUGGER_COLUMNS, *OWN_COLUMNS])
    for layer in layers:
        writer.writerow([*_debugger_cells(layer), *_own_cells(layer)])
    return text.getvalue()


def _debugger_cells(layer: Layer) -> list[object]:
    place, own = layer.place, layer.own
    return [
        place.operator,
        place.index,
        layer.elements,
        own.stddev,
        own.mean,
        own.largest,
        own.mean_squared,
        _or_empty(place.scale),
        _or_empty(place.zero_point),
        place.name,
    ]


def _own_cells(layer: Layer) -> list[object]:
    place = layer.place
    weights = None if place.weights is None else place.weights.decibels
    ends = place.representable or (None, None)
    used = layer.range_used
    return [
        place.stored.dtype.title,
        layer.own.decibels,
        layer.total.decibels,
        _or_empty(weights),
        _or_empty(layer.error_in_steps),
        layer.values.minimum,
        layer.values.maximum,
        _or_empty(ends[0]),
        _or_empty(ends[1]),
        _or_empty(None if used is None else 100 * used),
        100 * layer.saturated,
        100 * layer.clipped_part,
    ]


def _or_empty(value: float | None) -> float | str:
    return "" if value is None else value


def table_cells(layers: Sequence[Layer]) -> list[tuple[str, ...]]:
    """The texts of a table in the given order, rounded for people."""
    return [_row(number, layer) for number, layer in enumerate(layers, 1)]


def _row(number: int, layer: Layer) -> tuple[str, ...]:
    place = layer.place
    used = layer.range_used
    return (
        str(number),
        place.operator,
        short(place.name),
        place.stored.dtype.title,
        decibels(layer.own.decibels),
        decibels(layer.total.decibels),
        "" if place.weights is None else decibels(place.weights.decibels),
        brief(layer.error_in_steps),
        brief(layer.values.minimum),
        brief(layer.values.maximum),
        "" if used is None else f"{100 * used:.0f}",
        percent(layer.saturated, layer),
        percent(layer.clipped_part, layer),
    )


def decibels(value: float) -> str:
    """Signal to noise for people; no noise at all is "exact"."""
    if math.isinf(value):
        return "exact" if value > 0 else "-∞"
    return f"{value:.1f}"


def short(name: str) -> str:
    """A tensor's name; of names that a converter joined with ; the first."""
    first, _, rest = name.partition(";")
    return f"{first}; …" if rest else name


def brief(value: float | None) -> str:
    """Three digits of a number; nothing for None."""
    return "" if value is None else f"{value:.3g}"


def percent(part: float, layer: Layer) -> str:
    """A part of values as a percentage; nothing where reals are stored as such."""
    if layer.place.scale is None:
        return ""
    return f"{100 * part:.2f}" if part else "0"


def as_text(layers: Sequence[Layer]) -> str:
    """A plain table, with two spaces between its columns."""
    names = [name.lstrip(">~") for name in TABLE_COLUMNS]
    lines = [names, *(list(row) for row in table_cells(layers))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [name.startswith(">") for name in TABLE_COLUMNS]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )
