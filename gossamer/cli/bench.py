"""`gossamer bench`: how long an inference takes, where the time goes, beside LiteRT.

Takes the flags of TensorFlow Lite's benchmark_model too, and writes its lines.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.benchmark.inputs import InputFlags, Subject, subject
from gossamer.benchmark.protocol import Limits, Outcome, divided, measure, ready
from gossamer.cli import output
from gossamer.cli.bench_engines import compare, show_engines
from gossamer.errors import InputError
from gossamer.runtime.executable import Options
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    from gossamer.benchmark.profile import Line
    from gossamer.runtime.executable import Executable

_TFLITE = "Flags of benchmark_model"
_PROFILE = "Profile"


class Peer(Enum):
    """An engine to compare with."""

    LITERT = "litert"


class ProfileMode(Enum):
    """Where a profile goes."""

    STDOUT = "stdout"
    CSV = "csv"


def _flag(name: str, help_text: str, panel: str = _TFLITE, **options: Any) -> Any:
    return typer.Option(f"--{name}", help=help_text, rich_help_panel=panel, **options)


def bench(
    file: Annotated[
        Path | None, typer.Argument(help="A .tflite file.", metavar="FILE")
    ] = None,
    *,
    threads: Annotated[
        int, typer.Option("--threads", "--num-threads", help="Threads to use.")
    ] = 1,
    against: Annotated[
        Peer | None, typer.Option(help="Run this engine too, in turns.")
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(min=1, help="Blocks of inferences to time, not a duration."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.01, help="How long to measure: 1.5.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the numbers as JSON.")
    ] = False,
    profile: Annotated[bool, _flag("profile", "Time every step.", _PROFILE)] = False,
    chart: Annotated[
        Path | None,
        _flag("chart", "Draw the profile: a .png, .svg or .pdf file.", _PROFILE),
    ] = None,
    enable_op_profiling: Annotated[
        bool, _flag("enable-op-profiling", "The same as --profile.", _PROFILE)
    ] = False,
    op_profiling_output_mode: Annotated[
        ProfileMode,
        _flag("op-profiling-output-mode", "A table, or CSV.", _PROFILE),
    ] = ProfileMode.STDOUT,
    op_profiling_output_file: Annotated[
        Path | None,
        _flag("op-profiling-output-file", "Where the profile goes.", _PROFILE),
    ] = None,
    graph: Annotated[Path | None, _flag("graph", "The file.")] = None,
    num_runs: Annotated[int | None, _flag("num-runs", "At least so many: 50.")] = None,
    min_secs: Annotated[float | None, _flag("min-secs", "At least so long: 1.")] = None,
    max_secs: Annotated[float | None, _flag("max-secs", "At most: 150.")] = None,
    warmup_runs: Annotated[
        int | None, _flag("warmup-runs", "Before measuring, at least so many: 1.")
    ] = None,
    warmup_min_secs: Annotated[
        float | None, _flag("warmup-min-secs", "And at least so long: 0.5.")
    ] = None,
    run_delay: Annotated[
        float | None, _flag("run-delay", "Seconds between inferences.")
    ] = None,
    run_frequency: Annotated[
        float | None, _flag("run-frequency", "Inferences a second.")
    ] = None,
    input_layer: Annotated[str, _flag("input-layer", "Inputs by name: a,b.")] = "",
    input_layer_shape: Annotated[
        str, _flag("input-layer-shape", "Their shapes: 1,30:1,10.")
    ] = "",
    input_layer_value_range: Annotated[
        str, _flag("input-layer-value-range", "Ranges: a,1,2:b,0,254.")
    ] = "",
    input_layer_value_files: Annotated[
        str, _flag("input-layer-value-files", "Raw or .npy files: a:file,b:file.")
    ] = "",
    report_peak_memory_footprint: Annotated[
        bool, _flag("report-peak-memory-footprint", "Tell the most memory held.")
    ] = False,
    print_preinvoke_state: Annotated[
        bool, _flag("print-preinvoke-state", "List tensors before running.")
    ] = False,
    print_postinvoke_state: Annotated[
        bool, _flag("print-postinvoke-state", "List tensors after running.")
    ] = False,
    signature_to_run_for: Annotated[
        str, _flag("signature-to-run-for", "Run this signature.")
    ] = "",
    list_signatures: Annotated[
        bool, _flag("list-signatures", "List signatures and exit.")
    ] = False,
    result_file_path: Annotated[
        Path | None, _flag("result-file-path", "Write the numbers as JSON there.")
    ] = None,
    verbose: Annotated[bool, _flag("verbose", "Tell all parameters.")] = False,
    dry_run: Annotated[bool, _flag("dry-run", "Prepare, but do not run.")] = False,
) -> None:
    """Measure an inference: setting inputs, running, and getting outputs.

    Inputs are random, the same for both engines, which take turns in one process;
    the ratio is that of the fastest times. The lines in the manner of TensorFlow
    Lite's benchmark_model time the running alone.

    [bold]Examples[/bold]

    [cyan]gossamer bench digits.tflite[/cyan]

    [cyan]gossamer bench digits.tflite --threads 2 --against litert --json[/cyan]

    [cyan]gossamer bench digits.tflite --profile --chart profile.png[/cyan]

    [cyan]gossamer bench --graph=digits.tflite --num_runs=50 --num_threads=1[/cyan]
    """
    given = {
        "num_runs": num_runs,
        "min_secs": min_secs,
        "max_secs": max_secs,
        "warmup_runs": warmup_runs,
        "warmup_min_secs": warmup_min_secs,
        "run_delay": run_delay,
        "run_frequency": run_frequency,
    }
    limits: dict[str, Any]
    limits = {name: value for name, value in given.items() if value is not None}
    inputs = InputFlags(
        input_layer,
        input_layer_shape,
        input_layer_value_range,
        input_layer_value_files,
        signature_to_run_for,
    )
    profiled = profile or enable_op_profiling or chart is not None
    like_tflite = bool(limits or graph or dry_run) or inputs != InputFlags()
    timed = seconds is not None and not profiled
    ours = against is not None or runs is not None or timed
    task = _Task(
        _file(file, graph),
        max(threads, 1),
        inputs,
        Limits(**limits),
        has_protocol=like_tflite or not (ours or profiled),
        has_engines=ours or not (like_tflite or profiled),
        is_quiet=as_json,
    )
    if verbose:
        task.show_parameters()
    if list_signatures:
        task.list_signatures()
        return
    if print_preinvoke_state:
        task.show_state("Before")
    task.prepare(dry_run=dry_run, peak=report_peak_memory_footprint)
    if not dry_run and task.has_engines:
        task.compare(against, 1.5 if seconds is None else seconds, runs)
    if not dry_run and profiled:
        task.profile(
            seconds or task.limits.min_secs,
            chart,
            op_profiling_output_mode,
            op_profiling_output_file,
        )
    if print_postinvoke_state:
        task.show_state("After")
    task.finish(result_file_path)


def _file(file: Path | None, graph: Path | None) -> Path:
    """The file, given by place or by --graph."""
    if (file is None) == (graph is None):
        raise InputError("give one file: gossamer bench FILE, or --graph=FILE")
    return file or graph or Path()


@dataclass
class _Task:
    """One call of the command: what to do, and what was found."""

    file: Path
    threads: int
    inputs: InputFlags
    limits: Limits
    has_protocol: bool
    has_engines: bool
    is_quiet: bool

    def __post_init__(self) -> None:
        self.source = Source(self.file)
        self.subject: Subject = subject(self.source, self.inputs)
        self.facts: dict[str, Any] = {"file": str(self.file), "threads": self.threads}

    def say(self, *parts: Any) -> None:
        """Write results, unless all of them go to JSON."""
        if not self.is_quiet:
            output.show(*parts)

    def line(self, text: str) -> None:
        """Write one line as it is, however long."""
        if not self.is_quiet:
            typer.echo(text)

    def list_signatures(self) -> None:
        """The signatures and their inputs and outputs."""
        self.line("The Model contains the following signature keys.")
        for each in self.source.outline.model.signatures:
            ends = ", ".join(each.inputs), ", ".join(each.outputs)
            self.line(f"{each.key}({ends[0]}) -> {ends[1]}")

    def show_parameters(self) -> None:
        """All parameters that a measurement has."""
        self.line(f"Graph: [{self.file}]")
        self.line(f"#threads used for CPU inference: [{self.threads}]")
        for name, value in {**asdict(self.limits), **asdict(self.inputs)}.items():
            self.line(f"{name}: [{value}]")

    def show_state(self, when: str) -> None:
        """Every tensor of the subgraph."""
        title = f"{when} the run: tensors of subgraph {self.subject.subgraph}"
        made = output.table(title, ">#", "~name", "type", ">bytes", "kind")
        graph = self.source.model.subgraphs[self.subject.subgraph]
        for index, tensor in enumerate(graph.tensors):
            kind = "input" if tensor in graph.inputs else "computed"
            kind = "output" if tensor in graph.outputs else kind
            kind = "constant" if tensor.is_constant else kind
            text = output.kind(tensor.dtype.title, tensor.shape)
            row = (index, tensor.name, text, tensor.type.nbytes, kind)
            output.rows(made, [row])
        self.say(made)

    def _ready(self) -> Executable:
        return ready(self.subject, Options(self.threads))

    def _read(self) -> Executable:
        self.subject = subject(Source(self.file), self.inputs)
        return self._ready()

    def prepare(self, *, dry_run: bool, peak: bool) -> None:
        """The runs of benchmark_model, or only what comes before them."""
        if dry_run:
            self._ready()
            self.line("Prepared; nothing was run.")
        elif self.has_protocol:
            self.line(f"Loaded model {self.file}")
            outcome: Outcome = measure(self._read, self.limits, self.line)
            for text in outcome.lines(peak=peak):
                self.line(text)
            self.facts["benchmark"] = outcome.facts()

    def compare(self, against: Peer | None, seconds: float, runs: int | None) -> None:
        """Whole inferences, in turns with another engine if asked for."""
        if self.inputs.signature:
            raise InputError(
                "--signature-to-run-for is for benchmark_model's way of measuring. "
                "Leave --against, --runs and --seconds out"
            )
        values = list(self.subject.values.values())
        litert = against is Peer.LITERT
        self.facts |= compare(
            self.file,
            values,
            self.threads,
            litert=litert,
            seconds=seconds,
            runs=runs,
        )
        if not self.is_quiet:
            show_engines(self.facts)

    def profile(
        self, seconds: float, chart: Path | None, mode: ProfileMode, file: Path | None
    ) -> None:
        """Every step's time, as a table, as CSV, as a picture."""
        from gossamer.benchmark.profile import facts, profile  # noqa: PLC0415  if asked

        lines = profile(divided(self.subject, Options(self.threads)), seconds)
        self.facts["profile"] = facts(lines)
        self._show_profile(lines, mode, file)
        if chart is not None:
            from gossamer.benchmark.chart import draw  # noqa: PLC0415  only if asked

            draw(lines, f"{self.file.name}, one thread", chart)
            self.line(f"Drawn to {chart}")

    def _show_profile(
        self, lines: list[Line], mode: ProfileMode, file: Path | None
    ) -> None:
        from gossamer.cli.bench_profile import as_csv, show_profile  # noqa: PLC0415

        if file is not None:
            file.write_text(as_csv(lines))
            self.line(f"Profile written to {file}")
        elif mode is ProfileMode.CSV:
            self.line(as_csv(lines).rstrip("\n"))
        elif not self.is_quiet:
            show_profile(lines)

    def finish(self, path: Path | None) -> None:
        """Write everything as JSON where that is asked for."""
        text = json.dumps(self.facts, indent=2)
        if path is not None:
            path.write_text(f"{text}\n")
        if self.is_quiet:
            typer.echo(text)
