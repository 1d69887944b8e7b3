from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

import gossamer
from gossamer.errors import InputError, QuantizationError
from gossamer.explain.report import quantization_report
from gossamer.flatbuffer.write import write
from gossamer.quantization.dynamic import dynamic_range
from gossamer.quantization.float16 import float16
from tests.explain import spoiled
from tests.quantization import graphs, judge

COLUMNS = (
    "op_name,tensor_idx,num_elements,stddev,mean_error,max_abs_error,"
    "mean_squared_error,scale,zero_point,tensor_name"
)
LAYERS = [
    *("image", "stem", "deep", "side", "total", "largest", "average"),
    *("both", "half", "pooled", "scores", "answer"),
]


def images(model, count=6):
    return [list(sample.values()) for sample in graphs.samples(model, count, seed=3)]


def report_of(real, quantized, count=6):
    return quantization_report(write(real), write(quantized), images(real, count))


@pytest.fixture(scope="module")
def good():
    return report_of(*spoiled.network())


def by_name(report):
    return {layer.place.name: layer for layer in report.layers}


def test_every_layer_is_there_in_order(good):
    assert [layer.place.name for layer in good.layers] == LAYERS
    assert [y.place.name for y in good.outputs] == ["scores", "answer"]
    assert good.samples == 6


def test_total_noise_is_that_of_the_outputs(good):
    model, made = spoiled.network()
    wanted, found = [], []
    for sample in graphs.samples(model, 6, seed=3):
        wanted.append(judge.ours(model, sample)[0])
        found.append(judge.ours(made, sample)[0])
    expected = judge.signal_to_noise(np.array(wanted), np.array(found))
    assert by_name(good)["scores"].total.decibels == pytest.approx(expected, abs=1e-3)


def test_a_layer_that_only_rounds_is_off_by_a_root_of_twelve(good):
    layers = by_name(good)
    for name in ("image", "total", "half"):
        assert layers[name].error_in_steps == pytest.approx(1 / math.sqrt(12), abs=0.04)
    assert layers["largest"].own.squared == 0


def test_own_noise_does_not_carry_what_came_before(good):
    for layer in good.layers[2:]:
        assert layer.own.decibels >= layer.total.decibels - 1
    assert by_name(good)["both"].own.decibels > by_name(good)["both"].total.decibels + 3


@pytest.mark.parametrize("name", ["stem", "deep", "side", "scores"])
def test_a_layer_with_coarse_weights_is_the_worst(name):
    model, made = spoiled.network()
    report = report_of(model, spoiled.coarse_weights(made, f"{name}/weights"))
    worst = report.worst()[0]
    assert worst.place.name == name
    assert worst.place.weights.decibels < 15
    assert worst.own.decibels < report.worst()[1].own.decibels - 6


def test_a_layer_whose_range_is_too_narrow_is_the_worst_and_clips():
    model, made = spoiled.network()
    report = report_of(model, spoiled.narrow_range(made, "half"))
    worst = report.worst()[0]
    assert worst.place.name == "half"
    assert worst.clipped_part > 0.1
    assert worst.saturated >= worst.clipped_part
    assert worst.range_used == pytest.approx(1)
    # What reads it is not blamed.
    assert by_name(report)["pooled"].own.decibels > 30


def test_zeros_of_a_relu_are_at_an_end_and_not_clipped(good):
    deep = by_name(good)["deep"]
    assert deep.saturated > 0.2
    assert deep.clipped_part < 0.01


def test_csv_has_the_columns_of_the_debugger_first(good):
    text = good.to_csv()
    assert text.startswith(COLUMNS + ",")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["tensor_name"] for row in rows) == sorted(LAYERS)
    values = [float(row["sqnr_db"]) for row in rows]
    assert values == sorted(values)
    scores = next(row for row in rows if row["tensor_name"] == "scores")
    assert (scores["op_name"], scores["num_elements"]) == ("FULLY_CONNECTED", "5")
    _, made = spoiled.network()
    tensor = made.main.tensors[int(scores["tensor_idx"])]
    scale, zero_point = tensor.quantization.pair()
    assert (float(scores["scale"]), int(scores["zero_point"])) == (scale, zero_point)


@pytest.mark.parametrize("mode", [dynamic_range, float16])
def test_layers_that_stay_in_float_are_compared_too(mode):
    model = graphs.classifier()
    report = report_of(model, mode(model))
    hidden = by_name(report)["hidden"]
    assert hidden.place.scale is None
    assert 20 < hidden.own.decibels < 90
    assert hidden.place.weights.decibels > 30
    assert hidden.own.decibels == pytest.approx(hidden.total.decibels, abs=1)


@pytest.mark.parametrize("graph", [graphs.several_outputs, graphs.with_float_island])
def test_graphs_that_are_partly_integer(graph):
    model = graph()
    report = report_of(model, spoiled.full_integer(model, graphs.samples(model)))
    assert len(report.layers) > 3
    assert report.outputs[0].total.decibels > 18


def test_a_free_batch_takes_samples_of_any_size():
    model = graphs.free_batch()
    made = spoiled.full_integer(model, graphs.samples(model))
    batches = [[np.tanh(graphs.normal(i, i + 1, 4, 4))] for i in range(3)]
    report = quantization_report(write(model), write(made), lambda: batches)
    assert by_name(report)["y"].total.count == 4 * 6
    assert by_name(report)["y"].total.decibels > 25


def test_a_model_against_itself_has_no_noise():
    model = graphs.network()
    report = report_of(model, model)
    assert all(layer.own.decibels == math.inf for layer in report.layers)
    assert "exact" in str(report)


def test_text_has_a_line_for_each_layer(good):
    lines = str(good).splitlines()
    assert len(lines) == len(LAYERS) + 1
    assert good.worst()[0].place.name in lines[1]


@pytest.mark.parametrize("name", ["report.csv", "report.html"])
def test_what_is_saved(good, tmp_path, name):
    path = tmp_path / name
    good.save(path)
    expected = good.to_csv() if name.endswith("csv") else good.to_html()
    assert path.read_text(encoding="utf-8") == expected


def test_another_ending_is_refused(good, tmp_path):
    with pytest.raises(InputError, match=r"\.html or \.csv"):
        good.save(tmp_path / "report.pdf")


def test_the_name_is_public():
    assert gossamer.quantization_report is quantization_report


def test_no_samples_are_an_error():
    model, made = spoiled.network()
    with pytest.raises(QuantizationError, match="no samples"):
        quantization_report(write(model), write(made), list)


def test_models_that_have_nothing_in_common_are_refused():
    model, _ = spoiled.network()
    with pytest.raises(QuantizationError, match="as many of the same shapes"):
        report_of(model, graphs.classifier())


def test_a_file_that_is_not_there():
    with pytest.raises(InputError, match=r"Could not open 'none\.tflite'"):
        quantization_report("none.tflite", "none.tflite", [])
