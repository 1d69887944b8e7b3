"""The subgraphs of a model, and which variable is behind a handle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gossamer.errors import UnsupportedError
from gossamer.ir.graph import Tensor
from gossamer.ir.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Subgraph
    from gossamer.ir.quantization import Quantization

Key = tuple[str, str]
"""The names of a variable: its container's, and its own."""


@dataclass(slots=True)
class Linker:
    """The subgraphs of a model, and the variables that its graphs were found to use.

    `types` are those of variables that have memory already; `done` the subgraphs that
    were run by CALL_ONCE.
    """

    subgraphs: Sequence[Subgraph]
    types: Mapping[Key, TensorType] = field(default_factory=dict[Key, TensorType])
    done: frozenset[int] = frozenset()
    variables: dict[Key, Tensor] = field(default_factory=dict[Key, Tensor])
    _handles: dict[Tensor, Key] = field(default_factory=dict[Tensor, Key])

    def name_handle(self, tensor: Tensor, key: Key) -> None:
        self._handles[tensor] = key

    def variable(
        self,
        handle: Tensor,
        type_: TensorType,
        quantization: Quantization | None,
    ) -> Tensor:
        """The tensor of the variable behind a handle, which holds values of a type.

        Raises:
            UnsupportedError: it is not known which variable it is, or the variable
                holds values of several types.
        """
        key = self._handles.get(handle)
        if key is None:
            raise UnsupportedError(
                f"which variable '{handle.name}' stands for depends on data"
            )
        found = self.variables.get(key)
        if found is None:
            if not type_.is_static:
                raise UnsupportedError(f"the shape of variable {key} depends on data")
            known = self.types.get(key, type_)
            found = Tensor("/".join(key), known, None, quantization, is_variable=True)
            self.variables[key] = found
        if found.type != type_ and type_.is_static:
            raise UnsupportedError(
                f"variable '{found.name}' holds {found.type} and is used as {type_}"
            )
        return found
