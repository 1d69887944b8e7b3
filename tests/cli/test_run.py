"""`gossamer run` computes what the model computes and shows the largest values."""

from __future__ import annotations

import numpy as np
import pytest

from tests.runtime import models


def test_table_ranks_the_values_of_each_row(gossamer, dense, sample):
    gossamer("run", dense, "--input", sample, "--top", 2)
    scores = models.dense_answer(np.load(sample))
    rows = [row for row in gossamer.rows() if row[0] in "01"]
    assert len(rows) == 4
    for row, place, index, value in rows:
        order = np.argsort(-scores[int(row)])
        assert int(index) == order[int(place) - 1]
        assert float(value) == pytest.approx(scores[int(row), int(index)], rel=1e-5)
    assert "out_scores: float32[2x3]" in gossamer.out


def test_labels_name_the_values(gossamer, dense, sample, tmp_path):
    names = tmp_path / "labels.txt"
    names.write_text("cat\ndog\nbird\n")
    gossamer("run", dense, "-i", sample, "--labels", names, "--top", 1)
    best = models.dense_answer(np.load(sample))[0].argmax()
    assert gossamer.rows()[2][-1] == ["cat", "dog", "bird"][best]


@pytest.mark.parametrize("name", ["in_x", "x"])
def test_input_by_signature_or_tensor_name(gossamer, dense, sample, tmp_path, name):
    out = tmp_path / "y.npy"
    gossamer("run", dense, "--input", f"{name}={sample}", "--output", out)
    np.testing.assert_allclose(np.load(out), models.dense_answer(np.load(sample)))


def test_npz_in_and_out(gossamer, dense, tmp_path):
    x = np.ones((1, 2, 2), np.float32)
    source, out = tmp_path / "x.npz", tmp_path / "y.npz"
    np.savez(source, in_x=x)
    gossamer("run", dense, "-i", source, "-o", out)
    np.testing.assert_allclose(np.load(out)["out_scores"], models.dense_answer(x))
    assert f"written: {out}" in gossamer.out


def test_missing_batch_axis_and_other_floats_are_adapted(gossamer, dense, tmp_path):
    source, out = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(source, np.ones((2, 2)))
    gossamer("run", dense, "-i", source, "-o", out)
    expected = models.dense_answer(np.ones((1, 2, 2), np.float32))
    np.testing.assert_allclose(np.load(out), expected)
    assert "batch axis added, float64 converted to float32" in gossamer.err


def test_real_numbers_go_into_and_come_out_of_an_int8_model(gossamer, tmp_path):
    model, source, out = (tmp_path / name for name in ("q.tflite", "x.npy", "y.npy"))
    model.write_bytes(models.quantized())
    np.save(source, np.array([[-1, 0.5, 2, 1.1]], np.float32))
    gossamer("run", model, "-i", source, "-o", out, "--top", 1)
    assert np.load(out).tolist() == [1, 4, 7, 5]
    assert gossamer.rows()[-2] == ["1", "2", "2"]
    assert "in_x: quantized" in gossamer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-i", "nowhere=x.npy"], "no input 'nowhere'. It has: in_x"),
        (["-i", "none.npy"], "Could not open 'none.npy'"),
        (["-i", "{x}", "-i", "{x}"], "no input left for"),
        (["-i", "{x}", "-o", "y.csv"], "must end in .npy"),
        (["-i", "{text}"], "is not a .npy or .npz file"),
    ],
)
def test_mistakes(gossamer, dense, sample, tmp_path, arguments, words):
    text = tmp_path / "text.npy"
    text.write_text("hello")
    filled = [each.format(x=sample, text=text) for each in arguments]
    gossamer("run", dense, *filled, code=1)
    assert words in gossamer.err


def test_pickles_are_not_loaded(gossamer, dense, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}], np.object_), allow_pickle=True)
    gossamer("run", dense, "-i", path, code=1)
    assert "allow_pickle=False" in gossamer.err
