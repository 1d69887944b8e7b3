"""What a file says of its model: descriptions, normalization, labels, files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gossamer.cli import output
from gossamer.errors import FormatError
from gossamer.metadata import MetadataDisplayer, labels_of, read
from gossamer.metadata.records import (
    AudioProperties,
    FeatureProperties,
    ImageProperties,
    NormalizationOptions,
    ScoreThresholdingOptions,
)

if TYPE_CHECKING:
    from gossamer.metadata import Described, TensorMetadata

_SHOWN = 4
"""Labels that are shown of a list."""


def described(content: bytes) -> dict[str, Any] | None:
    """What the file says, as plain data; None where it says nothing."""
    try:
        said = read(content)
        if said.metadata is None and not said.files:
            return None
        facts: dict[str, Any] = {
            "files": {name: len(data) for name, data in said.files.items()},
        }
        if said.metadata is not None:
            displayer = MetadataDisplayer.with_model_buffer(content)
            facts["metadata"] = json.loads(displayer.get_metadata_json())
            facts["tensors"] = _tensors(said)
    except FormatError as error:
        return {"error": str(error)}
    return facts


def _tensors(said: Described) -> list[dict[str, Any]]:
    assert said.metadata is not None
    graphs = said.metadata.subgraph_metadata[:1]
    return [
        _tensor(said, side, tensor)
        for graph in graphs
        for side, tensors in (
            ("input", graph.input_tensor_metadata),
            ("output", graph.output_tensor_metadata),
        )
        for tensor in tensors
    ]


def _tensor(said: Described, side: str, tensor: TensorMetadata) -> dict[str, Any]:
    return {
        "side": side,
        "name": tensor.name,
        "description": tensor.description,
        "content": _content(tensor),
        "processing": "; ".join(_steps(tensor)),
        "range": _range(tensor),
        "labels": labels_of(said, tensor),
    }


def _content(tensor: TensorMetadata) -> str:
    properties = tensor.content.content_properties if tensor.content else None
    match properties:
        case None | FeatureProperties():
            return ""
        case ImageProperties():
            size = properties.default_size
            return f"{properties.color_space} image" + (
                f", {size.width} x {size.height}" if size else ""
            )
        case AudioProperties():
            return f"sound, {properties.sample_rate} Hz, {properties.channels} channels"
        case _:
            return type(properties).__name__.removesuffix("Properties").lower()


def _steps(tensor: TensorMetadata) -> list[str]:
    found: list[str] = []
    for unit in tensor.process_units:
        match unit.options:
            case NormalizationOptions(mean, std):
                found.append(f"(x - {_numbers(mean)}) / {_numbers(std)}")
            case ScoreThresholdingOptions(threshold):
                found.append(f"scores from {threshold:.4g}")
            case None:
                pass
            case other:
                found.append(type(other).__name__.removesuffix("Options"))
    return found


def _range(tensor: TensorMetadata) -> str:
    stats = tensor.stats
    if stats is None or not (stats.min or stats.max):
        return ""
    return f"{_numbers(stats.min)} to {_numbers(stats.max)}"


def _numbers(values: tuple[float, ...]) -> str:
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"


def show_described(facts: dict[str, Any] | None) -> None:
    """Show what the file says, as tables."""
    if facts is None:
        return
    if "error" in facts:
        output.show(f"\nWhat it says of itself cannot be read: {facts['error']}")
        return
    _show_model(facts.get("metadata", {}), facts["files"])
    tensors = facts.get("tensors", [])
    if not tensors:
        return
    made = output.table(
        "\nInputs and outputs as the file describes them",
        "",
        "~name",
        "~what",
        "~processing",
        "range",
        "~labels",
    )
    for tensor in tensors:
        what = ", ".join(x for x in (tensor["content"], tensor["description"]) if x)
        cells = (
            tensor["side"],
            tensor["name"],
            what,
            tensor["processing"],
            tensor["range"],
            _labels(tensor["labels"]),
        )
        output.rows(made, [cells])
    output.show(made)


def _show_model(metadata: dict[str, Any], files: dict[str, int]) -> None:
    lines = {
        "Name": metadata.get("name", ""),
        "Description": metadata.get("description", ""),
        "Version": metadata.get("version", ""),
        "Author": metadata.get("author", ""),
        "License": metadata.get("license", ""),
        "Files": ", ".join(f"{name} ({output.size(n)})" for name, n in files.items()),
    }
    made = output.table("\nWhat the file says of the model", "", "~")
    made.show_header, made.box = False, None
    made.columns[0].style = "bold"
    output.show(output.rows(made, [pair for pair in lines.items() if pair[1]]))


def _labels(labels: list[str] | None) -> str:
    """The first of the labels, and how many there are."""
    if not labels:
        return ""
    shown = ", ".join(labels[:_SHOWN])
    return shown if len(labels) <= _SHOWN else f"{len(labels)}: {shown}, ..."
