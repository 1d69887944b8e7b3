"""NON_MAX_SUPPRESSION_V4 and _V5: the best of boxes that overlap."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import known_scalar, made, operands, scalar

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, TensorType


class _Suppression(Op):
    """boxes (n, 4), scores (n), most, least overlap, least score (, sigma).

    A box is two opposite corners: y, x, y, x. The outputs hold `most` places, of which
    the last output says how many are used.
    """

    __slots__ = ()

    def check(self, *inputs: Tensor | None, count: int) -> int:
        """The size of the outputs, -1 where it is not known."""
        boxes, scores, most, *thresholds = operands(self, inputs, count)
        text = f"{boxes.type} and {scores.type} are not boxes with a score for each"
        fits = len(boxes.shape) == 2 and boxes.shape[1] in (-1, 4)
        fits = fits and len(scores.shape) == 1
        require(fits, self, text)
        for each in (boxes, scores, *thresholds):
            text = f"'{each.name}' is {each.dtype.title}, not float32"
            require(each.dtype is DType.FLOAT32, self, text)
        size = known_scalar(self, most, "the number of boxes")
        require(size is None or size >= 0, self, f"{size} boxes are to be chosen")
        return -1 if size is None else size

    def chosen(self, *inputs: Any) -> tuple[Array, Array, int]:
        """Indices and scores of the best boxes, and how many there are."""
        boxes, scores = np.asarray(inputs[0]), np.asarray(inputs[1])
        most = scalar(self, inputs[2], "the number of boxes")
        text = f"{boxes.shape} and {scores.shape} are not boxes with a score for each"
        require(boxes.shape == (scores.size, 4) and most >= 0, self, text)
        thresholds = [_number(self, value) for value in (*inputs[3:], 0)]
        found = _select(boxes, scores, most, *thresholds[:3])
        indices, values = np.zeros(most, np.int32), np.zeros(most, np.float32)
        for place, (index, score) in enumerate(found):
            indices[place], values[place] = index, score
        return indices, values, len(found)


@operator("NON_MAX_SUPPRESSION_V4", code=120, options="NonMaxSuppressionV4Options")
class NonMaxSuppressionV4(_Suppression):
    """Gives the indices of the boxes that stay, and how many these are."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        most = self.check(*inputs, count=5)
        return made(self, DType.INT32, (most,), ())

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        indices, _, count = self.chosen(*inputs)
        return indices, np.array(count, np.int32)


@operator("NON_MAX_SUPPRESSION_V5", code=121, options="NonMaxSuppressionV5Options")
class NonMaxSuppressionV5(_Suppression):
    """As V4, with scores; where `sigma` is above 0, overlap lowers scores softly."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        most = self.check(*inputs, count=6)
        indices, count = made(self, DType.INT32, (most,), ())
        return indices, *made(self, DType.FLOAT32, (most,)), count

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        indices, scores, count = self.chosen(*inputs)
        return indices, scores, np.array(count, np.int32)


def _number(op: Op, value: Any) -> np.float32:
    array = np.asarray(value, np.float32).reshape(-1)
    require(array.size == 1, op, f"a threshold has {array.size} elements, not 1")
    return array[0]


def _select(
    boxes: Array,
    scores: Array,
    most: int,
    overlap: np.float32,
    least: np.float32,
    sigma: np.float32,
) -> list[tuple[int, np.float32]]:
    """Indices and scores of what stays, the best first.

    A box waits with the number of chosen boxes that it was compared with before.
    """
    corners = _corners(boxes)
    waiting = [
        (-score, index, 0) for index, score in enumerate(scores) if score > least
    ]
    heapq.heapify(waiting)
    most = min(most, len(waiting))
    chosen: list[int] = []
    values: list[np.float32] = []
    while len(chosen) < most and waiting:
        negative, index, begin = heapq.heappop(waiting)
        rivals = np.array(chosen[begin:][::-1], np.intp)
        overlaps = _overlaps(corners, index, rivals)
        score, is_dropped = _weakened(-negative, overlaps, (overlap, least, sigma))
        if is_dropped:
            continue
        if score == -negative:
            chosen.append(index)
            values.append(score)
        elif score > least:
            heapq.heappush(waiting, (-score, index, len(chosen)))
    return list(zip(chosen, values, strict=True))


def _weakened(
    score: np.float32,
    overlaps: Array,
    limits: tuple[np.float32, np.float32, np.float32],
) -> tuple[np.float32, bool]:
    """A box's score after its rivals, and whether one of them replaces it."""
    overlap, least, sigma = limits
    if sigma <= 0:
        return score, bool((overlaps >= overlap).any())
    factor = np.float32(-0.5) / sigma
    for each in overlaps:
        if each >= overlap:
            return score, True
        score = score * np.exp(factor * each * each)
        if score <= least:
            break
    return score, False


def _corners(boxes: Array) -> Array:
    """(n, 4) as the lesser y and x, then the greater."""
    first, second = boxes[:, :2], boxes[:, 2:]
    return np.concatenate(
        [np.minimum(first, second), np.maximum(first, second)], axis=1
    )


def _overlaps(corners: Array, index: int, rivals: Array) -> Array:
    """Common area over joint area, of a box with each of the others."""
    box, others = corners[index], corners[rivals]
    size = _area(box[2:] - box[:2])
    sizes = _area(others[:, 2:] - others[:, :2])
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = _area(np.maximum(high - low, np.float32(0)))
    joint = size + sizes - common
    counts = (size > 0) & (sizes > 0) & (joint != 0)
    zeros = np.zeros(rivals.shape, np.float32)
    return np.divide(common, joint, out=zeros, where=counts)


def _area(sides: Array) -> Array:
    """Height times width, of the last axis."""
    return np.asarray(sides[..., 0] * sides[..., 1])
