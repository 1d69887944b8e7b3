from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from gossamer.errors import GraphError
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.flexbuffers import encode
from gossamer.ir.graph import Model
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from gossamer.ops import DetectionPostProcess
from tests.ops.contract import Case, Constant, Feed, check
from tests.ops.inputs import refused, tensor
from tests.ops.whole import ours, outputs

BASE = {
    "max_detections": 10,
    "max_classes_per_detection": 1,
    "detections_per_class": 100,
    "use_regular_nms": False,
    "nms_score_threshold": 0.1,
    "nms_iou_threshold": 0.5,
    "num_classes": 5,
    "y_scale": 10.0,
    "x_scale": 10.0,
    "h_scale": 5.0,
    "w_scale": 5.0,
}
CASES = {
    "fast": {},
    "several classes": {"max_classes_per_detection": 3},
    "more classes than there are": {"max_classes_per_detection": 7},
    "one detection": {"max_detections": 1},
    "none asked for": {"max_detections": 0},
    "more than there are": {"max_detections": 90},
    "nothing overlaps too much": {"nms_iou_threshold": 1.0, "max_detections": 40},
    "all overlaps": {"nms_iou_threshold": 0.01},
    "nothing is sure enough": {"nms_score_threshold": 2.0},
    "regular": {"use_regular_nms": True},
    "regular, few of a class": {"use_regular_nms": True, "detections_per_class": 2},
    "regular, many": {"use_regular_nms": True, "max_detections": 60},
    "regular, nothing": {"use_regular_nms": True, "nms_score_threshold": 2.0},
}


def arrays(boxes=40, classes=5, extra=0, background=1, seed=3):
    """Box encodings, scores without ties, and anchors that overlap."""
    rng = np.random.default_rng([boxes, classes, seed])
    encodings = rng.normal(size=(1, boxes, 4 + extra))
    scores = rng.permutation(boxes * (classes + background)) / (boxes * (classes + 1))
    centers = rng.uniform(0.2, 0.8, (boxes, 2))
    anchors = np.concatenate([centers, rng.uniform(0.1, 0.4, (boxes, 2))], axis=1)
    shaped = scores.reshape(1, boxes, classes + background)
    return [np.asarray(x, np.float32) for x in (encodings, shaped, anchors)]


def as_bytes(array, low, high):
    """A real array as uint8, and its quantization."""
    step = (high - low) / 255
    zero_point = round(-low / step)
    stored = np.clip(np.round(array / step) + zero_point, 0, 255).astype(np.uint8)
    return stored, Quantization.per_tensor(float(np.float32(step)), zero_point)


def model(change, given, quantizations=(None, None, None)):
    build = Builder("main")
    kinds = [DType.of_numpy(array.dtype) for array in given]
    tensors = [
        build.input(name, TensorType(kind, array.shape), quantization)
        for name, kind, array, quantization in zip(
            ("boxes", "scores"), kinds, given, quantizations, strict=False
        )
    ]
    anchors = build.constant("anchors", given[2], quantizations[2])
    found = build.nodes(DetectionPostProcess(**(BASE | change)), *tensors, anchors)
    return bytes(write(Model((build.finish(found),))))


def agree(change, given, quantizations=(None, None, None)):
    """LiteRT leaves what is behind the detections as it was; that is not compared."""
    content = model(change, given, quantizations)
    theirs = outputs(Interpreter(model_content=content), given[:2])
    options = BASE | change
    each = 1 if options["use_regular_nms"] else options["max_classes_per_detection"]
    filled = min(each, options["num_classes"])
    for found in ours(content, given[:2]):
        assert [x.shape for x in found] == [x.shape for x in theirs]
        np.testing.assert_array_equal(found[3], theirs[3])
        count = int(found[3][0])
        for mine, other in zip(found[:3], theirs[:3], strict=True):
            rest = mine.shape[2:]
            blocks = [x.reshape(-1, each, *rest) for x in (mine, other)]
            one, two = (block[:count, :filled] for block in blocks)
            np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)
            assert not blocks[0][count:].any()
    return int(found[3][0])


@pytest.mark.parametrize("change", CASES.values(), ids=CASES)
@pytest.mark.parametrize("background", [0, 1])
def test_float(change, background):
    agree(change, arrays(background=background))


