"""What a person sees of a conversion's rewrites."""

from __future__ import annotations

import pytest

from gossamer.cli.explain import show_log
from gossamer.passes.base import Event, Log
from gossamer.passes.pipeline import CANONICALIZE, FINISH, purposes

REASON = "'a' is read elsewhere too"


@pytest.fixture
def shown(capsys):
    def show(*events):
        show_log(Log([Event(*event) for event in events]))
        return capsys.readouterr().out

    return show


def test_each_rewrite_has_its_purpose_once_and_its_places(shown):
    out = shown(
        ("fuse_bias", "ADD 'a'"), ("fuse_mean", "DIV 'm'"), ("fuse_bias", "ADD 'b'")
    )
    lines = out.splitlines()
    assert lines[0] == "Rewritten"
    assert lines[2].split()[:2] == ["fuse_bias", "2"]
    assert lines[2].endswith("ADD 'a'")
    assert lines[3].strip() == "ADD 'b'"
    assert lines[4].split()[:2] == ["fuse_mean", "1"]
    assert purposes()["fuse_mean"] in lines[4]


def test_each_decline_has_its_reason(shown):
    out = shown(("fuse_bias", "ADD 'a'", REASON))
    assert "Not rewritten, and why" in out
    assert out.splitlines()[-2].split("  ")[-1] == REASON


def test_a_pass_that_runs_twice_declines_once(shown):
    out = shown(("fuse_bias", "ADD 'a'", REASON), ("fuse_bias", "ADD 'a'", REASON))
    assert out.count(REASON) == 1


def test_what_was_done_the_second_time_was_not_declined(shown):
    out = shown(("fuse_bias", "ADD 'a'", REASON), ("fuse_bias", "ADD 'a'"))
    assert REASON not in out
    assert "Not rewritten" not in out


def test_what_is_no_rewrite_stands_apart(shown):
    out = shown(("quantize", "model", "TANH 't' stays in float"))
    assert "What else was decided" in out
    assert "TANH 't' stays in float" in out


def test_nothing_to_tell(shown):
    assert "Nothing was rewritten" in shown()


@pytest.mark.parametrize("item", [*CANONICALIZE, *FINISH])
def test_every_pass_says_what_it_does(item):
    assert len(purposes()[item.name]) > 15
    assert purposes()[item.name].endswith(".")
