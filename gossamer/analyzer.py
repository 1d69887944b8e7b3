"""A model's structure as text, in the form of `tf.lite.experimental.Analyzer`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.ir.work import stored_bytes
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor

_RULE = "-" * 63
_SHOWN = 10
"""Elements of a constant that are shown, where it has no more."""


class Analyzer:
    """Shows what is in a `.tflite` file; see `analyze`."""

    @staticmethod
    def analyze(
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        gpu_compatibility: bool = False,  # noqa: FBT001, FBT002 - TensorFlow Lite's
        **_unused: Any,
    ) -> None:
        """Print every subgraph, operator, tensor and signature, and sizes.

        Args:
            model_path: a `.tflite` file.
            model_content: the bytes of such a file, instead of a path.
            gpu_compatibility: accepted; what a GPU delegate takes is not known here.

        Raises:
            InputError: neither or both are given, or the file cannot be read.
            FormatError: the bytes are not a valid model.

        Example:
            >>> Analyzer.analyze(model_path="digits.tflite")
        """
        model = Source(model_path, model_content).model
        size = _size(model_path, model_content)
        for line in _lines(model, size, gpu=gpu_compatibility):
            sys.stdout.write(f"{line}\n")


def _size(
    path: str | os.PathLike[str] | None, content: bytes | bytearray | memoryview | None
) -> int:
    if path:
        return Path(path).stat().st_size
    return 0 if content is None else len(bytes(content))


def _lines(model: Model, size: int, *, gpu: bool) -> Iterator[str]:
    yield "=== TFLite ModelAnalyzer ==="
    yield ""
    yield f"Your TFLite model has '{len(model.subgraphs)}' subgraph(s)."
    yield "T# is the number of a tensor in its subgraph, Op# that of an operator."
    places = [
        {tensor: index for index, tensor in enumerate(graph.tensors)}
        for graph in model.subgraphs
    ]
    for index, graph in enumerate(model.subgraphs):
        yield ""
        yield from _subgraph(index, graph, places[index])
    if gpu:
        yield ""
        yield "GPU compatibility is not checked: Gossamer has no GPU delegate."
    yield ""
    yield _RULE
    yield from _signatures(model.signatures, places)
    yield ""
    yield _RULE
    yield from _sizes(model, size)


def _subgraph(
    index: int, graph: Subgraph, places: Mapping[Tensor, int]
) -> Iterator[str]:
    ends = _numbers(graph.inputs, places), _numbers(graph.outputs, places)
    yield f"Subgraph#{index} {graph.name}({ends[0]}) -> [{ends[1]}]"
    for number, node in enumerate(graph.nodes):
        yield f"  Op#{number} {_operator(node, places)}"
    yield ""
    yield f"Tensors of Subgraph#{index}"
    for tensor, number in places.items():
        yield f"  T#{number}({tensor.name}) {_tensor(tensor)}"


def _operator(node: Node, places: Mapping[Tensor, int]) -> str:
    inputs, outputs = _numbers(node.inputs, places), _numbers(node.outputs, places)
    return f"{node.op.name}({inputs}) -> [{outputs}]"


def _numbers(tensors: Iterable[Tensor | None], places: Mapping[Tensor, int]) -> str:
    return ", ".join("T#-1" if x is None else f"T#{places[x]}" for x in tensors)


def _tensor(tensor: Tensor) -> str:
    parts = [f"shape:{list(tensor.shape)}"]
    if tensor.signature is not None:
        parts = [f"shape_signature:{list(tensor.signature)}"]
    parts.append(f"type:{tensor.dtype.name}")
    text = ", ".join(parts)
    if tensor.is_variable:
        return f"{text} variable"
    if tensor.data is None:
        return text
    text = f"{text} RO {stored_bytes(tensor)} bytes"
    if 0 < tensor.data.size <= _SHOWN:
        text += f", data:{tensor.data.reshape(-1).tolist()}"
    return text


def _signatures(
    signatures: Iterable[Signature], places: list[dict[Tensor, int]]
) -> Iterator[str]:
    every = list(signatures)
    yield f"Your TFLite model has '{len(every)}' signature_def(s)."
    for index, each in enumerate(every):
        yield ""
        yield f"Signature#{index} key: '{each.key}'"
        yield f"- Subgraph: Subgraph#{each.subgraph}"
        for title, tensors in (("Inputs", each.inputs), ("Outputs", each.outputs)):
            yield f"- {title}:"
            for name, tensor in tensors.items():
                yield f"    '{name}' : T#{places[each.subgraph][tensor]}"


def _sizes(model: Model, size: int) -> Iterator[str]:
    constants = {x for graph in model.subgraphs for x in graph.constants()}
    data = sum(map(stored_bytes, constants)) + sum(map(len, model.metadata.values()))
    zeros = sum(stored_bytes(x) for x in constants if _is_zero(x))
    rows = (
        ("Model size", size, ""),
        ("Non-data buffer size", size - data, _share(size - data, size)),
        ("Total data buffer size", data, _share(data, size)),
        ("(Zero value buffers)", zeros, _share(zeros, size)),
    )
    for title, count, share in rows:
        yield f"{title + ':':>26} {count:>10} bytes{share}"


def _is_zero(tensor: Tensor) -> bool:
    data = tensor.data
    return data is not None and not data.dtype.hasobject and not data.any()


def _share(part: int, whole: int) -> str:
    return f" ({100 * part / whole:05.2f} %)" if whole else ""
