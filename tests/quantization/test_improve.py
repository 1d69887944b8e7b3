from __future__ import annotations

import pytest

from gossamer.errors import QuantizationError
from gossamer.quantization.calibrate import reference_runner
from gossamer.quantization.improve import IMPROVEMENTS, improve, improvements_of
from tests.quantization import graphs, improving


def improved(model, *names):
    return improve(
        model,
        improvements_of(names),
        lambda made: graphs.samples(made, 16),
        reference_runner,
    )


def test_all_together_gain_on_a_network_with_outliers():
    model = improving.depthwise_outliers()
    made = improved(model, *IMPROVEMENTS)
    assert improving.quality(made, model) > improving.quality(model) + 12


@pytest.mark.parametrize("name", IMPROVEMENTS)
@pytest.mark.parametrize("graph", [graphs.network, graphs.with_float_island])
def test_the_graph_keeps_its_operators_and_its_function(graph, name):
    model = graph()
    made = improved(model, name)
    assert [str(n.op) for n in made.main.nodes] == [str(n.op) for n in model.main.nodes]
    assert made.main.inputs == model.main.inputs
    assert improving.quality(made, model) > improving.quality(model) - 3


def test_improvements_are_made_in_their_order():
    assert improvements_of(["bias", "equalize"]) == ("equalize", "bias")
    assert improvements_of("adaround") == ("adaround",)


def test_an_unknown_improvement_is_refused():
    with pytest.raises(QuantizationError, match=r"'cle' is not known; .* 'equalize'"):
        improvements_of(["cle"])


def test_samples_that_are_used_up_are_refused():
    model = graphs.classifier()
    once = iter(graphs.samples(model, 4))
    with pytest.raises(QuantizationError, match="give a function that makes a new"):
        improve(model, ("equalize", "bias"), lambda made: once, reference_runner)
