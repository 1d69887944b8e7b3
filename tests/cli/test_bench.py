"""`gossamer bench` measures whole inferences, alone and beside LiteRT."""

from __future__ import annotations

import json

import pytest


def test_json_has_times_and_the_ratio(gossamer, dense):
    facts = json.loads(
        gossamer("bench", dense, "--against", "litert", "--runs", 3, "--json")
    )
    ours, theirs = facts["engines"]
    assert (ours["engine"], theirs["engine"]) == ("gossamer", "litert")
    assert 0 < ours["minimum_us"] <= ours["median_us"]
    assert facts["ratio"] == pytest.approx(theirs["minimum_us"] / ours["minimum_us"])
    assert facts["largest_difference"] < 1e-5


def test_table_alone(gossamer, dense):
    gossamer("bench", dense, "--seconds", 0.01)
    assert [row[0] for row in gossamer.rows()[1:]] == ["engine", "gossamer"]
    assert "litert" not in gossamer.out


def test_runs_are_counted(gossamer, dense):
    facts = json.loads(gossamer("bench", dense, "--runs", 2, "--json"))
    assert facts["engines"][0]["inferences"] % 2 == 0
    assert facts["ratio"] is None
