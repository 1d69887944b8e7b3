"""Models of several subgraphs: signatures are quantized, bodies of loops are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gossamer.ir.graph import Model
from gossamer.ir.types import DType
from gossamer.quantization.dynamic import dynamic_range
from gossamer.quantization.full import full_integer
from gossamer.quantization.rules import INTEGER, Rules
from tests.quantization import graphs, judge


def two(*, signed):
    """The network, and the classifier as a second signature or as a mere subgraph."""
    first, second = graphs.network(), graphs.classifier()
    signature = replace(second.signatures[0], key="classify", subgraph=1)
    signatures = (*first.signatures, signature) if signed else first.signatures
    body = replace(second.main, name="body")
    return Model((first.main, body), signatures)


def samples():
    for sample in graphs.samples(graphs.network(), 8):
        yield ("serving_default", sample)
    for sample in graphs.samples(graphs.classifier(), 8):
        yield ("classify", sample)


@pytest.mark.parametrize("mode", INTEGER)
def test_each_signature_is_quantized(mode):
    dtype, model = INTEGER[mode], two(signed=True)
    rules = Rules.of(mode)
    made = full_integer(
        model, samples(), rules=rules, input_type=dtype, output_type=dtype
    )
    for graph, signature in zip(made.subgraphs, made.signatures, strict=True):
        assert {x.dtype for x in (*graph.inputs, *graph.outputs)} == {dtype}
        assert set(signature.inputs.values()) == set(graph.inputs)
        assert set(signature.outputs.values()) == set(graph.outputs)
    sample = graphs.samples(graphs.classifier(), 1)[0]
    alone = Model((made.subgraphs[1],))
    entered = {"image": judge.as_input(alone.main.inputs[0], sample["image"])}
    (found,) = judge.ours(alone, entered)
    (wanted,) = judge.ours(graphs.classifier(), sample)
    assert judge.signal_to_noise(wanted, judge.real(alone.main.outputs[0], found)) > 28


def test_what_callers_do_not_run_stays_in_float_and_is_told():
    told = []
    model = two(signed=False)
    made = full_integer(model, graphs.samples(model), log=told.append)
    assert made.subgraphs[1] is model.subgraphs[1]
    assert any("subgraph 'body' stays in float" in line for line in told)
    assert made.main.nodes[1].output.dtype is DType.INT8


def test_weights_of_every_subgraph_are_stored():
    made = dynamic_range(two(signed=False))
    stored = {x.dtype for x in made.subgraphs[1].tensors if x.is_constant}
    assert DType.INT8 in stored
