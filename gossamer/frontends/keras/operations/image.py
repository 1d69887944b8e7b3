"""Rules of the operations of `keras.ops.image`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.resizing import ended, resized
from gossamer.frontends.parts.layout import channels_last
from gossamer.frontends.parts.shaping import expand_dims, squeeze

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@operation("Resize")
def _resize(call: Call) -> RuleResult:
    """A batch of images, or one image without a batch."""
    used = call.operation
    alone = call.x.type.rank == 3
    batch = expand_dims(call, call.x, 0) if alone else call.x
    x = channels_last(call, call.real(batch), used.data_format)
    height, width = (int(size) for size in used.size)
    y = ended(call, resized(call, x, (height, width)))
    return squeeze(call, y, (0,)) if alone else y
