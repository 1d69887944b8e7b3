"""The module that asks a processor what it can do; tests/edge runs it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gossamer.codegen.dispatch import Dispatch, Variant, can_dispatch, print_dispatch
from gossamer.codegen.object import emit_assembly
from gossamer.deploy.devices import DEVICES
from gossamer.errors import CompilationError

DEVICE = DEVICES["linux-x86_64"]


def dispatch(*cpus):
    variants = [Variant(f"net_{i}", DEVICE.on(cpu)) for i, cpu in enumerate(cpus)]
    return Dispatch("net", variants, 4096, 64, "{}")


def test_each_function_calls_that_of_a_variant():
    text = emit_assembly(print_dispatch(dispatch("x86-64", "x86-64-v4")), DEVICE.target)
    for word in ("init", "invoke", "input", "output"):
        assert f"net_{word}:" in text
        assert all(f"net_{i}_{word}" in text for i in (0, 1))
    assert "cpuid" in text
    assert "xgetbv" in text


@pytest.mark.parametrize(
    ("cpu", "masks"),
    [
        # Bits of ECX of leaf 1, EBX and ECX of leaf 7, and of XCR0.
        ("x86-64-v3", (1 << 12 | 1 << 29, 1 << 3 | 1 << 5 | 1 << 8, 0, 0b110)),
        (
            "avx512vnni",
            (
                1 << 12 | 1 << 29,
                sum(1 << bit for bit in (3, 5, 8, 16, 17, 28, 30, 31)),
                1 << 11,
                0b11100110,
            ),
        ),
    ],
)
def test_what_a_processor_must_have(cpu, masks):
    text = print_dispatch(dispatch("x86-64", cpu))
    for word, mask in enumerate(masks):
        assert f"%own1_{word} = and i32 %word{word}, {mask}\n" in text


def test_a_feature_that_cannot_be_asked_for_is_refused():
    target = replace(DEVICE.target, features="+amx-int8")
    variants = (Variant("a", DEVICE.target), Variant("b", target))
    with pytest.raises(CompilationError, match="amx-int8"):
        print_dispatch(Dispatch("net", variants, 64, 64, "{}"))


def test_arm_is_asked_by_the_system():
    device = DEVICES["linux-aarch64"]
    variants = [
        Variant(f"net_{cpu}", device.on(cpu))
        for cpu in ("cortex-a53", "cortex-a72", "cortex-a76")
    ]
    text = print_dispatch(Dispatch("net", variants, 4096, 64, "{}"))
    assert f"%own1 = and i64 %word0, {1 << 7}\n" in text
    assert f"%own2 = and i64 %word0, {0b1_0000_0001_0111_1000_0000}\n" in text
    assert "getauxval" in emit_assembly(text, device.target)


def test_an_arm_that_cannot_be_asked_for_is_refused():
    target = DEVICES["linux-aarch64"].target
    other = replace(target, cpu="apple-m1")
    with pytest.raises(CompilationError, match="apple-m1"):
        print_dispatch(
            Dispatch("net", [Variant("a", target), Variant("b", other)], 64, 64, "{}")
        )


def test_which_machines_can_be_asked():
    names = {name for name, device in DEVICES.items() if can_dispatch(device.target)}
    assert names == {
        "linux-x86_64",
        "android-x86_64",
        "macos-x86_64",
        "linux-aarch64",
        "android-arm64",
    }
