"""The command's verbs, its version, and how it fails."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gossamer.cli.bench import bench
from gossamer.cli.bench_flags import BenchCommand
from gossamer.cli.build import build
from gossamer.cli.convert import convert
from gossamer.cli.inspect import inspect
from gossamer.cli.output import fail
from gossamer.cli.quantize import quantize
from gossamer.cli.run import run
from gossamer.errors import GossamerError
from gossamer.settings import settings


class Commands(TyperGroup):
    """The verbs; an error ends in one sentence and the exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough
        except (GossamerError, OSError, MemoryError) as error:
            if settings().debug:
                raise
            fail(error)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn Keras models into [bold].tflite[/bold] files, shrink them, and run any "
    ".tflite through machine code compiled for this computer.",
    epilog="GOSSAMER_DEBUG=1 shows the traceback behind an error. "
    "Exit codes: 0 done, 1 an error, 2 a wrong command line.",
)
app.command()(convert)
app.command()(quantize)
app.command()(run)
app.command()(inspect)
app.command(cls=BenchCommand)(bench)
app.command()(build)


def version() -> str:
    """The version of the installed package."""
    try:
        return metadata.version("gossamer")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"gossamer {version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """What stands before the verb."""


def main() -> None:
    """Run the command with the arguments of the process."""
    try:
        app(prog_name="gossamer")
    except Exception as error:
        if settings().debug:
            raise
        kind = type(error).__name__
        fail(
            f"an error inside Gossamer, which should be reported: {kind}: {error}. "
            "GOSSAMER_DEBUG=1 shows where"
        )
        sys.exit(1)
