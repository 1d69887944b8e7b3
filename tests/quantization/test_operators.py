"""Each operator's integer forms: what LiteRT's kernels compute, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import OpResolverType

from gossamer.ir.types import DType
from gossamer.quantization.full import full_integer
from gossamer.quantization.recipe import has_integer_form
from gossamer.quantization.rules import INTEGER, Rules
from tests.quantization import judge, operators

REFERENCE = OpResolverType.BUILTIN_REF
_OPTIMIZED = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
NOT_IN_REFERENCE = dict.fromkeys(
    ("DEPTH_TO_SPACE", "DILATE", "ELU", "SUM", "TILE"), _OPTIMIZED
)
"""LiteRT's reference kernels lack these on int8 (its SUM reads int8 as uint8)."""

FORMS = [
    (mode, name)
    for mode, dtype in INTEGER.items()
    for name, (op, *_) in operators.CASES.items()
    if has_integer_form(op, dtype)
]


@pytest.mark.parametrize(("mode", "name"), FORMS)
def test_it_is_computed_on_integers_as_litert_does(mode, name):
    model, dtype = operators.model(name), INTEGER[mode]
    made = full_integer(
        model,
        operators.samples(name, model, 16),
        rules=Rules.of(mode),
        input_type=dtype,
        output_type=dtype,
        strict=True,
    )
    assert [n.op.name for n in made.main.nodes] == [n.op.name for n in model.main.nodes]
    for sample in operators.samples(name, model, 2):
        entered = {x.name: judge.as_input(x, sample[x.name]) for x in made.main.inputs}
        wanted, mine = judge.ours(model, sample), judge.ours(made, entered)
        theirs = judge.litert(made, entered, NOT_IN_REFERENCE.get(name, REFERENCE))
        for y, real, ours, litert in zip(
            made.main.outputs, wanted, mine, theirs, strict=True
        ):
            # LiteRT's optimized SUM rounds the scale that ours multiplies by.
            assert np.abs(ours.astype(int) - litert).max() <= (name == "SUM")
            # One operator on a uniform input loses no more than its own rounding;
            # a product of integers rounds again at each factor.
            found = judge.signal_to_noise(real, judge.real(y, ours))
            least = 15 if name == "REDUCE_PROD" else 30
            assert found > (least if dtype is DType.INT8 else 38)
