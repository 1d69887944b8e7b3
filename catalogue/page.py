"""Write docs/keras.md: what each layer and function of Keras becomes.

    python -m catalogue.page              # or: make docs
    python -m catalogue.page --check      # an error where the page is another

Each example is converted, and what the page says of it is read off the file. Keras's
NumPy backend is used, which has nothing to compile.
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "numpy"

import difflib
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from catalogue import layers, operations
from catalogue.names import public_functions, public_layers
from gossamer import api
from gossamer.errors import ConversionError
from gossamer.flatbuffer.read import read
from gossamer.frontends.keras import registry, trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalogue.example import Example
    from gossamer.ir.graph import Subgraph

PAGE = Path(__file__).parents[1] / "docs" / "keras.md"
HOW = {
    "rule": "rule",
    "composed": "composition",
    "refused": "refused",
}
_HEAD = """\
# What Keras becomes

Every public layer and function of Keras {version}, and the operators of `.tflite` that
a small example of it is converted to. This page is written by `make docs`, which
converts the examples in `catalogue/`; tests compare both, and the files' answers with
Keras's.

| how | means |
|---|---|
| rule | written for it, in `gossamer/frontends/keras` |
| composition | a rule in terms of other functions of `keras.ops`, which are converted |
| traced | its own `call` is converted, function by function |
| nothing | it does nothing at inference |
| constant | computed when the model is converted |
| refused | an error says why, and what to do instead |
| – | not a part of a graph |

Other inputs and arguments may give other operators. Operators that occur several times
have their number beside them; those of loops and branches stand in brackets.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD.format(version=keras.version())]
    parts.append("## Layers\n")
    parts += _table(public_layers(), layers.EXAMPLES, layers.NOT_LAYERS, "layers")
    parts.append("\n## Functions\n")
    kept = operations.NOT_COMPUTED
    parts += _table(public_functions(), operations.EXAMPLES, kept, "ops")
    return "\n".join(parts) + "\n"


def _table(
    names: Mapping[str, tuple[str, ...]],
    examples: Mapping[str, Example],
    others: Mapping[str, str],
    module: str,
) -> Iterator[str]:
    yield f"| `keras.{module}` | becomes | how |"
    yield "|---|---|---|"
    for name, aliases in names.items():
        title = f"`{name}`" + "".join(f", `{alias}`" for alias in aliases)
        if name in others:
            yield f"| {title} | {others[name]} | – |"
        else:
            yield f"| {title} | {' | '.join(row(name, examples[name]))} |"


def row(name: str, example: Example) -> tuple[str, str]:
    """What an example becomes, and how."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        symbols = example.symbols()
        outputs = trace.flatten(example.apply(*symbols))
        if not any(map(trace.is_symbolic, outputs)):
            return "a constant", "constant"
        symbolic = [y for y in outputs if trace.is_symbolic(y)]
        model = keras.Model(symbols, symbolic)
        used = _step(name, trace.steps(symbols, symbolic))
        try:
            data = api.convert(model)
        except ConversionError as error:
            return _reason(error), "refused"
    main, *inner = read(data).subgraphs
    if main.nodes:
        return _operators(main, inner), _how(used)
    if all(y.is_constant for y in main.outputs):
        return "a constant", "constant"
    return "its input", "nothing"


def _step(name: str, steps: list[trace.Step]) -> Any:
    """The operation that a function stands for: of its name, or else the last."""
    plain = name.rpartition(".")[2].replace("_", "").lower()
    for step in steps:
        if type(step.operation).__name__.lower() == plain:
            return step.operation
    return steps[-1].operation


def _how(used: Any) -> str:
    if registry.rule_of(used) is None:
        return "traced"
    if trace.is_layer(used):
        return "rule"
    return HOW[registry.operations()[type(used).__name__]]


def _operators(main: Subgraph, inner: Sequence[Subgraph]) -> str:
    """The operators of graphs, by first occurrence, with their numbers."""
    shown = _counted([node.op.name for node in main.nodes])
    within = [node.op.name for graph in inner for node in graph.nodes]
    return f"{shown} ({_counted(within)})" if within else shown


def _counted(names: list[str]) -> str:
    return ", ".join(
        name if count == 1 else f"{name} × {count}"
        for name, count in Counter(names).items()
    )


def _reason(error: ConversionError) -> str:
    """The reason within the text of an error."""
    first = str(error).split("\n")[1]
    return first.partition("): ")[2]


def main() -> None:
    """Write the page, or tell whether the one that is there is right."""
    made = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(made)
    elif made != PAGE.read_text():
        lines = difflib.unified_diff(
            PAGE.read_text().split("\n"), made.split("\n"), "docs/keras.md", "made", n=0
        )
        sys.exit("\n".join([*lines, "Run `make docs`."]))


if __name__ == "__main__":
    main()
