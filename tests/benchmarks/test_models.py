"""The benchmark measures what it says, and its results reach the README."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import models, processes, readme, speed, threads, zoo
from benchmarks.chart import draw
from benchmarks.report import geometric_mean, report
from benchmarks.store import Store


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """One file, measured in every section for a moment."""
    folder = tmp_path_factory.mktemp("bench")
    store = Store(folder / "bench.json")
    ((mode, path),) = models.files("mnist_mlp", ("int8",), folder)
    store.put("results", speed.measure("mnist_mlp", mode, path, 0.01).record())
    pair = threads.measure("mnist_mlp", mode, path, 0.01)
    store.put("two_threads", pair.record())
    for row in processes.measure("mnist_mlp", mode, path, ("gossamer", "litert"), 1):
        store.put("processes", row.record())
    cold = processes.measure_cold("mnist_mlp", mode, path, 1)
    store.put("processes", cold.record())
    return Store(store.path).facts


def test_a_result_has_times_of_all_engines(facts):
    (result,) = facts["results"]
    assert 0 < result["ours_min"] <= result["ours_median"]
    assert 0 < result["litert_min"] <= result["litert_median"]
    assert result["ratio"] == result["litert_min"] / result["ours_min"]
    assert result["file_bytes"] > 100_000
    assert set(result["peers"]) == {"onnxruntime", "openvino"}
    for times in result["peers"].values():
        assert 0 < times["min"] <= times["median"]
    assert set(result["differences"]) == {"litert", "onnxruntime", "openvino"}
    assert max(result["differences"].values()) < 0.02
    assert facts["machine"].endswith("CPUs")


def test_processes_start_and_hold_memory(facts):
    rows = facts["processes"]
    assert [(row["engine"], row["cold"]) for row in rows] == [
        ("gossamer", False),
        ("litert", False),
        ("gossamer", True),
    ]
    for row in rows:
        assert 0 < row["start_min"] <= row["start_median"]
        assert 20e6 < row["memory_bytes"] < 500e6


def test_the_page_has_every_section(facts):
    page = report(facts)
    (result,) = facts["results"]
    assert f"| mnist_mlp | – | – | {result['ratio']:.2f} (" in page
    assert "| model | Gossamer | LiteRT | ONNX Runtime | OpenVINO |" in page
    assert f"| mnist_mlp int8 | {facts['two_threads'][0]['ours_1']:,.1f} |" in page
    assert "| mnist_mlp int8 | Gossamer | no |" in page
    assert "dynamic: microseconds" not in page


def test_geometric_mean():
    assert geometric_mean([1, 4]) == pytest.approx(2)


def test_rows_are_replaced_and_kept_in_order(tmp_path):
    store = Store(tmp_path / "bench.json")
    store.put("results", {"model": "lstm", "mode": "int8", "ratio": 1})
    store.put("results", {"model": "mnist_mlp", "mode": "int8", "ratio": 2})
    store.put("results", {"model": "lstm", "mode": "int8", "ratio": 3})
    rows = Store(store.path).facts["results"]
    assert [(row["model"], row["ratio"]) for row in rows] == [
        ("mnist_mlp", 2),
        ("lstm", 3),
    ]
    assert store.row("results", model="lstm", mode="int8") == rows[1]
    assert store.row("results", model="lstm", mode="float32") is None


def test_visits_are_combined(facts):
    (one,) = facts["results"]
    two = {
        **one,
        "ours_min": one["ours_min"] / 2,
        "ours_median": 7 * one["ours_median"],
    }
    peers = {**one["peers"], "openvino": {"min": 1e-3, "median": 1e9}}
    result = speed.Result.combined([one, {**two, "peers": peers}, one])
    assert result.ours_min == one["ours_min"] / 2
    assert result.ours_median == one["ours_median"]
    assert result.litert_min == one["litert_min"]
    assert result.ratio == pytest.approx(2 * one["ratio"])
    assert result.peers["openvino"]["min"] == 1e-3
    assert result.peers["onnxruntime"] == one["peers"]["onnxruntime"]
    (pair,) = facts["two_threads"]
    faster = {**pair, "ours_2": 1e-3}
    assert threads.Result.combined([pair, faster]).record() == faster


def test_a_row_remembers_its_visits(tmp_path):
    store = Store(tmp_path / "bench.json")
    assert store.visits("results", model="lstm") == []
    store.put("results", {"model": "lstm", "mode": "int8", "visits": [{"a": 1}]})
    assert Store(store.path).visits("results", model="lstm") == [{"a": 1}]


def test_results_of_another_machine_are_dropped(tmp_path):
    path = tmp_path / "bench.json"
    rows = [{"model": "lstm", "mode": "int8"}]
    path.write_text(json.dumps({"machine": "abacus", "results": rows}))
    assert Store(path).facts["results"] == []


def test_networks_are_the_same_each_time():
    one, other = zoo.build(zoo.mnist_mlp), zoo.build(zoo.mnist_mlp)
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
        assert np.ptp(a.value) > 0


def test_a_part_replaces_what_stands_between_its_markers(facts):
    text = "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n"
    made = readme.with_part(text, "results", readme.table(facts))
    assert made.startswith("before\n<!-- results -->\n| model |")
    assert made.endswith("\n<!-- /results -->\nafter\n")
    assert "old" not in made
    assert "| mnist_mlp | – | – | – | – | " in made
    assert readme.with_part(made, "results", readme.table(facts)) == made
    with pytest.raises(ValueError, match="needs the lines"):
        readme.with_part("no markers", "results", "")


def test_the_readme_says_what_was_measured():
    text = readme.README.read_text()
    part = readme.compressed(readme.COMPRESSED.read_text())
    assert part.splitlines()[2].startswith("| float | ")
    assert readme.with_part(text, "compressed", part) == text


def test_the_chart_is_a_picture(facts, tmp_path):
    draw(facts, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
