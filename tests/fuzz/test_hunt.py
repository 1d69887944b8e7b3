"""A short hunt on each run of the tests, a long one in `make test-all`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gossamer.flatbuffer.read import read
from tests.architecture.source import ROOT
from tests.fuzz.mutants import bases, mutant

HUNT = """
import json
from tests.fuzz.hunt import hunt
findings = hunt({count}, seed={seed})
print(json.dumps([findings.ends, findings.bad]))
"""


def hunt(count, seed=1):
    """How the mutants ended; the hunt forks, so that it has a process of its own."""
    code = HUNT.format(count=count, seed=seed)
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_a_short_hunt():
    ends, bad = hunt(400)
    assert not bad, "\n".join(bad)
    assert ends["result"] > 20
    assert ends["FormatError"] > 20
    assert ends["GraphError"] > 20


@pytest.mark.slow
def test_a_long_hunt():
    _, bad = hunt(20_000, seed=2)
    assert not bad, "\n".join(bad)


def test_mutants_are_the_same_in_every_run():
    assert mutant(1, 17) == mutant(1, 17)
    assert mutant(1, 17) != mutant(2, 17)


def test_every_base_is_a_model():
    operators = {read(base.content).main.nodes[0].op.name for base in bases()}
    assert len(operators) > 100
