"""Libraries for several processors, as far as that shows without running them."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import gossamer
from gossamer.errors import InputError
from tests.runtime.models import dense, dense_answer

BOTH = "x86-64-v3,x86-64"


def built(folder, cpu=BOTH, target="linux-x86_64"):
    return gossamer.build(dense(), target, folder, name="net", cpu=cpu)


def test_there_is_an_object_for_each_and_one_that_chooses(tmp_path):
    names = {path.name for path in built(tmp_path).files}
    assert {"libnet.a", "net.o", "net_x86_64.o", "net_x86_64_v3.o"} <= names
    members = subprocess.run(
        ["ar", "t", tmp_path / "libnet.a"], capture_output=True, text=True, check=True
    )
    assert len(members.stdout.split()) == 3


def test_sizes_are_those_of_all(tmp_path):
    one = built(tmp_path / "one", None)
    both = built(tmp_path / "both")
    assert both.constant_bytes >= 2 * one.constant_bytes - 64
    assert both.code_bytes > 1.5 * one.code_bytes
    assert both.memory_bytes == one.memory_bytes + one.interface.alignment


def test_the_shared_library_runs_and_shows_its_own_functions_only(tmp_path):
    built(tmp_path)
    library = tmp_path / "libnet.so"
    x = np.array([[[1, 2], [3, 4]]], np.float32)
    np.testing.assert_allclose(gossamer.load(library)(x), dense_answer(x), rtol=1e-6)
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", library],
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.split()[-1] for line in shown.stdout.splitlines()}
    assert names == {
        f"net_{x}" for x in ("init", "invoke", "input", "output", "describe")
    }


def test_an_unknown_processor_is_refused(tmp_path):
    with pytest.raises(InputError, match="'i386' is not known for linux-x86_64"):
        built(tmp_path, "x86-64,i386")


def test_this_processor_is_none_of_several(tmp_path):
    with pytest.raises(InputError, match="'native' cannot be one of several"):
        built(tmp_path, "x86-64,native")


def test_a_device_that_cannot_choose_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot choose between processors"):
        built(tmp_path, "cortex-a7,cortex-a9", "linux-armv7")
