"""`gossamer bench --profile` times every step, and says why its kernel was picked."""

from __future__ import annotations

import csv
import io
import json

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GOSSAMER_CACHE", str(tmp_path / "cache"))


def test_tables(gossamer, dense):
    out = gossamer("bench", dense, "--profile", "--seconds", 0.01)
    for title in ("Run Order", "Top by Computation Time", "Summary by node type"):
        assert title in out
    steps = [row for row in gossamer.rows() if "FULLY_CONNECTED" in row]
    assert any("conv_f32" in row and "tile 1x16" in row[-1] for row in steps)
    assert "count=" not in out


def test_json_holds_every_step(gossamer, dense):
    flags = ("--enable_op_profiling=true", "--seconds=0.01", "--json")
    out = gossamer("bench", dense, *flags)
    facts = json.loads(out)["profile"]
    assert facts["peak"]["float32"] > 1e9
    assert facts["peak"]["int8"] > 1e9
    (step,) = facts["steps"]
    assert step["operator"] == "FULLY_CONNECTED"
    assert step["operations"] == 2 * 12
    assert step["nbytes"] >= 16 + 12 + 48
    assert 0 < step["minimum_us"] <= step["median_us"]
    assert 0 < step["part_of_peak"] < 1
    assert step["percent"] == pytest.approx(100)
    assert facts["operators"][0]["count"] == 1


def test_csv_goes_to_a_file(gossamer, dense, tmp_path):
    path = tmp_path / "profile.csv"
    gossamer(
        *("bench", dense, "--profile", "--seconds=0.01"),
        *("--op_profiling_output_mode=csv", f"--op_profiling_output_file={path}"),
    )
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    assert row["node type"] == "FULLY_CONNECTED"
    assert float(row["min us"]) >= 0
    out = gossamer(
        *("bench", dense, "--profile", "--seconds=0.01"),
        "--op_profiling_output_mode=csv",
    )
    assert out.startswith("#,node type,output,")


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_chart_is_a_picture(gossamer, dense, tmp_path, ending, start):
    path = tmp_path / f"profile.{ending}"
    gossamer("bench", dense, "--chart", path, "--seconds", 0.01)
    assert path.read_bytes().startswith(start)


def test_a_chart_of_another_form_is_refused(gossamer, dense):
    gossamer("bench", dense, "--chart", "x.bmp", "--seconds", 0.01, code=1)
    assert "has to end in .png, .svg or .pdf" in " ".join(gossamer.err.split())
