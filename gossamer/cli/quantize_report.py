"""`gossamer quantize --report`: what quantization did to each layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.cli import output
from gossamer.errors import InputError
from gossamer.explain.rows import TABLE_COLUMNS, decibels, table_cells

if TYPE_CHECKING:
    from gossamer.explain.report import QuantizationReport

TERMINAL = "-"
"""The name of a report that goes to standard output."""

_ENDINGS = (".html", ".htm", ".csv")


ReportOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|-",
        help="Tell what quantization did to each layer on the calibration data: a page "
        "(.html), columns (.csv), or a table here (-).",
    ),
]


def check_report(where: str | None, samples: Any) -> None:
    """Say before the work that its report cannot be made or written.

    Raises:
        InputError: there are no samples, the ending is not known, or the folder is
            not there.
    """
    if where is None:
        return
    if samples is None:
        raise InputError(
            f"--report {where} needs --calibration with typical inputs, to compare the "
            "models on"
        )
    path = Path(where)
    if where != TERMINAL and path.suffix.lower() not in _ENDINGS:
        raise InputError(
            f"--report {where} has to end in .html or .csv, or be - for a table here"
        )
    if where != TERMINAL and not path.parent.is_dir():
        raise InputError(
            f"there is no folder '{path.parent}' for --report {where}. Make it first"
        )


def report_to(where: str, float_model: Any, quantized_model: Any, samples: Any) -> None:
    """Compare two models on samples, and write what was found.

    Args:
        where: a file that ends in .html or .csv, or - for a table.
        float_model: as `quantization_report` takes it.
        quantized_model: the same.
        samples: the same.

    Raises:
        InputError: the ending is not known.
        QuantizationError: the models or the samples do not fit each other.
    """
    check_report(where, samples)
    from gossamer.explain.report import quantization_report  # noqa: PLC0415

    made = quantization_report(float_model, quantized_model, samples)
    if where == TERMINAL:
        show_report(made)
        return
    made.save(where)
    output.show(f"{output.escape(where)}: {_summary(made)}")


def show_report(report: QuantizationReport) -> None:
    """A table of the layers, worst first."""
    made = output.table("Layers, worst first", *TABLE_COLUMNS)
    output.rows(made, table_cells(report.worst()))
    output.show(made)
    output.show(f"\n{_summary(report)}")


def _summary(report: QuantizationReport) -> str:
    ends = ", ".join(
        f"{decibels(y.total.decibels)} dB at {output.escape(y.place.name)}"
        for y in report.outputs
    )
    return f"{len(report.layers)} layers, {report.samples} samples; {ends}"
