"""Pruning for Keras 3, on any back end, by the names of TensorFlow's toolkit.

from gossamer import sparsity

pruned = sparsity.prune_low_magnitude(
    model, sparsity.PolynomialDecay(0.0, 0.8, begin_step=0, end_step=1000)
)
pruned.compile("adam", "sparse_categorical_crossentropy")
pruned.fit(x, y, callbacks=[sparsity.UpdatePruningStep()])
data = gossamer.convert(sparsity.strip_pruning(pruned))
"""

from gossamer.sparsity.callbacks import PruningSummaries, UpdatePruningStep
from gossamer.sparsity.policy import (
    PruneForLatency,
    PruneForLatencyOnXNNPack,
    PruningPolicy,
)
from gossamer.sparsity.prune import (
    PrunableLayer,
    PruneLowMagnitude,
    prune_low_magnitude,
    strip_pruning,
)
from gossamer.sparsity.schedule import (
    ConstantSparsity,
    PolynomialDecay,
    PruningSchedule,
)

__all__ = [
    "ConstantSparsity",
    "PolynomialDecay",
    "PrunableLayer",
    "PruneForLatency",
    "PruneForLatencyOnXNNPack",
    "PruneLowMagnitude",
    "PruningPolicy",
    "PruningSchedule",
    "PruningSummaries",
    "UpdatePruningStep",
    "prune_low_magnitude",
    "strip_pruning",
]
