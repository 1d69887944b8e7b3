"""The passes in the order in which they run."""

from __future__ import annotations

from gossamer.passes.fold_batch_norm import FOLD_BATCH_NORM
from gossamer.passes.fold_constants import FOLD_CONSTANTS
from gossamer.passes.fold_padding import FOLD_PADDING
from gossamer.passes.fuse_activation import FUSE_ACTIVATION
from gossamer.passes.fuse_bias import FUSE_BIAS
from gossamer.passes.join_moves import JOIN_MOVES
from gossamer.passes.remove_dead import REMOVE_DEAD
from gossamer.passes.remove_identity import REMOVE_IDENTITY
from gossamer.passes.share_constants import SHARE_CONSTANTS

CANONICALIZE = (
    FOLD_CONSTANTS,
    JOIN_MOVES,
    REMOVE_IDENTITY,
    REMOVE_DEAD,
    FOLD_BATCH_NORM,
    FUSE_BIAS,
    FOLD_PADDING,
    FUSE_ACTIVATION,
)
"""A front end's model made ready for quantization and for compilation."""

FINISH = (REMOVE_DEAD, SHARE_CONSTANTS)
"""The last touch before a model is written."""
