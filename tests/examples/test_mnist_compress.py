"""`examples/mnist_compress.py`: smaller files that read nearly as well."""

from __future__ import annotations

import pytest
from rich.progress import Progress

pytestmark = pytest.mark.xdist_group("compress")  # trained in one process only
QUICK = ("float", "pruned 80 %", "QAT")


@pytest.fixture(scope="module")
def example(load_example):
    return load_example("mnist_compress")


def rows_of(example, folder, names, epochs):
    digits = example.mnist.load_digits()
    ways = [way for way in example.WAYS if way.name in names]
    with Progress(disable=True) as bars:
        return digits, example.compare(folder, digits, epochs, 0.01, bars, ways)


@pytest.fixture(scope="module")
def quick(example, tmp_path_factory):
    """Some of the ways after one epoch."""
    folder = tmp_path_factory.mktemp("compress")
    return rows_of(example, folder, QUICK, 1)


def test_files_read_as_their_models(quick):
    _, rows = quick
    assert [row.name for row in rows] == list(QUICK)
    assert all(row.as_keras >= 99.5 for row in rows)


def test_files_read_as_in_litert(quick):
    _, rows = quick
    for row in rows:
        theirs = row.result.theirs.argmax(1)
        assert (row.result.scores.argmax(1) == theirs).mean() >= 0.995


def test_each_way_saves_what_it_is_for(quick):
    _, (whole, pruned, aware) = quick
    assert len(pruned.content) <= 0.35 * len(whole.content)
    assert pruned.packed <= 0.3 * whole.packed
    assert len(aware.content) <= 0.28 * len(whole.content)


def test_the_page_has_the_shown_table(example, load_example, quick, tmp_path):
    digits, rows = quick
    table = example.table_of(rows, digits.test_y)
    path = tmp_path / "some" / "page.md"
    load_example("pages").write(path, "Title", "Text.\n", table)
    lines = path.read_text().splitlines()
    assert lines[:4] == ["# Title", "", "Text.", ""]
    columns = len(table.columns)
    assert all(x.count("|") == columns + 1 for x in lines if x.startswith("|"))
    assert [x.split("|")[1].strip() for x in lines[-3:]] == list(QUICK)


@pytest.mark.slow
def test_every_way_reaches_what_the_guide_says(example, tmp_path):
    digits, rows = rows_of(example, tmp_path, [way.name for way in example.WAYS], 12)
    found = {row.name: row for row in rows}
    assert list(found) == [way.name for way in example.WAYS]
    whole = found["float"]

    def drop(name):
        accuracy = found[name].result.accuracy(digits.test_y)
        return whole.result.accuracy(digits.test_y) - accuracy

    assert drop("pruned 80 %") <= 0.5
    assert len(found["pruned 80 %"].content) <= 0.35 * len(whole.content)
    assert drop("16 clusters") <= 0.5
    assert found["16 clusters"].packed <= 0.2 * whole.packed
    assert drop("PCQAT, 85 %, 16") <= 1
    assert found["PCQAT, 85 %, 16"].packed <= 0.06 * whole.packed
    assert all(row.as_keras >= 99.5 for row in rows if "QAT" in row.name)
