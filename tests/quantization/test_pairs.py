from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.errors import QuantizationError
from gossamer.ir.build import Builder
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model
from gossamer.ir.rewrite import substitute, with_subgraph
from gossamer.ir.types import DType
from gossamer.ir.verify import verify
from gossamer.ops import AssignVariable, ReadVariable, VarHandle
from gossamer.quantization.full import full_integer
from gossamer.quantization.instrument import instrument
from gossamer.quantization.pairs import paired
from tests.quantization import graphs


def both(graph=graphs.network, **ends):
    model = graph()
    return model, full_integer(model, graphs.samples(model), **ends)


def renamed(model, names):
    changed = {
        x: replace(x, name=names[x.name]) for x in model.main.tensors if x.name in names
    }
    graph = substitute(model.main, changed)
    return with_subgraph(model, 0, graph, changed)


def names(pairs):
    return {x.name: y.name for x, y in pairs.items()}


def test_the_integers_are_found_behind_conversions():
    model, made = both()
    found = names(paired(model, made))
    assert found["image"] == "image_int8"
    assert found["scores"] == "scores_int8"
    assert found["stem"] == "stem"
    assert all(y.dtype is DType.INT8 for y in paired(model, made).values())


@pytest.mark.parametrize("end", [DType.INT8, DType.UINT8])
def test_ends_go_together_by_their_order(end):
    model, made = both(input_type=end, output_type=end)
    other = renamed(model, {"image": "a", "scores": "b", "answer": "c"})
    pairs = paired(other, made)
    found = names(pairs)
    assert {"a", "b", "c", "side"} <= set(found)
    by_name = {x.name: y for x, y in pairs.items()}
    assert by_name["c"].quantization.pair() == (1 / 256, -128)


def test_what_stays_in_float_is_found_as_such():
    model, made = both(graphs.with_float_island)
    by_name = {x.name: y for x, y in paired(model, made).items()}
    assert by_name["negative"].dtype is DType.FLOAT32
    assert by_name["before"].dtype is DType.INT8


def test_of_two_tensors_of_one_name_one_is_taken():
    model, made = both()
    twice = renamed(model, {"deep": "stem"})
    assert list(names(paired(twice, made))).count("stem") == 1


def test_names_in_common_are_needed():
    model, made = both()
    inner = {x.name: f"{x.name}!" for x in made.main.tensors}
    with pytest.raises(QuantizationError, match="no tensor's name in common"):
        paired(model, renamed(made, inner))


def alone(model, made, **options):
    pairs = paired(model, made)
    found = instrument(model, made, pairs, **options)
    verify(found.model)
    return found


def test_tensors_keep_their_places_and_outputs_their_values():
    model, made = both()
    found = alone(model, made)
    count = len(made.main.tensors)
    assert found.model.main.tensors[:count] == made.main.tensors
    assert found.model.main.outputs == made.main.outputs
    assert {x.name for x in found.alone} == {y.output.name for y in model.main.nodes}


def test_a_layer_alone_reads_what_the_quantized_model_has():
    model, made = both()
    found = alone(model, made)
    sample = graphs.samples(model, 1, seed=5)[0]
    values = evaluate(found.model.main, {made.main.inputs[0]: sample["image"]})
    by_name = {x.name: y for x, y in found.alone.items()}
    stored = {x.name: x for x in made.main.tensors}

    def real(name):
        return stored[name].quantization.dequantize(values[stored[name]])

    np.testing.assert_allclose(
        values[by_name["total"]], real("stem") + real("side"), atol=1e-6
    )


def test_layers_that_are_not_paired_are_computed_on_the_way():
    model, made = both()
    found = alone(renamed(model, {"deep": "unknown"}), made)
    found_names = {x.name for x in found.alone}
    assert "unknown" not in found_names
    assert "side" in found_names


def test_layers_with_state_are_left_out():
    build = Builder()
    x = build.input("x", graphs.floats(1, 4))
    first = graphs.dense(build, x, 4, seed=1, name="first")
    handle = build.node(VarHandle(shared_name="kept"), name="handle")
    build.nodes(AssignVariable(), handle, first, types=())
    (kept,) = build.nodes(ReadVariable(), handle, types=(first.type,), names=("kept",))
    last = graphs.dense(build, kept, 2, seed=3, name="last")
    model = Model((build.finish([last]),))
    found = alone(model, model)
    assert {x.name for x in found.alone} == {"first", "last"}
