"""Devices by name, and their processors."""

from __future__ import annotations

import pytest

from gossamer.deploy.devices import DEVICES, System, device
from gossamer.errors import InputError
from gossamer.nest.target import Dot


def test_names_are_those_of_the_devices():
    assert all(name == each.name for name, each in DEVICES.items())
    assert {"linux-x86_64", "linux-aarch64", "android-arm64", "cortex-m4"} <= set(
        DEVICES
    )


@pytest.mark.parametrize("name", DEVICES)
def test_each_has_a_machine_for_each_processor(name):
    one = DEVICES[name]
    machines = [one.on(None), *(one.on(cpu) for cpu in one.cpus)]
    for machine in machines:
        assert machine.triple == one.target.triple
        assert machine.pointer_bytes in (4, 8)
        assert machine.alignment >= machine.vector_bytes
        assert machine.tiles is None
    assert (one.system is System.BARE) == (one.zig is None and "none" in machine.triple)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'linux-aarch64'"):
        device("linux-arch64")
    with pytest.raises(InputError, match="Targets are linux-x86_64, "):
        device("toaster")


def test_an_unknown_processor_is_answered_with_those_known():
    with pytest.raises(InputError, match="'z80' is not known for linux-aarch64"):
        device("linux-aarch64").on("z80")
    with pytest.raises(InputError, match="of none"):
        device("linux-riscv64").on("native")


@pytest.mark.parametrize(
    ("name", "cpu", "dot"),
    [
        ("linux-aarch64", None, Dot.SHORT_QUADS),
        ("linux-aarch64", "cortex-a53", Dot.SHORT_QUADS),
        ("linux-aarch64", "cortex-a72", Dot.SHORT_QUADS),
        ("linux-aarch64", "cortex-a55", Dot.SIGNED_QUADS),
        ("android-arm64", "cortex-a76", Dot.SIGNED_QUADS),
        ("android-arm64", "cortex-a78", Dot.SIGNED_QUADS),
        ("macos-arm64", None, Dot.SIGNED_QUADS),
        ("ios-arm64", None, Dot.SHORT_QUADS),
        ("linux-armv7", "cortex-a7", Dot.SHORT_QUADS),
        ("linux-riscv64", None, Dot.WIDEN),
        ("linux-x86_64", "x86-64-v4", Dot.PAIRS),
        ("linux-x86_64", "avx512vnni", Dot.UNSIGNED_QUADS),
    ],
)
def test_processors_multiply_as_they_can(name, cpu, dot):
    assert device(name).on(cpu).dot is dot
