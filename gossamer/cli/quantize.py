"""`gossamer quantize`: a float `.tflite` file to a smaller one."""

from __future__ import annotations

import time
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import typer

from gossamer.cli import output
from gossamer.cli.calibration import (
    CalibrationOption,
    ImproveOption,
    MeanOption,
    Method,
    MethodOption,
    PixelsOption,
    StdOption,
    calibration_of,
)
from gossamer.cli.convert import require_folder, working, write_whole
from gossamer.cli.modes import (
    MODES_HELP,
    EndType,
    InputTypeOption,
    LeaveOption,
    OutputTypeOption,
    RulesOption,
    Sparse,
    SparseOption,
    StrictOption,
    asking_for_calibration,
    check_integer,
    rules_of,
)
from gossamer.cli.quantize_report import ReportOption, check_report, report_to
from gossamer.cli.quantize_search import (
    ChartOption,
    MaxDropOption,
    MetricOption,
    Objective,
    ObjectiveOption,
    Wanted,
)


def quantize(
    model: Annotated[
        Path, typer.Argument(help="A float .tflite file.", metavar="MODEL")
    ],
    *,
    to: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")
    ],
    mode: Annotated[
        str | None, typer.Option("--mode", "-m", metavar="MODE", help=MODES_HELP)
    ] = None,
    rules: RulesOption = None,
    leave: LeaveOption = None,
    calibration: CalibrationOption = None,
    pixels: PixelsOption = None,
    mean: MeanOption = None,
    std: StdOption = None,
    method: MethodOption = Method.MINMAX,
    improve: ImproveOption = None,
    input_type: InputTypeOption = EndType.FLOAT32,
    output_type: OutputTypeOption = EndType.FLOAT32,
    strict: StrictOption = False,
    sparse: SparseOption = Sparse.AUTO,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell what stayed in float, and why."),
    ] = False,
    report: ReportOption = None,
    max_drop: MaxDropOption = None,
    metric: MetricOption = None,
    objective: ObjectiveOption = Objective.SIZE,
    chart: ChartOption = None,
) -> None:
    """Shrink a float .tflite file, also one with float16 weights.

    [bold]Examples[/bold]

    [cyan]gossamer quantize model.tflite -o small.tflite --mode dynamic[/cyan]

    [cyan]gossamer quantize model.tflite -o int8.tflite --mode int8 --calibration x.npz
    --leave '^head/'[/cyan]

    [cyan]gossamer quantize model.tflite -o mixed.tflite --rules rules.toml
    --calibration x.npz[/cyan]

    [cyan]gossamer quantize model.tflite -o int8.tflite --mode int8 --calibration x.npz
    --report page.html[/cyan]

    [cyan]gossamer quantize model.tflite -o mixed.tflite --max-drop 0.5%
    --metric labelled.npz[/cyan]
    """
    from gossamer.api import quantize as to_bytes  # noqa: PLC0415  loaded when used
    from gossamer.passes.base import Log  # noqa: PLC0415

    require_folder(to)
    chosen = rules_of(mode, rules, leave, "--mode")
    check_report(report, calibration)
    wanted = Wanted(max_drop, metric, objective, chart)
    wanted.check(mode, rules, leave)
    for_modes = calibration
    if wanted.is_search or (report is not None and not chosen.is_integer):
        for_modes = None  # what is there is for the search, or for the report
    if not wanted.is_search:
        check_integer(chosen, for_modes, (input_type, output_type), "--mode")
    data = calibration_of(calibration, pixels, mean, std)
    log, start = Log(), time.perf_counter()
    asks = asking_for_calibration(chosen, "--mode")
    with working(f"quantizing {model}"), asks:
        content = wanted.content(model, calibration, data) or to_bytes(
            model,
            chosen,
            None if for_modes is None else data,
            method=method.value,
            improve=[each.value for each in improve or ()],
            input_type=input_type.value,
            output_type=output_type.value,
            strict=strict,
            sparse=sparse.value,
            log=log,
        )
    write_whole(to, content)
    if explain:
        from gossamer.cli.explain import show_log  # noqa: PLC0415

        show_log(log)
    seconds = time.perf_counter() - start
    output.show(
        f"{output.escape(str(to))}: {output.file_size(content)}, "
        f"{len(content) / model.stat().st_size:.0%} of {output.escape(model.name)}, "
        f"in {seconds:.1f} s"
    )
    if report is not None:
        report_to(report, model, content, data)
