from __future__ import annotations

import pytest

from gossamer.quantization.search import Problem, Search, Trial, frontier

BYTES = {"int4": 1, "int8": 2, "float16": 4, "float32": 8}
LAYERS = tuple("abcdefgh")


def drops_by(harm, bound):
    """Layers that each cost a part of the metric; what is measured is the sum."""

    def measure(modes, label):
        drop = sum(harm(name, mode) for name, mode in modes.items())
        size = sum(BYTES[mode] for mode in modes.values())
        return Trial(modes, size, 1.0, 1 - drop, label, holds=drop <= bound)

    return measure


def run(harm, bound, ladder=("int8", "float32"), order=None):
    problem = Problem(
        LAYERS, ladder, drops_by(harm, bound), order or harm, lambda trial: trial.size
    )
    search = Search(problem)
    return search.run(), search.trials


def only(name, mode="int8", drop=0.5):
    return lambda layer, given: drop if (layer, given) == (name, mode) else 0.0


def test_nothing_more_is_tried_where_the_cheapest_holds():
    best, trials = run(lambda *_: 0.0, 0.01)
    assert set(best.modes.values()) == {"int8"}
    assert len(trials) == 1


@pytest.mark.parametrize("name", LAYERS)
def test_exactly_the_sensitive_layer_stays_in_float(name):
    best, trials = run(only(name), 0.01)
    assert [x for x, mode in best.modes.items() if mode == "float32"] == [name]
    assert len(trials) <= 7


@pytest.mark.parametrize("name", LAYERS)
def test_a_wrong_order_costs_trials_and_not_the_result(name):
    best, _ = run(only(name), 0.01, order=lambda layer, _: -LAYERS.index(layer))
    assert [x for x, mode in best.modes.items() if mode == "float32"] == [name]


def test_small_harms_add_up_to_the_bound():
    best, _ = run(lambda layer, mode: 0.003 if mode == "int8" else 0.0, 0.01)
    assert list(best.modes.values()).count("int8") == 3
    assert best.holds


def test_a_ladder_of_several_modes_is_used_rung_by_rung():
    costs = {
        ("a", "int4"): 0.5,
        ("b", "int4"): 0.5,
        ("b", "int8"): 0.5,
        ("c", "int4"): 0.5,
        ("c", "int8"): 0.5,
        ("c", "float16"): 0.5,
    }
    ladder = ("int4", "int8", "float16", "float32")
    best, _ = run(lambda *key: costs.get(key, 0.0), 0.01, ladder)
    expected = {"a": "int8", "b": "float16", "c": "float32"}
    assert best.modes == dict.fromkeys(LAYERS, "int4") | expected


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_holds_the_bound(seed):
    parts = [((i * 37 + seed * 11) % 17) / 100 for i in range(len(LAYERS))]
    best, trials = run(
        lambda layer, mode: parts[LAYERS.index(layer)] if mode == "int8" else 0.0, 0.2
    )
    assert best.holds
    assert best.size == min(trial.size for trial in trials if trial.holds)


def test_the_frontier_has_what_nothing_beats():
    points = [(1, 0.5), (2, 0.4), (3, 0.8), (4, 0.8), (5, 0.9)]
    trials = [Trial({}, size, 1.0, metric) for size, metric in points]
    kept = frontier(trials, lambda trial: trial.size)
    assert [(each.size, each.metric) for each in kept] == [(1, 0.5), (3, 0.8), (5, 0.9)]
