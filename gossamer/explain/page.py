"""A report as one HTML page that needs nothing but itself."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from gossamer.explain.rows import brief, decibels, percent, short
from gossamer.explain.style import STYLE
from gossamer.explain.svg import Column, columns_chart, histogram

if TYPE_CHECKING:
    from gossamer.explain.report import QuantizationReport
    from gossamer.quantization.layers import Layer

_MARKED = 5
"""Layers that are marked as the worst."""

_DRAWN = 200
"""Layers whose distributions are drawn: those after them are good, and the page small.
"""

_HEADINGS = (
    ("", ""),
    ("layer", "operator, and the name of its output in both files"),
    ("SQNR dB", "signal to noise: what the layer itself adds; more is better"),
    ("total", "signal to noise with all that came before, against the float model"),
    ("weights", "signal to noise of the layer's weights alone"),
    ("rmse / scale", "the layer's own error in steps; 0.289 is rounding and no more"),
    ("values", "least to greatest, and the part of the representable range they use"),
    ("at ends", "stored as the least or the greatest integer; a ReLU's zeros are"),
    ("clipped", "beyond what can be stored, by more than half a step"),
    ("distribution", "how often values occur, logarithmic; shaded: what can be stored"),
    ("error", "the layer's own error in steps, logarithmic; shaded: half a step"),
)

_READING = """<p class="note">A bar is the noise that a layer adds by itself: the
quantized layer against the same layer in float, given the same inputs. A dot is all the
noise in it, against the float model: it sinks as layers add up. Twice the error is
6&nbsp;dB less. Layers marked in the chart lead the table; leave one in float, or look
at its distribution: a few values far outside spread the scale for all others.</p>"""


def page(report: QuantizationReport, title: str) -> str:
    """The page, in UTF-8, readable on light and dark."""
    worst = report.worst()
    marked = {id(layer) for layer in worst[:_MARKED]}
    anchors = {id(layer): f"l{number}" for number, layer in enumerate(worst, 1)}
    columns = [
        Column(
            layer.own.decibels,
            layer.total.decibels,
            _spoken(layer),
            anchors[id(layer)],
            mark=id(layer) in marked,
        )
        for layer in report.layers
    ]
    headings = "".join(
        f'<th title="{escape(why)}">{escape(name)}</th>' for name, why in _HEADINGS
    )
    rows = "".join(_row(number, layer) for number, layer in enumerate(worst, 1))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{_facts(report)}"
        f"<h2>Signal to noise by layer</h2>{columns_chart(columns)}{_READING}"
        f'<h2>Layers, worst first</h2><div class="wide"><table><thead><tr>{headings}'
        f"</tr></thead><tbody>{rows}</tbody></table></div></body></html>\n"
    )


def _facts(report: QuantizationReport) -> str:
    """The few numbers that say it all."""
    before, after = report.sizes
    facts = [("layers", str(len(report.layers))), ("samples", str(report.samples))]
    facts += [
        (f"dB at {y.place.name}", decibels(y.total.decibels)) for y in report.outputs
    ]
    if before and after:
        facts.append(("kB", f"{before / 1000:,.0f} → {after / 1000:,.0f}"))
        facts.append(("of the size", f"{after / before:.0%}"))
    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>"
        for name, value in facts
    )
    return f'<div class="facts">{cells}</div>'


def _spoken(layer: Layer) -> str:
    own, total = decibels(layer.own.decibels), decibels(layer.total.decibels)
    place = layer.place
    return f"{place.operator} {place.name}: {own} dB alone, {total} dB in total"


def _row(number: int, layer: Layer) -> str:
    place = layer.place
    weights = "" if place.weights is None else decibels(place.weights.decibels)
    numbers = (
        f"<b>{decibels(layer.own.decibels)}</b>",
        decibels(layer.total.decibels),
        weights,
        brief(layer.error_in_steps),
        _spread(layer),
        _percent(layer.saturated, layer),
        _percent(layer.clipped_part, layer),
    )
    cells = "".join(f'<td class="n">{each}</td>' for each in numbers)
    name = f"{escape(short(place.name))}<span>{escape(place.operator)}"
    kind = "float" if place.scale is None else place.stored.dtype.title
    drawn = number <= _DRAWN
    pictures = (_values(layer), _errors(layer)) if drawn else ("", "")
    mark = ' class="worst"' if number <= _MARKED else ""
    return (
        f'<tr id="l{number}"{mark}><td class="n">{number}</td>'
        f'<td class="name" title="{escape(place.name)}">{name}, {kind}</span></td>'
        f"{cells}<td>{pictures[0]}</td><td>{pictures[1]}</td></tr>"
    )


def _percent(part: float, layer: Layer) -> str:
    text = percent(part, layer)
    return f"{text}&nbsp;%" if text else ""


def _spread(layer: Layer) -> str:
    text = f"{brief(layer.values.minimum)} … {brief(layer.values.maximum)}"
    used = layer.range_used
    return text if used is None else f"{text}<span>{100 * used:.0f}&nbsp;% used</span>"


def _values(layer: Layer) -> str:
    ends, values = layer.place.representable, layer.values
    if not values.total:
        return ""
    shown = (values.minimum, values.maximum)
    if ends is not None:
        shown = (min(shown[0], ends[0]), max(shown[1], ends[1]))
    title = f"{brief(values.minimum)} to {brief(values.maximum)}"
    return histogram(values, shown, ends, title)


def _errors(layer: Layer) -> str:
    errors, is_integer = layer.errors, layer.place.scale is not None
    if not errors.total:
        return ""
    reach = max(abs(errors.minimum), abs(errors.maximum), 0.5 if is_integer else 0.0)
    if not reach or not math.isfinite(reach):
        return ""
    unit = "steps" if is_integer else "in all"
    title = f"{brief(errors.minimum)} to {brief(errors.maximum)} {unit}"
    reach *= 1.05
    return histogram(
        errors, (-reach, reach), (-0.5, 0.5) if is_integer else None, title
    )
