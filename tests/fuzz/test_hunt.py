"""A short hunt on each run of the tests, a long one in `make test-all`."""

from __future__ import annotations

import pytest

from gossamer.flatbuffer.read import read
from tests.fuzz.hunt import hunt
from tests.fuzz.mutants import bases, mutant


def test_a_short_hunt():
    findings = hunt(400)
    assert not findings.bad, "\n".join(findings.bad)
    assert findings.ends["result"] > 20
    assert findings.ends["FormatError"] > 20
    assert findings.ends["GraphError"] > 20


@pytest.mark.slow
def test_a_long_hunt():
    findings = hunt(20_000, seed=2)
    assert not findings.bad, "\n".join(findings.bad)


def test_mutants_are_the_same_in_every_run():
    assert mutant(1, 17) == mutant(1, 17)
    assert mutant(1, 17) != mutant(2, 17)


def test_every_base_is_a_model():
    operators = {read(base.content).main.nodes[0].op.name for base in bases()}
    assert len(operators) > 100
