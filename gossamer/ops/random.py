"""RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL, MULTINOMIAL: TensorFlow's random numbers.

Numbers come from Philox 4x32-10: a block of four 32-bit numbers for each value of a
counter, under a key. The seeds are the key and the counter's upper half; each run of
an interpreter goes on where the one before ended. Without seeds they are drawn anew.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import (
    integers,
    known_scalar,
    known_vector,
    made,
    operands,
    product,
    scalar,
    vector_length,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType

Words: TypeAlias = "npt.NDArray[np.uint64]"
"""32-bit numbers, held in 64."""

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_LOW = 0xFFFFFFFF
_MASK_64 = (1 << 64) - 1
_LEAST_UNIFORM = np.float32(1e-7)
_SKIPPED = 256
"""Numbers that MULTINOMIAL leaves out for each that it might need."""


def philox(seed: int, seed2: int, first: int, blocks: int) -> Words:
    """Blocks `first` and on, of shape (blocks, 4)."""
    lower = np.arange(blocks, dtype=np.uint64) + np.uint64(first & _MASK_64)
    upper = np.uint64(seed2 & _MASK_64)
    low, bits = np.uint64(_LOW), np.uint64(32)
    words = [
        lower & low,
        lower >> bits,
        np.full(blocks, upper & low),
        np.full(blocks, upper >> bits),
    ]
    key = [seed & _LOW, (seed >> 32) & _LOW]
    for _ in range(_ROUNDS):
        one = words[0] * np.uint64(_MULTIPLIERS[0])
        two = words[2] * np.uint64(_MULTIPLIERS[1])
        words = [
            (two >> bits) ^ words[1] ^ np.uint64(key[0]),
            two & low,
            (one >> bits) ^ words[3] ^ np.uint64(key[1]),
            one & low,
        ]
        key = [(k + step) & _LOW for k, step in zip(key, _KEY_STEPS, strict=True)]
    return np.stack(words, axis=1)


def uniform(words: Words) -> npt.NDArray[np.float32]:
    """From 0 to below 1, in steps of 2**-23."""
    mantissa = (words & np.uint64(0x7FFFFF)).astype(np.uint32)
    return (mantissa | np.uint32(127 << 23)).view(np.float32) - np.float32(1)


def normal(words: Words) -> npt.NDArray[np.float32]:
    """Pairs of numbers as pairs of the standard normal distribution."""
    values = uniform(words).reshape(-1, 2)
    first = np.maximum(values[:, 0], _LEAST_UNIFORM)
    angle = (2 * np.pi * values[:, 1].astype(np.float64)).astype(np.float32)
    length = np.sqrt(np.float32(-2) * np.log(first))
    return np.stack([np.sin(angle) * length, np.cos(angle) * length], axis=1)


def _kept(seed: int) -> int:
    """A seed as TensorFlow Lite takes it: the low 32 bits, with their sign, as 64."""
    low = seed & _LOW
    return (low - ((low >> 31) << 32)) & _MASK_64


class _Random(Op):
    """What the operators share: two seeds, and a stream that goes on."""

    __slots__ = ()

    if TYPE_CHECKING:
        seed: int
        seed2: int

    def draw(
        self, seeds: tuple[int, int], first: int, inputs: Sequence[Any]
    ) -> tuple[Array, int]:
        """The output, from block `first` on, and the block to go on with."""
        raise NotImplementedError

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (self.draw(self._seeds(), 0, inputs)[0],)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        """Go on where the last run ended."""
        stream = environment.handle("random", node.output.name, self.name)
        seeds, first = self._seeds(), 0
        if environment.holds(stream):
            seeds, first = environment.value(stream)
        y, following = self.draw(seeds, first, inputs)
        environment.assign(stream, (seeds, following))
        return (y,)

    def _seeds(self) -> tuple[int, int]:
        one, two = _kept(self.seed), _kept(self.seed2)
        if one or two:
            return one, two
        return secrets.randbits(64), secrets.randbits(64)


class _Filled(_Random):
    """A shape (int32 vector) -> random float32 numbers."""

    __slots__ = ()

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (shape,) = operands(self, inputs, 1)
        sizes = known_vector(self, shape, "the shape")
        if sizes is None:
            sizes = (-1,) * vector_length(self, shape, "the shape")
        else:
            require(min(sizes, default=0) >= 0, self, f"the shape is {list(sizes)}")
        return made(self, DType.FLOAT32, sizes)

    def draw(
        self, seeds: tuple[int, int], first: int, inputs: Sequence[Any]
    ) -> tuple[Array, int]:
        sizes = integers(inputs[0])
        require(min(sizes, default=0) >= 0, self, f"the shape is {list(sizes)}")
        count = product(sizes)
        blocks = -(-count // 4)
        values = self.spread(philox(*seeds, first, blocks))
        return values.reshape(-1)[:count].reshape(sizes), first + blocks

    def spread(self, words: Words) -> npt.NDArray[np.float32]:
        """The distribution of the numbers."""
        raise NotImplementedError


@operator("RANDOM_UNIFORM", code=148, options="RandomOptions")
class RandomUniform(_Filled):
    """Numbers from 0 to below 1."""

    seed: int = 0
    seed2: int = 0

    def spread(self, words: Words) -> npt.NDArray[np.float32]:
        return uniform(words)


@operator("RANDOM_STANDARD_NORMAL", code=146, options="RandomOptions")
class RandomStandardNormal(_Filled):
    """Numbers of the standard normal distribution."""

    seed: int = 0
    seed2: int = 0

    def spread(self, words: Words) -> npt.NDArray[np.float32]:
        return normal(words)


@operator("MULTINOMIAL", code=149, options="RandomOptions")
class Multinomial(_Random):
    """logits (batch, classes), count -> (batch, count) classes drawn by them, int64."""

    seed: int = 0
    seed2: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        logits, number = operands(self, inputs, 2)
        fits = len(logits.shape) == 2 and logits.dtype is DType.FLOAT32
        text = f"the logits are {logits.type}, not a matrix of float32"
        require(fits and logits.shape[1] != 0, self, text)
        count = known_scalar(self, number, "the number of samples")
        require(count is None or count >= 0, self, f"{count} samples are to be drawn")
        shape = (logits.shape[0], -1 if count is None else count)
        return made(self, DType.INT64, shape)

    def draw(
        self, seeds: tuple[int, int], first: int, inputs: Sequence[Any]
    ) -> tuple[Array, int]:
        logits: Array = np.asarray(inputs[0])
        count = scalar(self, inputs[1], "the number of samples")
        text = f"{count} samples of logits {list(logits.shape)} cannot be drawn"
        require(logits.ndim == 2 and logits.shape[1] > 0 and count >= 0, self, text)
        batch = logits.shape[0]
        words = philox(*seeds, first, -(-batch * count // 2)).reshape(-1, 2)
        high, low = words[: batch * count].T
        mantissa = ((high & np.uint64(0xFFFFF)) << np.uint64(32)) | low
        places = (mantissa | np.uint64(1023 << 52)).view(np.float64) - 1.0
        sums = _running_shares(logits)
        found = np.zeros((batch, count), np.int64)
        for index, row in enumerate(sums):
            part = places[index * count : (index + 1) * count] * row[-1]
            found[index] = np.searchsorted(row, part, side="right")
        left_out = batch * (-(-count // 4) * 4) * 2 * _SKIPPED
        return found, first + left_out


def _running_shares(logits: Array) -> npt.NDArray[np.float64]:
    """Running sums of exp(logit) per row, relative to the greatest finite one."""
    finite = np.isfinite(logits)
    known = np.where(finite, logits, np.finfo(np.float32).min).astype(np.float64)
    greatest = known.max(axis=1, keepdims=True)
    powers = np.exp(np.where(finite, known - greatest, -np.inf))
    return np.cumsum(powers, axis=1)
