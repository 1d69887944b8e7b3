"""The benchmark measures what it says, and its results reach the README."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import models, readme, zoo
from benchmarks.chart import draw


@pytest.fixture(scope="module")
def facts():
    data = models.convert(zoo.build(zoo.mnist_mlp), "int8")
    result = models.measure("mnist_mlp", "int8", data, seconds=0.01)
    return models.report([result])


def test_a_result_has_times_of_both_engines(facts):
    (result,) = facts["results"]
    assert 0 < result["ours_min"] <= result["ours_median"]
    assert 0 < result["litert_min"] <= result["litert_median"]
    assert result["ratio"] == result["litert_min"] / result["ours_min"]
    assert result["file_bytes"] > 100_000
    assert facts["machine"].endswith("CPUs")


def test_networks_are_the_same_each_time():
    one, other = zoo.build(zoo.mnist_mlp), zoo.build(zoo.mnist_mlp)
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
        assert np.ptp(a.value) > 0


def test_the_table_replaces_what_stands_between_the_markers(facts):
    text = f"before\n{readme.START}\nold\n{readme.END}\nafter\n"
    made = readme.with_table(text, facts)
    assert made.startswith(f"before\n{readme.START}\n| model |")
    assert made.endswith(f"\n{readme.END}\nafter\n")
    assert "old" not in made
    assert "| mnist_mlp | – | – | – | – | " in made
    assert readme.with_table(made, facts) == made
    with pytest.raises(ValueError, match="needs the lines"):
        readme.with_table("no markers", facts)


def test_the_chart_is_a_picture(facts, tmp_path):
    draw(facts, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
