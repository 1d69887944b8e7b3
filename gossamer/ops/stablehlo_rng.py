"""STABLEHLO_RNG_BIT_GENERATOR: random bits from a key and a counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node
    from gossamer.ir.types import Array

_OUTPUTS = frozenset({DType.INT32, DType.INT64, DType.UINT32, DType.UINT64})
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)

# Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
_PHILOX_FACTORS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_PHILOX_STEPS = 0x9E3779B9, 0xBB67AE85
_THREEFRY_PARITY = 0x1BD11BDA
_THREEFRY_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


@operator(
    "STABLEHLO_RNG_BIT_GENERATOR", code=204, options="StablehloRngBitGeneratorOptions"
)
class StablehloRngBitGenerator(Op):
    """State (uint64[2], or [3] for Philox) -> the next state, and bits.

    The first element is the key, the second a counter of blocks of bits.
    """

    algorithm: str = "default"

    declares_outputs: ClassVar[bool] = True

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        (state,) = (np.asarray(array) for array in inputs)
        after, bits = node.outputs
        self._check(state, after.dtype, bits.dtype)
        words = bits.type.size * bits.dtype.bits // 32
        count = -(-words // (2 if self._is_threefry else 4))
        counters = state[1:2] + np.arange(count, dtype=np.uint64)
        blocks = (
            threefry(state, counters) if self._is_threefry else philox(state, counters)
        )
        result = blocks.astype(np.uint32).ravel()[:words].view(bits.dtype.numpy)
        advanced = state.copy()
        advanced[1:2] += np.uint64(count)
        return advanced, result.reshape(bits.shape)

    @property
    def _is_threefry(self) -> bool:
        return self.algorithm == "threefry"

    def _check(self, state: Array, after: DType, bits: DType) -> None:
        sizes = (2,) if self._is_threefry else (2, 3)
        fits = state.dtype == np.uint64 and state.ndim == 1 and state.size in sizes
        text = f"the state is {state.dtype}{list(state.shape)}"
        require(fits, self, f"{text}, not uint64 of {' or '.join(map(str, sizes))}")
        text = f"the outputs are {after.title} and {bits.title}"
        fits = after is DType.UINT64 and bits in _OUTPUTS
        require(fits, self, f"{text}, not uint64 and integers of 32 or 64 bits")


def philox(state: Array, counters: Array) -> Array:
    """Philox 4x32 of 10 rounds: a block of four words for each counter."""
    keys = [int(state[0] & _LOW), int(state[0] >> _HALF)]
    rest = state[2] if state.size == 3 else state[0]
    words = [
        counters & _LOW,
        counters >> _HALF,
        np.full_like(counters, rest & _LOW),
        np.full_like(counters, rest >> _HALF),
    ]
    for _ in range(10):
        one, two = words[0] * _PHILOX_FACTORS[0], words[2] * _PHILOX_FACTORS[1]
        words = [
            (two >> _HALF) ^ words[1] ^ np.uint64(keys[0]),
            two & _LOW,
            (one >> _HALF) ^ words[3] ^ np.uint64(keys[1]),
            one & _LOW,
        ]
        keys = [
            (key + step) & 0xFFFFFFFF
            for key, step in zip(keys, _PHILOX_STEPS, strict=True)
        ]
    return np.stack(words, axis=1)


def threefry(state: Array, counters: Array) -> Array:
    """Threefry 2x32 of 20 rounds: a block of two words for each counter."""
    first, second = int(state[0] & _LOW), int(state[0] >> _HALF)
    keys = [first, second, first ^ second ^ _THREEFRY_PARITY]
    left = ((counters & _LOW) + np.uint64(first)) & _LOW
    right = ((counters >> _HALF) + np.uint64(second)) & _LOW
    for turn in range(5):
        for rotation in _THREEFRY_ROTATIONS[turn % 2]:
            left = (left + right) & _LOW
            up, down = np.uint64(rotation), np.uint64(32 - rotation)
            right = (((right << up) & _LOW) | (right >> down)) ^ left
        left = (left + np.uint64(keys[(turn + 1) % 3])) & _LOW
        right = (right + np.uint64(keys[(turn + 2) % 3] + turn + 1)) & _LOW
    return np.stack([left, right], axis=1)