@pytest.mark.parametrize("change", CASES.values(), ids=CASES)
def test_quantized(change):
    boxes, scores, anchors = arrays()
    scores = scores.reshape(40, 6)[:, :6].reshape(1, 40, 6)
    stored = [as_bytes(boxes, -4, 4), as_bytes(scores, 0, 1), as_bytes(anchors, 0, 1)]
    if change.get("max_classes_per_detection", 1) > 1:
        agree_on_scores(change, stored)
        return
    given, quantizations = zip(*stored, strict=True)
    agree(change, list(given), list(quantizations))
    real_scores = [stored[0], (scores, None), stored[2]]
    given, quantizations = zip(*real_scores, strict=True)
    agree(change, list(given), list(quantizations))


def agree_on_scores(change, stored):
    """Classes of one quantized score come in no order that LiteRT would promise."""
    given, quantizations = zip(*stored, strict=True)
    content = model(change, list(given), list(quantizations))
    theirs = outputs(Interpreter(model_content=content), given[:2])
    for found in ours(content, given[:2]):
        np.testing.assert_array_equal(found[3], theirs[3])
        count = int(found[3][0]) * min(change["max_classes_per_detection"], 5)
        if change["max_classes_per_detection"] <= 5:
            np.testing.assert_array_equal(found[2][0, :count], theirs[2][0, :count])


@pytest.mark.parametrize(
    ("boxes", "classes", "extra"), [(1, 5, 0), (2, 5, 3), (300, 5, 0), (7, 1, 1)]
)
@pytest.mark.parametrize("regular", [False, True])
def test_sizes(boxes, classes, extra, regular):
    change = {"use_regular_nms": regular, "num_classes": classes}
    count = agree(change, arrays(boxes, classes, extra))
    assert 0 < count <= boxes * classes


def test_the_contract_where_every_place_is_filled():
    boxes, scores, anchors = arrays()
    op = DetectionPostProcess(**(BASE | {"max_detections": 3}))
    check(Case(op, (Feed(boxes), Feed(scores), Constant(anchors))))


def test_options_that_are_left_out():
    op = DetectionPostProcess.from_bytes(encode({"max_detections": 3, "other": "x"}))
    assert op.max_detections == 3
    assert op.detections_per_class == 100
    assert not op.use_regular_nms


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"max_detections": -1}, "-1 detections are asked for"),
        ({"max_detections": 2**31}, "dimension has the size"),
        ({"num_classes": 0}, "num_classes is 0"),
        ({"num_classes": 3}, "6 scores are given for 3 classes"),
        ({"max_classes_per_detection": 0}, "max_classes_per_detection is 0"),
        ({"nms_iou_threshold": 0.0}, "nms_iou_threshold is 0.0"),
        ({"nms_iou_threshold": 1.5}, "nms_iou_threshold is 1.5"),
        ({"use_regular_nms": True, "detections_per_class": 0}, "not above 0"),
    ],
)
def test_options_that_are_refused(change, match):
    op = DetectionPostProcess(**(BASE | change))
    refused(op, tensor((1, 9, 4)), tensor((1, 9, 6)), tensor((9, 4)), match=match)


@pytest.mark.parametrize(
    ("shapes", "match"),
    [
        (((1, 9), (1, 9, 6), (9, 4)), "not \\(3, 3, 2\\)"),
        (((2, 9, 4), (2, 9, 6), (9, 4)), "not one batch"),
        (((1, 9, 4), (1, 8, 6), (9, 4)), "not one batch"),
        (((1, 9, 3), (1, 9, 6), (9, 4)), "a box is 3 numbers"),
        (((1, 9, 4), (1, 9, 6), (8, 4)), "do not fit 9 boxes"),
        (((1, 9, 4), (1, 9, 6), (9, 5)), "do not fit 9 boxes"),
    ],
)
def test_shapes_that_are_refused(shapes, match):
    refused(DetectionPostProcess(**BASE), *map(tensor, shapes), match=match)


def test_types_that_are_refused():
    op = DetectionPostProcess(**BASE)
    rest = tensor((1, 9, 6)), tensor((9, 4))
    refused(op, tensor((1, 9, 4), DType.UINT8), *rest, match="neither float32 nor")
    refused(op, tensor((1, 9, 4), DType.INT8), *rest, match="neither float32 nor")


def test_boxes_that_end_before_they_begin():
    boxes, scores, anchors = arrays()
    anchors[0, 2] = -1
    with pytest.raises(GraphError, match="a box ends before it begins"):
        DetectionPostProcess(**BASE).reference(boxes, scores, anchors)
