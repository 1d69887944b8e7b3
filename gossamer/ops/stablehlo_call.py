"""STABLEHLO_COMPOSITE and STABLEHLO_CASE: operators that run a subgraph.

A compiled graph has the subgraph's own steps in the place of a composite, and of a
case whose choice is known (see `gossamer.lowering.bind`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import ExecutionError
from gossamer.ir.op import Op, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array


@operator("STABLEHLO_COMPOSITE", code=206, options="StableHLOCompositeOptions")
class StablehloComposite(Op):
    """What `composite_name` means, which a subgraph says in other operators."""

    composite_name: str = ""
    decomposition_subgraph_index: int = 0
    composite_attributes: tuple[int, ...] = ()
    composite_attributes_format: str = "flexbuffers"
    composite_version: int = 0

    declares_outputs: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {
        "name": "composite_name",
        "version": "composite_version",
    }

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        return environment.call(self.decomposition_subgraph_index, inputs)


@operator("STABLEHLO_CASE", code=209, options="StablehloCaseOptions")
class StablehloCase(Op):
    """One of several subgraphs, by the first input: the last, where it is none."""

    branch_subgraph_indices: tuple[int, ...] = ()

    declares_outputs: ClassVar[bool] = True

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        return environment.call(self.chosen(inputs[0]), inputs[1:])

    def chosen(self, choice: Array) -> int:
        """The index of the subgraph that runs.

        Raises:
            ExecutionError: there is no branch, or not one choice.
        """
        if np.size(choice) != 1 or not self.branch_subgraph_indices:
            raise ExecutionError(
                f"{self.name}: {np.size(choice)} choices are given for "
                f"{len(self.branch_subgraph_indices)} branches"
            )
        index, last = int(np.ravel(choice)[0]), len(self.branch_subgraph_indices) - 1
        return self.branch_subgraph_indices[index if 0 <= index <= last else last]
