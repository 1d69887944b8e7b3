from __future__ import annotations

from gossamer.quantization.units import units_of
from tests.quantization import graphs


def test_operators_without_weights_go_with_what_they_read():
    units = {unit.name: unit for unit in units_of(graphs.network().main)}
    assert list(units) == ["stem", "deep", "side", "scores"]
    assert units["stem"].outputs[:2] == ("stem", "total")
    assert "average" in units["side"].outputs
    assert units["scores"].outputs == ("scores", "answer")
    assert units["scores"].weights == 5 * 16


def test_what_comes_before_the_first_weights_is_a_unit():
    units = units_of(graphs.classifier().main)
    assert [unit.name for unit in units] == ["flat", "hidden", "scores"]


def test_shape_arithmetic_is_in_no_unit():
    units = units_of(graphs.free_batch().main)
    assert [unit.outputs for unit in units] == [("flat",), ("y",)]
