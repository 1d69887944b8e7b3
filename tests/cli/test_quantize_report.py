from __future__ import annotations

import csv

import numpy as np
import pytest

from gossamer.cli.quantize_report import check_report, report_to
from gossamer.cli.quantize_search import fraction, search_modes
from gossamer.errors import InputError
from gossamer.flatbuffer.write import write
from tests.explain import spoiled
from tests.explain.test_search import fragile
from tests.quantization import graphs


@pytest.fixture(scope="module")
def pair():
    model, made = spoiled.network()
    return write(model), write(spoiled.coarse_weights(made, "side/weights"))


def samples():
    return (list(x.values()) for x in graphs.samples(graphs.network(), 3))


def test_a_table_has_the_worst_layer_first(pair, capsys):
    report_to("-", *pair, samples)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Layers, worst first"
    assert lines[2].split()[:3] == ["1", "CONV_2D", "side"]
    assert lines[-1].startswith("12 layers, 3 samples; ")


@pytest.mark.parametrize("ending", ["html", "csv"])
def test_files_are_written(pair, tmp_path, capsys, ending):
    path = tmp_path / f"report.{ending}"
    report_to(str(path), *pair, samples)
    assert str(path) in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    if ending == "csv":
        assert next(csv.DictReader(text.splitlines()))["tensor_name"] == "side"
    else:
        assert text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("where", "words"),
    [("report.pdf", "end in .html or .csv"), ("/no/such/place/x.csv", "no folder")],
)
def test_reports_that_cannot_be_written(where, words):
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        check_report(where, [])


@pytest.mark.parametrize(("text", "value"), [("0.5%", 0.005), ("0.02", 0.02), ("0", 0)])
def test_drops(text, value):
    assert fraction(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["much", "-1%", "nan", "%"])
def test_what_is_no_drop(text):
    with pytest.raises(InputError, match="is no number of 0 or more"):
        fraction(text)


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(write(graphs.network()))
    x = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 3)).astype(np.float32)
    np.savez(tmp_path / "x.npz", image=x)
    np.savez(tmp_path / "labelled.npz", image=x, labels=np.zeros(16, np.int64))
    return path


@pytest.mark.parametrize("mode", ["int8", "weight_int8"])
def test_the_verb_reports(gossamer, network, tmp_path, mode):
    data = ("--calibration", tmp_path / "x.npz", "--report", tmp_path / "r.csv")
    text = gossamer("quantize", network, "-o", tmp_path / "o.tflite", "-m", mode, *data)
    assert f"{tmp_path / 'r.csv'}: 12 layers, 16 samples" in text
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    expected = "int8" if mode == "int8" else "float32"
    assert {row["type"] for row in rows} == {expected}


@pytest.mark.parametrize("own", [True, False])
def test_the_verb_searches(gossamer, network, tmp_path, own):
    labelled = tmp_path / "labelled.npz"
    data = ("--metric", labelled, "--calibration", tmp_path / "x.npz")
    if own:
        data = ("--metric", "accuracy", "--calibration", labelled)
    options = ("--max-drop", "100%", "--objective", "latency", *data)
    text = gossamer("quantize", network, "-o", tmp_path / "o.tflite", *options)
    assert "all int8" in text
    assert (tmp_path / "o.tflite").stat().st_size < network.stat().st_size * 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-m", "int8", "--report", "-"], "--report - needs --calibration"),
        (["--max-drop", "1%"], "--max-drop needs --metric"),
        (["--max-drop", "x", "--metric", "m.npz"], "is no number of 0 or more"),
        (["--metric", "m.npz", "-m", "dynamic"], "are for --max-drop"),
        (["--max-drop", "1%", "--metric", "m.npz", "-m", "int8"], "chooses the modes"),
        (["--max-drop", "1%", "--metric", "accuracy"], "accuracy needs --calibration"),
        (["--max-drop", "1%", "--metric", "none.npz"], "'none.npz' is not an .npz"),
    ],
)
def test_mistakes_are_told(gossamer, network, tmp_path, options, words):
    gossamer("quantize", network, "-o", tmp_path / "o.tflite", *options, code=1)
    assert words in gossamer.err


def test_a_search_shows_what_it_tried(tmp_path, capsys):
    x = np.random.default_rng(5).uniform(-1, 1, (40, 16)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, labels=np.zeros(40, np.int64))
    found = search_modes(
        write(fragile()),
        tmp_path / "data.npz",
        "100%",
        modes=("int8", "float32"),
        chart=tmp_path / "chart.png",
    )
    shown = capsys.readouterr().out
    assert "Mixes that were tried" in shown
    assert "all int8" in shown
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert set(found.modes.values()) == {"int8"}
