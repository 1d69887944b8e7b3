"""What is said of libraries for devices is whole, and is what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import edge, edge_page, edge_roads
from benchmarks.edge_chart import draw
from benchmarks.edge_desk import CPUS
from benchmarks.edge_rows import Facts
from gossamer.deploy.devices import System, device


@pytest.fixture(scope="module")
def facts():
    return Facts.read()


def test_every_network_was_built_for_every_device(facts):
    found = [(row.network, row.mode, row.device, row.cpu) for row in facts.devices]
    wanted = [(*one, *other) for one in edge.NETWORKS for other in edge.DEVICES]
    assert found == wanted
    assert [(row.network, row.mode) for row in facts.desk] == list(edge.NETWORKS)


def test_every_row_has_its_figures(facts):
    for row in facts.devices:
        is_board = device(row.device).system is System.BARE
        assert min(row.code, row.constants, row.memory, row.multiplications) > 0
        assert row.instructions is not None
        assert (row.stack is not None) == is_board
        assert row.each is None or 0.05 < row.each < 500
    for row in facts.desk:
        assert list(row.libraries) == list(CPUS)
        times = (*row.libraries.values(), row.python_library, row.gossamer, row.litert)
        assert min(times) > 0
    for row in facts.roads:
        assert (row.microseconds or row.instructions or 0) > 0


def test_pages_say_what_was_measured(facts):
    assert edge_page.PAGE.read_text() == edge_page.page(facts)
    guide = edge_page.GUIDE.read_text()
    assert edge_page.with_tables(guide, facts) == guide
    assert "images/edge.png" in guide


def test_what_does_not_fit_a_board_is_said(facts):
    (row, *_) = [row for row in facts.devices if row.device == "cortex-m4"]
    part = edge_page.PARTS["cortex-m4"]
    small = replace(row, code=1000, constants=part.flash - 1000, memory=1000, stack=0)
    verdicts = [
        (small, "yes"),
        (replace(small, code=1001), "no"),
        (replace(small, memory=part.ram - 8, stack=9), "no"),
    ]
    for each, verdict in verdicts:
        page = edge_page.page(replace(facts, devices=(each, *facts.devices)))
        (line,) = [x for x in page.splitlines() if f"| {each.flash:,} | 100%" in x]
        assert line.endswith(f"| {verdict} |")


def test_facts_are_kept(facts, tmp_path):
    facts.write(tmp_path / "edge.json")
    assert Facts.read(tmp_path / "edge.json") == facts


def test_the_chart_is_a_picture(facts, tmp_path):
    draw(facts, tmp_path / "edge.png")
    assert (tmp_path / "edge.png").read_bytes().startswith(b"\x89PNG")


def test_packages_count_that_a_program_loads():
    assert edge_roads.loaded_bytes("import json") == 0
    assert edge_roads.loaded_bytes("import gossamer") > 1e6
    arrays = edge_roads.loaded_bytes("import numpy")
    assert arrays > 10e6
    assert edge_roads.loaded_bytes("import llvmlite.binding, numpy") > 2 * arrays
