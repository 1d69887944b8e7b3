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
        check_report(where)


@pytest.mark.parametrize(("text", "value"), [("0.5%", 0.005), ("0.02", 0.02), ("0", 0)])
def test_drops(text, value):
    assert fraction(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["much", "-1%", "nan", "%"])
def test_what_is_no_drop(text):
    with pytest.raises(InputError, match="is no number of 0 or more"):
        fraction(text)


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
