"""When to prune and how much: the toolkit's formulas, step by step."""

from __future__ import annotations

import pytest

from gossamer.sparsity import ConstantSparsity, PolynomialDecay, PruningSchedule
from gossamer.sparsity.schedule import schedule_from_config


def test_a_constant_schedule_prunes_every_so_many_steps():
    schedule = ConstantSparsity(0.5, begin_step=10, end_step=50, frequency=20)
    pruned = [step for step in range(100) if schedule(step)[0]]
    assert pruned == [10, 30, 50]
    assert {schedule(step)[1] for step in range(100)} == {0.5}


def test_without_an_end_it_goes_on():
    schedule = ConstantSparsity(0.5, begin_step=0)
    assert [step for step in range(1000) if schedule(step)[0]] == list(
        range(0, 1000, 100)
    )


@pytest.mark.parametrize("power", [1, 3, 0.5])
def test_a_polynomial_goes_from_one_sparsity_to_the_other(power):
    schedule = PolynomialDecay(
        0.2, 0.8, begin_step=100, end_step=300, power=power, frequency=1
    )
    for step in range(100, 301):
        expected = 0.8 + (0.2 - 0.8) * (1 - (step - 100) / (300 - 100)) ** power
        prunes, sparsity = schedule(step)
        assert prunes
        assert sparsity == pytest.approx(expected, abs=1e-12)
    assert schedule(99) == (False, pytest.approx(0.2))
    assert schedule(301) == (False, pytest.approx(0.8))


@pytest.mark.parametrize(
    "schedule",
    [ConstantSparsity(0.25, 5, 9, 2), PolynomialDecay(0.1, 0.9, 3, 30, 2.0, 4)],
)
def test_a_schedule_is_saved_and_comes_back(schedule):
    assert schedule_from_config(schedule.get_config()) == schedule


def test_a_schedule_of_ones_own_comes_back_once_it_is_imported():
    class Every(PruningSchedule):
        def __call__(self, step):
            return True, 0.5

        def get_config(self):
            return {"class_name": "Every", "config": {}}

    assert isinstance(schedule_from_config(Every().get_config()), Every)
    with pytest.raises(ValueError, match="'Unknown' is not known"):
        schedule_from_config({"class_name": "Unknown", "config": {}})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantSparsity(1.0, 0), r"target_sparsity must be in range \[0,1\)"),
        (lambda: ConstantSparsity(-0.1, 0), "it is -0.1"),
        (lambda: ConstantSparsity(0.5, -1), "begin_step should be >= 0"),
        (lambda: ConstantSparsity(0.5, 10, 10), "end_step must be after begin_step"),
        (lambda: ConstantSparsity(0.5, 0, frequency=0), "frequency must be at least 1"),
        (lambda: PolynomialDecay(0, 1.5, 0, 10), "final_sparsity must be in range"),
        (lambda: PolynomialDecay(0, 0.5, 0, -1), "cannot be -1"),
    ],
)
def test_what_is_no_schedule_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
