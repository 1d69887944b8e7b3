"""The passes in the order in which they run."""

from __future__ import annotations

import sys

from gossamer.passes.fold_batch_norm import FOLD_BATCH_NORM
from gossamer.passes.fold_constants import FOLD_CONSTANTS
from gossamer.passes.fold_dilation import FOLD_DILATION
from gossamer.passes.fold_padding import FOLD_PADDING
from gossamer.passes.fuse_activation import FUSE_ACTIVATION
from gossamer.passes.fuse_bias import FUSE_BIAS
from gossamer.passes.fuse_keep_dims import FUSE_KEEP_DIMS
from gossamer.passes.fuse_mean import FUSE_MEAN
from gossamer.passes.fuse_softmax import FUSE_SOFTMAX
from gossamer.passes.join_moves import JOIN_MOVES
from gossamer.passes.merge_factors import MERGE_FACTORS
from gossamer.passes.move_axes import MOVE_AXES
from gossamer.passes.remove_dead import REMOVE_DEAD
from gossamer.passes.remove_identity import REMOVE_IDENTITY
from gossamer.passes.share_constants import SHARE_CONSTANTS
from gossamer.passes.share_results import SHARE_RESULTS
from gossamer.passes.store_sparse import STORE_ALL_SPARSE, STORE_SPARSE

CANONICALIZE = (
    FOLD_CONSTANTS,
    MOVE_AXES,
    JOIN_MOVES,
    MERGE_FACTORS,
    REMOVE_IDENTITY,
    SHARE_RESULTS,
    FUSE_KEEP_DIMS,
    FUSE_MEAN,
    FUSE_SOFTMAX,
    FOLD_DILATION,
    REMOVE_DEAD,
    FUSE_BIAS,
    FOLD_BATCH_NORM,
    FUSE_BIAS,
    FOLD_PADDING,
    FUSE_ACTIVATION,
)
"""A front end's model made ready for quantization and for compilation."""

FINISH = (REMOVE_DEAD, SHARE_CONSTANTS)
"""The last touch before a model is written."""

STORE = {
    "auto": (STORE_SPARSE,),
    "always": (STORE_ALL_SPARSE,),
    "never": (),
}
"""After these: what is done with constants that are mostly zeros, by what is asked."""


def purposes() -> dict[str, str]:
    """What each pass does, in a sentence, by its name: its module's first line."""
    return {
        item.name: str(sys.modules[item.rewrite.__module__].__doc__).partition("\n")[0]
        for item in (*CANONICALIZE, *FINISH, *STORE["auto"], *STORE["always"])
    }
