"""`gossamer run`: one inference, from files of arrays to a table or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  typer reads it
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from gossamer.cli import output
from gossamer.cli.arrays import named_arrays, suited
from gossamer.errors import InputError
from gossamer.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array

MOST_ROWS = 10
"""Rows of a batch that are shown; a file takes them all."""


def run(
    file: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="FILE")],
    *,
    inputs: Annotated[
        list[str],
        typer.Option(
            "--input",
            "-i",
            metavar="[NAME=]X.npy",
            help="An array for an input; a .npz file has them by name.",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="Y.npy", help="Write results (.npy or .npz)."
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="How many of the largest values to show.")
    ] = 5,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="TXT", help="Names for the values, one a line."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 1,
) -> None:
    """Run a model once and show the largest results.

    Real numbers are quantized for an int8 model, and results shown as real numbers.

    [bold]Examples[/bold]

    [cyan]gossamer run digits.tflite --input digit.npy[/cyan]

    [cyan]gossamer run pair.tflite -i left=a.npy -i right=b.npy -o out.npz[/cyan]
    """
    with Interpreter(file, num_threads=threads) as interpreter:
        ends = ends_of(interpreter.model)
        aliases = {x.name: name for name, x in ends.inputs.items()}
        arrays = named_arrays(inputs, list(ends.inputs), aliases)
        results = _computed(interpreter, ends, arrays)
    if to is not None:
        _write(to, results)
    names = _labels(labels)
    for name, result in results.items():
        _show(name, ends.outputs[name], result, top=top, labels=names)
    if to is not None:
        output.show(f"\nwritten: {output.escape(str(to))}")


def _computed(
    interpreter: Interpreter, ends: Ends, arrays: Mapping[str, Array]
) -> dict[str, Array]:
    """The outputs by name; inputs take the arrays' shapes."""
    positions = {x: index for index, x in enumerate(interpreter.model.main.tensors)}
    values: dict[int, Array] = {}
    for name, tensor in ends.inputs.items():
        array, done = suited(tensor, arrays[name])
        if done:
            output.errors().print(f"[dim]{output.escape(name)}: {done}[/]")
        values[positions[tensor]] = array
        if array.shape != tensor.shape:
            interpreter.resize_tensor_input(positions[tensor], array.shape)
    interpreter.allocate_tensors()
    for index, array in values.items():
        interpreter.set_tensor(index, array)
    interpreter.invoke()
    return {
        name: interpreter.get_tensor(positions[tensor])
        for name, tensor in ends.outputs.items()
    }


@dataclass(frozen=True, slots=True)
class Ends:
    """A model's inputs and outputs by the names that people know."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


def ends_of(model: Model) -> Ends:
    """The names of the model's one signature, or the tensors' own."""
    main = model.main
    if len(model.signatures) == 1 and model.signatures[0].subgraph == 0:
        signature = model.signatures[0]
        if set(signature.inputs.values()) == set(main.inputs):
            return Ends(signature.inputs, signature.outputs)
    return Ends({x.name: x for x in main.inputs}, {y.name: y for y in main.outputs})


def _labels(path: Path | None) -> list[str]:
    return [] if path is None else path.read_text("utf-8").splitlines()


def _write(path: Path, results: Mapping[str, Array]) -> None:
    if path.suffix == ".npz":
        np.savez(path, allow_pickle=False, **results)
        return
    if path.suffix != ".npy":
        raise InputError(
            f"--output {path} must end in .npy (one output) or .npz (all of them)"
        )
    if len(results) != 1:
        raise InputError(
            f"the model has {len(results)} outputs and a .npy file holds one array. "
            f"Pass --output {path.with_suffix('.npz')}"
        )
    np.save(path, next(iter(results.values())), allow_pickle=False)


def _show(
    name: str,
    tensor: Tensor,
    result: Array,
    *,
    top: int,
    labels: Sequence[str],
) -> None:
    """One output: what it is, and the largest values of each of its first rows."""
    real = _real(tensor, result)
    kind = output.kind(tensor.dtype.title, result.shape)
    title = output.escape(f"\n{name}: {kind}")
    if real.ndim == 0 or real.size == 0 or real.dtype.kind not in "fiub":
        output.show(f"{title} {output.escape(str(result.tolist()))}")
        return
    rows = real.reshape(-1, real.shape[-1])
    columns = [">row"] if len(rows) > 1 else []
    made = output.table(
        title, *columns, ">place", ">index", ">value", *_label_column(labels)
    )
    for number, row in enumerate(rows[:MOST_ROWS]):
        first = [number] if columns else []
        for cells in _best(row, top, labels):
            output.rows(made, [(*first, *cells)])
    output.show(made)
    if len(rows) > MOST_ROWS:
        output.show(f"... and {len(rows) - MOST_ROWS} more rows (--output has all)")


def _label_column(labels: Sequence[str]) -> list[str]:
    """The column of the labels, if there are any."""
    return ["~label"] if labels else []


def _best(row: Array, top: int, labels: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """The places, indices, values and labels of the largest values of a row."""
    best = np.argsort(-row.astype(np.float64), kind="stable")[:top]
    for place, index in enumerate(best.tolist(), 1):
        yield (place, index, f"{row[index]:.6g}", *labels[index : index + 1])


def _real(tensor: Tensor, result: Array) -> Array:
    if tensor.is_quantized and tensor.quantization:
        return tensor.quantization.dequantize(result)
    return result
