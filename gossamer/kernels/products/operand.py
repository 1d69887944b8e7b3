"""The right operand of a product whose weights are known: in panels, or encoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gossamer.kernels.products.encoded import TILE_ROWS, EncodedProduct
from gossamer.kernels.products.encoding import smallest_encoding
from gossamer.kernels.products.gemm import gemm
from gossamer.kernels.products.pack import pack_panels
from gossamer.kernels.step import Constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from gossamer.kernels.products.encoding import Encoded
    from gossamer.kernels.products.gemm import Epilogue
    from gossamer.kernels.products.product import Gemm
    from gossamer.nest.build import Nest
    from gossamer.nest.expr import Value
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class RightOperand:
    """Weights as a kernel reads them, and how it is walked for that.

    Attributes:
        plan: of the product.
        constants: what the kernel has pointers to.
        encoded: the weights where they are kept in fewer bytes.
    """

    plan: Gemm
    constants: tuple[Constant, ...]
    encoded: Encoded | None

    @property
    def note(self) -> str:
        """The plan's, and how the weights are kept."""
        kept = f"; weights as {self.encoded.encoding.name}" if self.encoded else ""
        return self.plan.note + kept

    def product(
        self,
        nest: Nest,
        epilogue: Epilogue,
        x: Value,
        pointers: Sequence[Value],
        y: Value,
    ) -> None:
        """Emit the product; the kernel's last two parameters bound the units of work.

        `pointers` are those to the constants.
        """
        if self.encoded is None:
            gemm(nest, self.plan, epilogue, x, pointers[0], y)
            return
        loops = EncodedProduct(nest, self.plan, self.encoded.encoding, pointers)
        loops.emit(epilogue, x, y)


def right_operand(
    target: Target, weights: npt.NDArray[Any], plan: Gemm
) -> RightOperand:
    """Weights (columns, runs, elements) for a plan, which they may change."""
    encoded = smallest_encoding(weights) if target.saves_flash else None
    if encoded is None:
        return RightOperand(plan, (Constant(pack_panels(weights, plan)),), None)
    single = replace(
        plan,
        vectors=1,
        tile_rows=min(plan.rows.count, TILE_ROWS),
        panels_outer=False,
        packs_rows=False,
    )
    return RightOperand(single, tuple(map(Constant, encoded.arrays)), encoded)
