"""Running passes, and the log of what they did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gossamer.errors import GraphError
from gossamer.ops import Add, Relu, Squeeze
from gossamer.passes.base import Event, Log, Pass, run
from gossamer.passes.pipeline import CANONICALIZE, FINISH
from tests.passes.graphs import Graph, apply, names, untouched


def simple():
    build = Graph()
    return build.model(build.node(Relu(), build.given(2, 3)))


@pytest.mark.parametrize("item", [*CANONICALIZE, *FINISH], ids=lambda item: item.name)
def test_a_model_without_matches_is_the_same_object(item):
    assert untouched(simple(), item) == []


def test_a_pass_may_not_change_the_interface():
    broken = Pass("broken", lambda graph, note: replace(graph, outputs=graph.inputs))
    with pytest.raises(
        GraphError, match=r"'broken' changed the outputs .* 'main' to x"
    ):
        run(simple(), [broken])


def test_every_subgraph_is_visited():
    first, second = simple().main, simple().main
    build = Graph()
    third = build.finish([build.node(Squeeze(), build.node(Relu(), build.given(2)))])
    model = replace(simple(), subgraphs=(first, second, third))
    better = run(model, CANONICALIZE)
    assert better.subgraphs[:2] == (first, second)
    assert [node.op.name for node in better.subgraphs[2].nodes] == ["RELU"]


def test_events_read_as_sentences():
    assert str(Event("fuse", "RELU 'y'")) == "fuse: RELU 'y'"
    assert str(Event("fuse", "RELU 'y'", "why")) == "fuse: not RELU 'y': why"


def test_names_of_passes_are_those_of_their_files():
    for item in {*CANONICALIZE, *FINISH}:
        assert item.rewrite.__module__ == f"gossamer.passes.{item.name}"


def test_the_pipeline_together():
    build = Graph()
    x = build.given(2, 3)
    y = build.node(Relu(), build.node(Squeeze(), build.node(Add(), x, x)))
    better, log = apply(build.model(y), *CANONICALIZE, *FINISH)
    assert names(better) == ["ADD"]
    assert isinstance(log, Log)
    assert [event.pass_name for event in log.done()] == [
        "move_axes",
        "fuse_activation",
    ]
