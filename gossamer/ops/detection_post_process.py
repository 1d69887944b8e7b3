"""TFLite_Detection_PostProcess: an object detector's boxes and scores to detections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.custom_options import CustomOperator
from gossamer.ir.custom_registry import custom_operator
from gossamer.ir.op import require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands

if TYPE_CHECKING:
    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array, Shape, TensorType


@custom_operator("TFLite_Detection_PostProcess")
class DetectionPostProcess(CustomOperator):
    """Decode boxes, and of those that overlap keep the one with the best score.

    Inputs: box encodings (1, N, 4 or more): y, x, height and width as the anchors'
    multiples; scores (1, N, C), or C + 1 with a background class in front; anchors
    (N, 4). float32, or quantized uint8.

    Outputs, float32, for D = `max_detections` * `max_classes_per_detection`: boxes
    (1, D, 4) as ymin, xmin, ymax, xmax; classes (1, D); scores (1, D); how many (1,).
    What is behind them is 0.

    Fast: a box competes by its best class, and is given with its best classes. With
    `use_regular_nms` the boxes of each class compete on their own.
    """

    max_detections: int = 0
    max_classes_per_detection: int = 0
    detections_per_class: int = 100
    use_regular_nms: bool = False
    nms_score_threshold: float = 0.0
    nms_iou_threshold: float = 0.0
    num_classes: int = 0
    y_scale: float = 0.0
    x_scale: float = 0.0
    h_scale: float = 0.0
    w_scale: float = 0.0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        boxes, scores, anchors = operands(self, inputs, 3)
        for x in boxes, scores, anchors:
            quantized = x.dtype is DType.UINT8 and x.is_quantized
            fits = quantized or x.dtype is DType.FLOAT32
            require(fits, self, f"{x} is neither float32 nor quantized uint8")
        text = f"boxes are {boxes.dtype.title}, but anchors {anchors.dtype.title}"
        require(boxes.dtype is anchors.dtype, self, text)
        self._check_options()
        self._check(boxes.shape, scores.shape, anchors.shape)
        count = self.max_detections * self.max_classes_per_detection
        return made(self, DType.FLOAT32, (1, count, 4), (1, count), (1, count), (1,))

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        boxes, scores, anchors = (np.asarray(array, np.float32) for array in inputs)
        self._check_options()
        self._check(boxes.shape, scores.shape, anchors.shape)
        with np.errstate(all="ignore"):
            corners = self._decoded(boxes[0], anchors)
            text = "a box ends before it begins"
            require(bool((corners[:, :2] <= corners[:, 2:]).all()), self, text)
            known = scores[0, :, scores.shape[2] - self.num_classes :]
            if self.use_regular_nms:
                return self._regular(corners, known)
            return self._fast(corners, known)

    def _decoded(self, boxes: Array, anchors: Array) -> Array:
        """Corners (N, 4): ymin, xmin, ymax, xmax."""
        encoded = boxes[:, :4].astype(np.float64)
        around = anchors[: len(boxes)].astype(np.float64)
        scales = [self.y_scale, self.x_scale, self.h_scale, self.w_scale]
        encoded /= np.array(scales, np.float32).astype(np.float64)
        centers = encoded[:, :2] * around[:, 2:] + around[:, :2]
        halves = 0.5 * np.exp(encoded[:, 2:]) * around[:, 2:]
        center, half = centers.astype(np.float32), halves.astype(np.float32)
        return np.concatenate([center - half, center + half], axis=1)

    def _fast(self, corners: Array, scores: Array) -> tuple[Array, ...]:
        classes = self.max_classes_per_detection
        best = _best(scores, min(classes, self.num_classes))
        tops = np.take_along_axis(scores, best, axis=1)
        chosen = self._chosen(corners, tops[:, 0], self.max_detections)
        results = self._blank((self.max_detections, classes))
        count, wide = len(chosen), best.shape[1]
        results[0][:count, :wide] = corners[chosen, None]
        results[1][:count, :wide] = best[chosen]
        results[2][:count, :wide] = tops[chosen]
        return self._finished(results, count)

    def _regular(self, corners: Array, scores: Array) -> tuple[Array, ...]:
        most = min(self.detections_per_class, self.max_detections)
        values, boxes, classes = (np.empty(0, kind) for kind in (np.float32, int, int))
        for number in range(self.num_classes):
            chosen = self._chosen(corners, scores[:, number], most)
            values = np.concatenate([values, scores[chosen, number]])
            order = np.argsort(-values, kind="stable")[: self.max_detections]
            values = values[order]
            boxes = np.concatenate([boxes, chosen])[order]
            classes = np.concatenate([classes, np.full(len(chosen), number)])[order]
        count = len(values)
        results = self._blank((self.max_detections * self.max_classes_per_detection,))
        results[0][:count] = corners[boxes]
        results[1][:count] = classes
        results[2][:count] = values
        return self._finished(results, count)

    def _chosen(self, corners: Array, scores: Array, most: int) -> Array:
        """Boxes from the best one on, without those that overlap a better one."""
        kept = np.flatnonzero(scores >= np.float32(self.nms_score_threshold))
        kept = kept[np.argsort(-scores[kept], kind="stable")]
        chosen: list[int] = []
        while kept.size and len(chosen) < most:
            chosen.append(int(kept[0]))
            overlap = shared(corners[kept[0]], corners[kept[1:]])
            kept = kept[1:][~(overlap > np.float32(self.nms_iou_threshold))]
        return np.array(chosen, np.int64)

    def _blank(self, places: Shape) -> tuple[Array, Array, Array]:
        boxes = np.zeros((*places, 4), np.float32)
        return boxes, np.zeros(places, np.float32), np.zeros(places, np.float32)

    def _finished(
        self, results: tuple[Array, Array, Array], count: int
    ) -> tuple[Array, ...]:
        boxes, classes, scores = results
        return (
            boxes.reshape(1, -1, 4),
            classes.reshape(1, -1),
            scores.reshape(1, -1),
            np.array([count], np.float32),
        )

    def _check_options(self) -> None:
        least = self.max_detections, self.detections_per_class
        require(min(least) >= 0, self, f"{min(least)} detections are asked for")
        text = f"num_classes is {self.num_classes}, not above 0"
        require(self.num_classes > 0, self, text)
        classes = self.max_classes_per_detection
        text = f"max_classes_per_detection is {classes}, not above 0"
        require(classes > 0, self, text)
        most = min(least)
        text = f"detections_per_class and max_detections are {least}, not above 0"
        require(most > 0 or not self.use_regular_nms, self, text)
        text = f"nms_iou_threshold is {self.nms_iou_threshold}, not above 0 and up to 1"
        require(0 < self.nms_iou_threshold <= 1, self, text)

    def _check(self, boxes: Shape, scores: Shape, anchors: Shape) -> None:
        ranks = len(boxes), len(scores), len(anchors)
        text = f"the inputs have {ranks} dimensions, not (3, 3, 2)"
        require(ranks == (3, 3, 2), self, text)
        text = f"boxes of {list(boxes)} and scores of {list(scores)} are not one batch"
        require(boxes[0] in (1, -1) and scores[0] in (1, -1), self, text)
        require(boxes[1] == scores[1] or -1 in (boxes[1], scores[1]), self, text)
        require(boxes[2] >= 4, self, f"a box is {boxes[2]} numbers, not 4 or more")
        text = f"{scores[2]} scores are given for {self.num_classes} classes"
        require(scores[2] - self.num_classes in (0, 1), self, text)
        enough = anchors[0] >= boxes[1] or anchors[0] < 0
        text = f"anchors of {list(anchors)} do not fit {boxes[1]} boxes"
        require(enough and anchors[1] == 4, self, text)


def _best(scores: Array, count: int) -> Array:
    """The `count` best classes of each box, the best one first."""
    if count == 1:
        return np.argmax(scores, axis=1)[:, None]
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def shared(box: Array, others: Array) -> Array:
    """What two boxes have in common as a share of what they cover: (N,) for (N, 4)."""
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    begin = np.maximum(box[:2], others[:, :2])
    sides = np.maximum(np.minimum(box[2:], others[:, 2:]) - begin, np.float32(0))
    both = sides[:, 0] * sides[:, 1]
    share = both / (area + areas - both)
    return np.where((areas <= 0) | (area <= 0), np.float32(0), share)
