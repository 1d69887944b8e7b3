"""What the operators share that move values and leave them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import GraphError
from gossamer.ir.op import Op, SameAsInput
from gossamer.ops.boxes import EMPTY, box_of_indices, box_of_picks, box_of_view
from gossamer.ops.steps import move_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.graph import Node
    from gossamer.ir.op import QuantizationRule
    from gossamer.ir.types import Array, DType, Shape
    from gossamer.kernels.movement.move import Box
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


class Movement(Op):
    """An operator whose output holds elements of its input and nothing else.

    Quantized or not, it moves the stored numbers: scale and zero point stay.
    """

    __slots__ = ()

    output_quantization: ClassVar[QuantizationRule] = SameAsInput()
    by_place: ClassVar[bool] = False
    """Whether all elements come from one input, chosen by their place alone."""

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return self.reference(*inputs)

    def picks(self, *inputs: Any) -> Mapping[int, Array] | None:
        """The indices that the output reads along some dimensions of the input.

        None where what it reads is no product of indices per dimension. Saves `lower`
        from following each element.
        """
        return None

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        """Follow the reference on an array of places, to see which goes where."""
        at = self._moved_input()
        x = node.input(at)
        arrays = [None if t is None else t.data for t in node.inputs]
        if any(a is None for i, a in enumerate(arrays) if i != at and node.inputs[i]):
            return None
        if x.dtype.numpy.hasobject:
            return None
        try:
            boxes = self._boxes(x.shape, arrays)
        except GraphError:
            return None
        if boxes is None:
            return None
        steps: list[Step] = []
        for box, y in zip(boxes, node.outputs, strict=True):
            if not y.type.size:
                continue
            step = move_step(target, box, x.dtype.numpy.itemsize, x, y)
            if step is None:
                return None
            steps.append(step)
        return steps

    def _moved_input(self) -> int:
        rule = self.output_quantization
        return rule.inputs[0] if isinstance(rule, SameAsInput) and rule.inputs else 0

    def _boxes(self, shape: Shape, arrays: list[Array | None]) -> list[Box] | None:
        """What each output shows of an input of this shape."""
        at = self._moved_input()
        phantom = np.zeros(shape, np.uint8)
        arrays[at] = phantom
        picks = self.picks(*arrays)
        if picks is not None:
            return [box_of_picks(shape, picks)]
        outputs = self.reference(*arrays)
        views = [box_of_view(y, phantom) if y.size else EMPTY for y in outputs]
        boxes = [box for box in views if box is not None]
        if len(boxes) == len(views):
            return boxes
        if not self.by_place:
            return None
        arrays[at] = np.arange(phantom.size).reshape(shape)
        return [box_of_indices(y) if y.size else EMPTY for y in self.reference(*arrays)]


def version_of_type(dtype: DType, **versions: int) -> int:
    """The version that first took `dtype`; 1 for the types not mentioned."""
    return versions.get(dtype.title, 1)
