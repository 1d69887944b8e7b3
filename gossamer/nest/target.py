"""What a machine offers to a kernel: vector width, registers, dot products."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Dot(enum.Enum):
    """How a machine multiplies int8 by int8 into int32.

    `depth` is the number of products that one lane of 32 bits adds up.
    """

    WIDEN = "widen"
    """No instruction: widen to int32 and multiply."""
    PAIRS = "pairs"
    """Two int16 products a lane (x86 `pmaddwd`)."""
    UNSIGNED_QUADS = "unsigned quads"
    """Four products of uint8 by int8 a lane (x86 VNNI `vpdpbusd`)."""
    SIGNED_QUADS = "signed quads"
    """Four products of int8 a lane (ARM `sdot`)."""
    SHORT_QUADS = "short quads"
    """The same in steps: two products are added up in int16 (NEON `smlal2`)."""

    @property
    def depth(self) -> int:
        return _DEPTHS[self]

    @property
    def reads_bytes(self) -> bool:
        """Whether int8 is multiplied as it lies in memory, with its sign."""
        return self in (Dot.SIGNED_QUADS, Dot.SHORT_QUADS)


_DEPTHS = {
    Dot.WIDEN: 1,
    Dot.PAIRS: 2,
    Dot.UNSIGNED_QUADS: 4,
    Dot.SIGNED_QUADS: 4,
    Dot.SHORT_QUADS: 4,
}


_FUSING = ("aarch64", "arm64", "riscv64")
"""Families of machines that all have a fused multiply-add."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """A matrix unit (x86 AMX): registers of `rows` rows of `row_bytes` bytes.

    One instruction adds to the int32 or float32 tile C the product of A, rows of int8
    or bfloat16, and B, whose rows hold words of 4 bytes, a word for each column of C.
    """

    rows: int = 16
    row_bytes: int = 64
    count: int = 8
    float_parts: int = 3
    """How many bfloat16 a float32 is split into for products; 0 leaves it whole."""

    @property
    def columns(self) -> int:
        """Columns of C, in words of 4 bytes."""
        return self.row_bytes // 4

    @property
    def nbytes(self) -> int:
        return self.rows * self.row_bytes


@dataclass(frozen=True, slots=True)
class Target:
    """A machine as kernels see it.

    `vector_bytes` is the width of a vector register, `registers` their number;
    `tiles` its matrix unit for int8 and bfloat16, None if there is none.
    `triple`, `cpu` and `features` are LLVM's words for the same machine. Tensors lie
    at multiples of `alignment` bytes: of a cache line, or of a vector. Where it
    `saves_flash`, weights stay encoded if that takes fewer bytes.
    """

    triple: str
    cpu: str
    features: str
    vector_bytes: int
    registers: int
    dot: Dot
    l2_bytes: int = 1 << 20
    tiles: Tiles | None = None
    pointer_bytes: int = 8
    alignment: int = 64
    saves_flash: bool = False

    @property
    def family(self) -> str:
        """The first word of the triple."""
        return self.triple.partition("-")[0]

    @property
    def is_x86(self) -> bool:
        """Whether x86's instructions may be asked for by name."""
        return self.triple.startswith("x86_64")

    @property
    def has_neon(self) -> bool:
        """Whether there are the vectors of ARM's application processors."""
        is_wide = self.family.startswith(("aarch64", "arm64"))
        return is_wide or "+neon" in self.features.split(",")

    @property
    def keeps_bytes(self) -> bool:
        """Whether weights of int8 stay so, and columns are known by few bytes.

        Their kernels need no vectors, or instructions that NEON has.
        """
        return self.has_neon or self.lanes == 1

    @property
    def fuses(self) -> bool:
        """Whether a product and a sum are one instruction, with one rounding."""
        return self.family in _FUSING or "+fma" in self.features.split(",")

    @property
    def looks_up_bytes(self) -> bool:
        """Whether there is an instruction for `Nest.look_up` (x86 VBMI)."""
        return "+avx512vbmi" in self.features.split(",")

    @property
    def estimates(self) -> bool:
        """Whether there are instructions for estimates within 2**-14 (x86 AVX-512).

        They are `estimate_reciprocal` and `estimate_inverse_root`, of float32 vectors.
        """
        return "+avx512vl" in self.features.split(",")

    @property
    def lanes(self) -> int:
        """float32 or int32 elements in a vector register."""
        return max(self.vector_bytes // 4, 1)
