"""A profile's numbers follow from the steps and their times."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.benchmark import peak as peaks
from gossamer.benchmark.inputs import InputFlags, subject
from gossamer.benchmark.peak import peak
from gossamer.benchmark.profile import profile, totals
from gossamer.benchmark.protocol import Statistics, divided
from gossamer.flatbuffer import write
from gossamer.runtime.executable import Options, build
from gossamer.runtime.source import Source
from gossamer.runtime.state import State
from tests.runtime import models
from tests.runtime.calls import fibonacci, growing


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GOSSAMER_CACHE", str(tmp_path))


def subject_of(data):
    return subject(Source(content=data), InputFlags())


def test_pieces_compute_what_a_run_computes():
    made = subject_of(models.dense())
    (x,) = made.values.values()
    model = made.source.model
    shapes = {model.main.inputs[0]: x.shape}
    whole, apart = (build(model, 0, shapes, State(), Options()) for _ in range(2))
    for each in (whole, apart):
        each.view(model.main.inputs[0])[...] = x
    whole.invoke()
    for piece in apart.pieces():
        piece.run()
    (y,) = model.main.outputs
    np.testing.assert_array_equal(whole.view(y), apart.view(y))
    assert np.ptp(whole.view(y)) > 0


def test_nodes_without_machine_code_are_pieces_too():
    pieces = divided(subject_of(models.dense()), Options(reference=True))
    lines = profile(pieces, 0.001)
    assert [line.operator for line in lines] == ["RESHAPE", "FULLY_CONNECTED"]
    assert {line.kernel for line in lines} == {"numpy"}
    assert not any(line.is_compiled for line in lines)


def test_totals_are_sums():
    pieces = divided(subject_of(models.dense()), Options(reference=True))
    lines = profile(pieces, 0.001)
    found = totals(lines)
    assert sum(total.minimum_us for total in found) == pytest.approx(
        sum(line.minimum_us for line in lines)
    )
    assert [total.count for total in found] == [1, 1]


def test_the_peak_is_kept(monkeypatch):
    first = peak()
    assert first.float32 > 1e9
    assert first.int8 > first.float32 / 2

    def never(_run):
        raise AssertionError("it is measured again")

    monkeypatch.setattr(peaks, "_fastest", never)
    assert peak() == first


def test_a_broken_entry_is_measured_again(tmp_path):
    peak()
    (path,) = tmp_path.glob("*.peak.json")
    for text in ("{", "[]", '{"float32": 0, "int8": 1}', '{"float32": null}'):
        path.write_text(text)
        assert peak().float32 > 1e9


def test_statistics():
    found = Statistics.of([4.0, 1.0, 3.0, 2.0])
    assert found.line() == (
        "count=4 first=4 curr=2 min=1 max=4 avg=2.5 std=1.11803 p5=1 median=3 p95=4"
    )


@pytest.mark.parametrize("model", [fibonacci(), growing()], ids=["loop", "stages"])
def test_control_flow_and_stages_are_profiled(model):
    made = subject_of(write(model))
    lines = profile(divided(made, Options()), 0.001)
    assert lines
    assert all(line.minimum_us >= 0 and line.note for line in lines)
