"""`gossamer build`: a model as a native library for a device."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from gossamer.cli import output

if TYPE_CHECKING:
    from gossamer.deploy.build import Built


def _list(asked: bool) -> None:  # noqa: FBT001  typer calls it so
    if not asked:
        return
    from gossamer.deploy.devices import DEVICES, PACKAGES  # noqa: PLC0415  when used

    table = output.table("", "target", "~processors for --cpu")
    for device in DEVICES.values():
        table.add_row(device.name, ", ".join(device.cpus))
    for name, devices in PACKAGES.items():
        table.add_row(name, f"a package with {', '.join(devices)}")
    output.show(table)
    raise typer.Exit


def _sizes(text: str) -> tuple[str, list[int]]:
    """The name and the sizes of INPUT=SIZES."""
    name, is_given, sizes = text.rpartition("=")
    parts = sizes.split(",")
    if not is_given or not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter(f"--shape '{text}' is not like images=1,224,224,3")
    return name, [int(part) for part in parts]


def build(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    *,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            "-t",
            metavar="DEVICE",
            help="linux-aarch64, cortex-m4, java, android, web ...: see --targets.",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="A folder, which is made."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What the library and its functions are called."),
    ] = None,
    cpu: Annotated[
        str | None,
        typer.Option(
            "--cpu",
            help="A processor that can do more than the least; of several with commas "
            "the best is picked at run time.",
        ),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            metavar="INPUT=SIZES",
            help="Sizes of an input that are open in the file: images=1,224,224,3.",
        ),
    ] = None,
    signature: Annotated[
        str | None,
        typer.Option(
            "--signature",
            metavar="KEY",
            help="What is compiled, of a model with several signatures.",
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Show flash and memory of each layer.")
    ] = False,
    _targets: Annotated[
        bool,
        typer.Option(
            "--targets",
            is_eager=True,
            callback=_list,
            help="List the devices and their processors.",
        ),
    ] = False,
) -> None:
    """Compile a model ahead of time, into code that needs no interpreter.

    Gives a C library for a device, a jar, a Gradle module or a web page.

    [bold]Examples[/bold]

    [cyan]gossamer build digits.tflite --target linux-aarch64 -o lib[/cyan]

    [cyan]gossamer build digits.tflite --target cortex-m4 -o firmware --report[/cyan]

    [cyan]gossamer build digits.tflite --target web -o page[/cyan]
    """
    from gossamer.deploy.build import build as to_library  # noqa: PLC0415  when used

    folder = to or model.with_suffix("")
    if folder == model:
        raise typer.BadParameter("name a folder by --output")
    shapes = dict(_sizes(text) for text in shape or ())
    built = to_library(
        model, target, folder, name=name, cpu=cpu, shapes=shapes, signature=signature
    )
    if report:
        _report(built)
    _summary(built, folder)


def _report(built: Built) -> None:
    table = output.table(
        "Bytes by layer", "~layer", "operator", ">code", ">constants", ">memory"
    )
    for layer in built.layers:
        numbers = (layer.code, layer.constants, layer.memory)
        cells = (f"{number:,}" for number in numbers)
        table.add_row(output.escape(layer.name), layer.operator, *cells)
    output.show(table)


def _summary(built: Built, folder: Path) -> None:
    names = ", ".join(path.name for path in built.files if path.parent == folder)
    sizes = {
        "code": built.code_bytes,
        "constants": built.constant_bytes,
        "memory": built.memory_bytes,
    }
    lines = [
        f"{output.escape(str(folder))}: {output.escape(names)}",
        ", ".join(f"{what} {number:,} bytes" for what, number in sizes.items()),
    ]
    if (folder / "index.html").exists():
        lines.append(f"python -m http.server --directory {output.escape(str(folder))}")
    output.show(*lines, *map(output.escape, built.notes))
