"""`gossamer inspect`: what a `.tflite` file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gossamer.cli import output
from gossamer.cli.summary import summary
from gossamer.runtime.load import load

if TYPE_CHECKING:
    from rich.console import Console


def inspect(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")],
    *,
    tensors: Annotated[
        bool, typer.Option("--tensors", help="List every tensor too.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write everything as JSON.")
    ] = False,
) -> None:
    """Show the operators, tensors, quantization and sizes of a model.

    [bold]Examples[/bold]

    [cyan]gossamer inspect digits.tflite[/cyan]

    [cyan]gossamer inspect digits.tflite --json | jq '.subgraphs[0].totals'[/cyan]
    """
    model, _ = load(file, None)
    facts = summary(model, file.stat().st_size)
    if as_json:
        typer.echo(json.dumps({"file": str(file), **facts}, indent=2))
        return
    console = output.console()
    _show_facts(console, file, facts)
    for index, subgraph in enumerate(facts["subgraphs"]):
        where = f" of subgraph {index} '{subgraph['name']}'" if index else ""
        _show_ends(console, subgraph, where)
        _show_nodes(console, subgraph, where)
        if tensors:
            _show_tensors(console, subgraph, where)
        _show_totals(console, subgraph, where)


def _show_facts(console: Console, file: Path, facts: dict[str, Any]) -> None:
    main = facts["subgraphs"][0]
    constants = sum(each["constant_bytes"] for each in facts["subgraphs"])
    lines = {
        "File": f"{file}, {output.size(facts['bytes'])}",
        "Description": facts["description"],
        "Contents": f"{len(main['operators'])} operators, {len(main['tensors'])} "
        f"tensors, {output.size(constants)} of constants",
        "Work": f"{count(main['multiplications'])} multiplications an inference",
        "Signatures": "; ".join(_signature(each) for each in facts["signatures"]),
        "Metadata": ", ".join(
            f"{name} ({output.size(size)})" for name, size in facts["metadata"].items()
        ),
    }
    made = output.table("", ("", "left"), ("", "left"), terminal=console.is_terminal)
    made.show_header, made.box, made.title = False, None, None
    made.columns[1].no_wrap = False
    output.rows(made, [pair for pair in lines.items() if pair[1]])
    made.columns[0].style = "bold"
    console.print(made)


def _signature(signature: dict[str, Any]) -> str:
    inputs, outputs = ", ".join(signature["inputs"]), ", ".join(signature["outputs"])
    return f"{signature['key']}({inputs}) -> {outputs}"


def _show_ends(console: Console, subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nInputs and outputs{where}",
        ("", "left"),
        ("index", "right"),
        ("name", "left"),
        ("type", "left"),
        ("shape", "left"),
        ("quantization", "left"),
        terminal=console.is_terminal,
    )
    for side in ("inputs", "outputs"):
        for index in subgraph[side]:
            made.add_row(side[:-1], *_described(subgraph["tensors"][index]))
    console.print(made)


def _described(tensor: dict[str, Any]) -> tuple[str, ...]:
    cells = (
        str(tensor["index"]),
        tensor["name"],
        tensor["type"],
        output.shape(tensor["shape_signature"]),
        quantization(tensor["quantization"]),
    )
    return tuple(output.escape(cell) for cell in cells)


def _show_nodes(console: Console, subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nOperators{where}",
        ("", "right"),
        ("operator", "left"),
        ("output", "left"),
        ("type", "left"),
        ("quantization", "left"),
        ("weights", "left"),
        ("constants", "right"),
        ("MACs", "right"),
        terminal=console.is_terminal,
    )
    for node in subgraph["operators"]:
        tensors = [subgraph["tensors"][index] for index in node["outputs"][:1]]
        output.rows(
            made,
            [
                (
                    node["index"],
                    node["operator"],
                    output.shape(tensors[0]["shape_signature"]) if tensors else "",
                    tensors[0]["type"] if tensors else "",
                    quantization(tensors[0]["quantization"]) if tensors else "",
                    _weights(subgraph, node),
                    bytes_or_nothing(node["constant_bytes"]),
                    count(node["multiplications"]),
                )
            ],
        )
    console.print(made)


def _weights(subgraph: dict[str, Any], node: dict[str, Any]) -> str:
    """The largest constant that a node reads."""
    constants = [
        subgraph["tensors"][index]
        for index in node["inputs"]
        if index >= 0 and subgraph["tensors"][index]["kind"] == "constant"
    ]
    if not constants:
        return ""
    largest = max(constants, key=lambda tensor: tensor["bytes"])
    return f"{largest['type']} {output.shape(largest['shape'])}"


def _show_tensors(console: Console, subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nTensors{where}",
        ("index", "right"),
        ("name", "left"),
        ("type", "left"),
        ("shape", "left"),
        ("quantization", "left"),
        ("kind", "left"),
        ("bytes", "right"),
        terminal=console.is_terminal,
    )
    for tensor in subgraph["tensors"]:
        made.add_row(
            *_described(tensor), tensor["kind"], bytes_or_nothing(tensor["bytes"])
        )
    console.print(made)


def _show_totals(console: Console, subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nTotals{where}",
        ("operator", "left"),
        ("count", "right"),
        ("constants", "right"),
        ("MACs", "right"),
        terminal=console.is_terminal,
    )
    for total in subgraph["totals"]:
        output.rows(
            made,
            [
                (
                    total["operator"],
                    total["count"],
                    bytes_or_nothing(total["constant_bytes"]),
                    count(total["multiplications"]),
                )
            ],
        )
    console.print(made)


def quantization(record: dict[str, Any] | None) -> str:
    """A quantization in a few words."""
    if record is None:
        return ""
    scales, points = record["scales"], record["zero_points"]
    if len(scales) > 1:
        return f"{len(scales)} scales along axis {record['axis']}"
    return f"scale {scales[0]:.4g}, zero point {points[0] if points else 0}"


def bytes_or_nothing(number: int) -> str:
    return output.size(number) if number else ""


def count(number: int) -> str:
    """A large number for people: 1.2 M; nothing for 0."""
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return str(number) if number else ""
