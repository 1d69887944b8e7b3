"""Objects made of LLVM IR, and what stands in a linked module."""

from __future__ import annotations

from gossamer.codegen.object import emit_object
from gossamer.deploy.devices import DEVICES
from gossamer.deploy.wasm.leb128 import Reader
from gossamer.deploy.wasm.objects import MAGIC

TARGET = DEVICES["wasm32"].target
TABLE = """
target triple = "wasm32-unknown-unknown"
@first = internal constant [3 x i32] [i32 5, i32 6, i32 7], align 16
@second = internal constant [2 x ptr] [
  ptr getelementptr (i8, ptr @first, i32 8), ptr @second], align 64
define ptr @net_place(i32 %i) {
  %at = getelementptr ptr, ptr @second, i32 %i
  %found = load ptr, ptr %at
  ret ptr %found
}
define i32 @net_sum(i32 %i) {
  %slot = alloca [4 x i32], align 16
  %at = getelementptr i32, ptr %slot, i32 %i
  store volatile i32 40, ptr %at
  %kept = load volatile i32, ptr %at
  %last = load i32, ptr getelementptr (i8, ptr @first, i32 4)
  %place = call ptr @net_place(i32 0)
  %other = load i32, ptr %place
  %some = add i32 %kept, %last
  %sum = add i32 %some, %other
  ret i32 %sum
}
"""
"""net_place(i) gives an address, net_sum(i) gives 40 + 6 + 7."""
FOREIGN = """
target triple = "wasm32-unknown-unknown"
declare float @sinf(float)
define float @net_wave(float %x) {
  %y = call float @sinf(float %x)
  ret float %y
}
"""
TAKEN = """
target triple = "wasm32-unknown-unknown"
define void @net_a() {
  ret void
}
define ptr @net_b() {
  ret ptr @net_a
}
"""


def object_of(text):
    return emit_object(text, TARGET)


def sections(module):
    """Contents by number, in their order."""
    assert module.startswith(MAGIC)
    reader = Reader(module, len(MAGIC))
    found = {}
    while not reader.is_at_end:
        number = reader.byte()
        assert number not in found
        found[number] = reader.bytes()
    return found


def segments(module):
    """Addresses and bytes of the data."""
    reader = Reader(sections(module)[11])
    found = []
    for _ in range(reader.number()):
        assert reader.number() == 0
        assert reader.byte() == 0x41
        address = reader.signed()
        assert reader.byte() == 0x0B
        found.append((address, reader.bytes()))
    assert reader.is_at_end
    return found


def exports(module):
    """Kinds and numbers by name."""
    reader = Reader(sections(module)[7])
    rows = [
        (reader.text(), reader.byte(), reader.number()) for _ in range(reader.number())
    ]
    assert reader.is_at_end
    return {name: (kind, number) for name, kind, number in rows}
