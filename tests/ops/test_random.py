"""RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL, MULTINOMIAL: LiteRT's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as Judge
from ai_edge_litert.interpreter import OpResolverType

from gossamer import Interpreter
from gossamer.flatbuffer.write import write
from gossamer.ops import Multinomial, RandomStandardNormal, RandomUniform
from tests.ops.contract import Case, Feed, prepare, round_trip, types_agree
from tests.ops.inputs import constant, ints, refused, scalar, shapes, tensor
from tests.ops.values import floats

SEEDS = ((1, 0), (0, 7), (123456789012, 42), (-5, 3))
CASES = [
    Case(op(*seeds), (ints(*shape),), name=f"{seeds} {shape}")
    for op in (RandomUniform, RandomStandardNormal)
    for seeds in SEEDS
    for shape in ((4,), (8, 2), (2, 3, 2))
]
CASES += [Case(RandomUniform(3, 4), (ints(7),), name="7 numbers")]
CASES += [
    Case(Multinomial(*seeds), (Feed(floats(*shape)), scalar(count)), name=f"{seeds}")
    for seeds in SEEDS
    for shape, count in (((1, 5), 20), ((3, 4), 7), ((2, 1), 3), ((2, 9), 1))
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_numbers_are_those_of_litert_run_after_run(case):
    run = prepare(case)
    types_agree(run)
    round_trip(run)
    content = write(run.model)
    reference = OpResolverType.BUILTIN_REF
    judge = Judge(model_content=content, experimental_op_resolver_type=reference)
    ours = Interpreter(model_content=content)
    for each in judge, ours:
        each.allocate_tensors()
        for detail, array in zip(
            each.get_input_details(), run.feeds.values(), strict=True
        ):
            each.set_tensor(detail["index"], array)
    for _ in range(3):
        found = []
        for each in ours, judge:
            each.invoke()
            found.append(each.get_tensor(each.get_output_details()[0]["index"]))
        np.testing.assert_allclose(*found, atol=2e-6)


@pytest.mark.parametrize("op", [RandomUniform(), RandomStandardNormal()])
def test_without_seeds_numbers_differ(op):
    first, second = (op.reference(np.array([64])) for _ in range(2))
    assert not np.array_equal(first, second)


def test_odd_counts_of_normal_numbers():
    """LiteRT writes one number beyond the end of such an output."""
    (odd,) = RandomStandardNormal(1, 2).reference(np.array([5]))
    (even,) = RandomStandardNormal(1, 2).reference(np.array([8]))
    np.testing.assert_array_equal(odd, even[:5])


def test_logits_that_are_not_finite_are_never_drawn():
    logits = np.array([[0, -np.inf, 0, np.nan]], np.float32)
    (drawn,) = Multinomial(1).reference(logits, np.array(200))
    assert set(drawn.ravel()) == {0, 2}


def test_free_sizes_and_refusals():
    assert shapes(RandomUniform(), tensor((2,), constant([1]).dtype)) == [(-1, -1)]
    refused(RandomUniform(), constant([-1]), match="shape")
    refused(Multinomial(), tensor((2, 0)), constant(1), match="logits")
    refused(Multinomial(), tensor((2, 3)), constant(-1), match="-1 samples")
