"""`gossamer bench` takes the command lines of benchmark_model, and writes its lines."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from gossamer.cli.bench_flags import normalized
from gossamer.errors import InputError
from tests.runtime import models

SHORT = ("--num_runs=3", "--min_secs=0.01", "--warmup_min_secs=0.01")


def test_lines_that_programs_look_for(gossamer, dense):
    out = gossamer("bench", f"--graph={dense}", *SHORT, "--use_xnnpack=false")
    assert re.search(
        r"^Inference timings in us: Init: \d+, First inference: [\d.]+, "
        r"Warmup \(avg\): [\d.]+, Inference \(avg\): [\d.]+$",
        out,
        re.MULTILINE,
    )
    assert re.search(
        r"^Memory footprint delta from the start of the tool \(MB\): "
        r"init=[\d.]+ overall=[\d.]+$",
        out,
        re.MULTILINE,
    )
    counts = re.findall(
        r"^count=(\d+) first=[\d.]+ curr=[\d.]+ min=", out, re.MULTILINE
    )
    assert len(counts) == 2
    assert int(counts[1]) >= 3
    assert "Without effect" in gossamer.err
    assert "--use-xnnpack" in gossamer.err


def test_the_peak_of_memory_is_told_on_demand(gossamer, dense):
    out = gossamer("bench", dense, *SHORT, "--report_peak_memory_footprint=true")
    assert re.search(r"\nOverall peak memory footprint \(MB\): [\d.]+\n", out)


def test_both_measurements_where_nothing_is_asked_for(gossamer, dense):
    out = gossamer("bench", dense, "--num-runs", 2, *SHORT[1:], "--runs", 2)
    assert "Inference timings in us" in out
    assert [row[0] for row in gossamer.rows() if row[0] == "gossamer"] == ["gossamer"]


def test_shapes_ranges_and_files(gossamer, dense, tmp_path):
    file = tmp_path / "x.bin"
    file.write_bytes(np.arange(12, dtype=np.float32).tobytes())
    gossamer(
        "bench",
        dense,
        *SHORT,
        "--input_layer=in_x",
        "--input_layer_shape=3,2,2",
        f"--input_layer_value_files=x:{file}",
    )
    assert "count=" in gossamer.out
    gossamer("bench", dense, *SHORT, "--input-layer-value-range", "x,1,2")
    assert "count=" in gossamer.out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input_layer=y", "--input_layer_shape=1"], "names the input 'y'"),
        (["--input_layer=x"], "names 1 inputs and --input-layer-shape gives 0"),
        (["--input_layer=x", "--input_layer_shape=1,a"], "expected whole numbers"),
        (["--input_layer=x", "--input_layer_shape=-1,2,2"], "cannot be negative"),
        (["--input_layer_value_range=x,2,1"], "whose range is empty"),
        (["--input_layer_value_range=x"], "expected a name and two numbers"),
        (["--input_layer_value_files=x"], "expected a name and a file"),
        (["--input_layer_value_files=x:none.bin"], "cannot be read"),
        (["--signature_to_run_for=other"], "there is no signature 'other'"),
        (["--verbose=perhaps"], "is on or off, not 'perhaps'"),
        (["--graph=other.tflite"], "give one file"),
    ],
)
def test_flags_that_do_not_fit_are_refused(gossamer, dense, flags, message):
    gossamer("bench", dense, *SHORT, *flags, code=1)
    assert message in " ".join(gossamer.err.split())


def test_signatures(gossamer, tmp_path):
    path = tmp_path / "two.tflite"
    path.write_bytes(models.two_signatures())
    out = gossamer("bench", path, "--list_signatures=true")
    keys = re.findall(r"^(\w+)\(", out, re.MULTILINE)
    assert len(keys) == 2
    for key in keys:
        assert "count=" in gossamer(
            "bench", path, *SHORT, f"--signature_to_run_for={key}"
        )


def test_a_dry_run_runs_nothing(gossamer, dense):
    out = gossamer("bench", dense, "--dry_run", "--verbose", "--print_preinvoke_state")
    assert "count=" not in out
    assert "num_runs: [50]" in out
    assert f"Graph: [{dense}]" in out
    assert any(row[:2] == ["0", "x"] for row in gossamer.rows())


def test_results_go_to_a_file(gossamer, dense, tmp_path):
    path = tmp_path / "result.json"
    gossamer("bench", dense, *SHORT, f"--result_file_path={path}")
    facts = json.loads(path.read_text())
    assert facts["benchmark"]["inference"]["count"] >= 3
    assert facts["benchmark"]["inference"]["min"] > 0


def test_spellings():
    found, left_out = normalized(
        [
            *("m.tflite", "--num_runs=5", "--run_delay", "-1", "--verbose=false"),
            *("--dry_run=true", "--use_gpu=1", "--max_profiling_buffer_entries=9"),
            *("--", "--num_runs"),
        ]
    )
    assert found == [
        *("m.tflite", "--num-runs=5", "--run-delay", "-1", "--dry-run"),
        *("--", "--num_runs"),
    ]
    assert left_out == ["--use-gpu", "--max-profiling-buffer-entries"]
    with pytest.raises(InputError, match="--profile is on or off"):
        normalized(["--profile=maybe"])
