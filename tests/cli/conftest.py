"""The command in this process, on small models in a fresh folder."""

from __future__ import annotations

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from gossamer.cli.main import app
from tests.runtime import models


class Command:
    """Calls the command and keeps what it wrote."""

    def __call__(self, *arguments, code=0):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == code, result.output
        self.out, self.err = result.stdout, result.stderr
        return self.out

    def rows(self):
        """The table cells of the output, split at two or more spaces."""
        lines = (line for line in self.out.splitlines() if line.strip())
        return [re.split(r"\s{2,}", line.strip()) for line in lines]


@pytest.fixture
def gossamer():
    return Command()


@pytest.fixture
def dense(tmp_path):
    """x float32 [?, 2, 2] -> scores [?, 3], with the signature in_x -> out_scores."""
    path = tmp_path / "dense.tflite"
    path.write_bytes(models.dense())
    return path


@pytest.fixture
def sample(tmp_path):
    """A float32 array [2, 2, 2] in a file."""
    path = tmp_path / "x.npy"
    np.save(path, np.arange(8, dtype=np.float32).reshape(2, 2, 2))
    return path
