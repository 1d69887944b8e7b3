"""`gossamer inspect`: what a `.tflite` file holds."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  typer reads it
from typing import Annotated, Any

import typer

from gossamer.cli import output
from gossamer.cli.inspect_metadata import described, show_described
from gossamer.cli.inspect_plan import plans, show_plan
from gossamer.cli.summary import summary
from gossamer.runtime.source import Source
from gossamer.sizes import file_sizes


def inspect(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")],
    *,
    tensors: Annotated[
        bool, typer.Option("--tensors", help="List every tensor too.")
    ] = False,
    compiles: Annotated[
        bool, typer.Option("--compile", help="Compile, to tell the size of the code.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write everything as JSON.")
    ] = False,
) -> None:
    """Show a model's operators, tensors, quantization and sizes, and how it runs here.

    Operators that have no kernel for this machine run through NumPy; the last tables
    tell which, and why each kernel was picked for the others.

    [bold]Examples[/bold]

    [cyan]gossamer inspect digits.tflite[/cyan]

    [cyan]gossamer inspect digits.tflite --json | jq '.subgraphs[0].totals'[/cyan]
    """
    model = Source(file).model
    content = file.read_bytes()
    facts = summary(model, file_sizes(content))
    facts["described"] = described(content)
    facts["plans"] = plans(model, compiles=compiles)
    if as_json:
        typer.echo(json.dumps({"file": str(file), **facts}, indent=2))
        return
    _show_facts(file, facts)
    show_described(facts["described"])
    for index, subgraph in enumerate(facts["subgraphs"]):
        where = f" of subgraph {index} '{subgraph['name']}'" if index else ""
        _show_ends(subgraph, where)
        _show_nodes(subgraph, where)
        if tensors:
            _show_tensors(subgraph, where)
        _show_totals(subgraph, where)
    for each in facts["plans"]:
        show_plan(each)


def _show_facts(file: Path, facts: dict[str, Any]) -> None:
    main = facts["subgraphs"][0]
    constants = sum(each["constant_bytes"] for each in facts["subgraphs"])
    lines = {
        "File": f"{file}, {output.size(facts['bytes'])} "
        f"(gzip {output.size(facts['gzip_bytes'])})",
        "Description": facts["description"],
        "Contents": f"{len(main['operators'])} operators, {len(main['tensors'])} "
        f"tensors, {output.size(constants)} of constants",
        "Work": f"{output.count(main['multiplications'])} multiplications (MACs) "
        "an inference",
        "Signatures": "; ".join(_signature(each) for each in facts["signatures"]),
        "Subgraphs": _subgraphs(facts),
        "Variables": _variables(facts),
        "Metadata": ", ".join(
            f"{name} ({output.size(size)})" for name, size in facts["metadata"].items()
        ),
    }
    made = output.table("", "", "~")
    made.show_header, made.box, made.title = False, None, None
    made.columns[0].style = "bold"
    output.show(output.rows(made, [pair for pair in lines.items() if pair[1]]))


def _subgraphs(facts: dict[str, Any]) -> str:
    """The names of subgraphs, where there are several."""
    names = [f"{index} '{x['name']}'" for index, x in enumerate(facts["subgraphs"])]
    return ", ".join(names) if len(names) > 1 else ""


def _variables(facts: dict[str, Any]) -> str:
    """Tensors that keep their values from run to run."""
    return ", ".join(
        f"{tensor['name']} {_kind(tensor)}"
        for subgraph in facts["subgraphs"]
        for tensor in subgraph["tensors"]
        if tensor["kind"] == "variable"
    )


def _signature(signature: dict[str, Any]) -> str:
    inputs, outputs = ", ".join(signature["inputs"]), ", ".join(signature["outputs"])
    return f"{signature['key']}({inputs}) -> {outputs}"


def _show_ends(subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nInputs and outputs{where}", "", ">#", "~name", "type", "scale, zero point"
    )
    for side in ("inputs", "outputs"):
        tensors = [subgraph["tensors"][index] for index in subgraph[side]]
        output.rows(made, [(side[:-1], *_described(tensor)) for tensor in tensors])
    output.show(made)


def _described(tensor: dict[str, Any]) -> tuple[object, ...]:
    return (tensor["index"], tensor["name"], _kind(tensor), _quantization(tensor))


def _kind(tensor: dict[str, Any]) -> str:
    return output.kind(tensor["type"], tensor["shape_signature"])


def _quantization(tensor: dict[str, Any]) -> str:
    """A quantization in a few words."""
    record = tensor["quantization"]
    if record is None:
        return ""
    scales, points = record["scales"], record["zero_points"]
    if len(scales) > 1:
        return f"{len(scales)} along axis {record['axis']}"
    return f"{scales[0]:.4g}, {points[0] if points else 0}"


def _show_nodes(subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nOperators{where}",
        ">#",
        "~operator",
        "output",
        "scale, zero point",
        "constant",
        ">size",
        ">MACs",
    )
    for node in subgraph["operators"]:
        outputs = [subgraph["tensors"][index] for index in node["outputs"][:1]]
        cells = (
            node["index"],
            node["operator"],
            "".join(map(_kind, outputs)),
            "".join(map(_quantization, outputs)),
            _largest(subgraph, node),
            _sizes(node),
            output.count(node["multiplications"]),
        )
        output.rows(made, [cells])
    output.show(made)


def _largest(subgraph: dict[str, Any], node: dict[str, Any]) -> str:
    """The largest constant that a node reads."""
    constants = [
        subgraph["tensors"][index]
        for index in node["inputs"]
        if index >= 0 and subgraph["tensors"][index]["kind"] == "constant"
    ]
    if not constants:
        return ""
    return _kind(max(constants, key=lambda tensor: tensor["bytes"]))


def _sizes(record: dict[str, Any]) -> str:
    number = record["constant_bytes"]
    return output.size(number) if number else ""


def _show_tensors(subgraph: dict[str, Any], where: str) -> None:
    made = output.table(
        f"\nTensors{where}", ">#", "~name", "type", "scale, zero point", "kind", ">size"
    )
    for tensor in subgraph["tensors"]:
        cells = (*_described(tensor), tensor["kind"], output.size(tensor["bytes"]))
        output.rows(made, [cells])
    output.show(made)


def _show_totals(subgraph: dict[str, Any], where: str) -> None:
    made = output.table(f"\nTotals{where}", "operator", ">count", ">constants", ">MACs")
    for total in subgraph["totals"]:
        cells = (
            total["operator"],
            total["count"],
            _sizes(total),
            output.count(total["multiplications"]),
        )
        output.rows(made, [cells])
    output.show(made)
