"""Weight clustering for Keras 3, on any back end, by the names of TensorFlow's toolkit.

from gossamer import clustering

clustered = clustering.cluster_weights(model, number_of_clusters=16)
clustered.compile("adam", "sparse_categorical_crossentropy")
clustered.fit(x, y)
data = gossamer.convert(clustering.strip_clustering(clustered))
"""

from gossamer.clustering.callbacks import ClusteringSummaries
from gossamer.clustering.centroids import CentroidInitialization
from gossamer.clustering.cluster import (
    ClusterableLayer,
    ClusterWeights,
    GradientAggregation,
    cluster_scope,
    cluster_weights,
    strip_clustering,
)

__all__ = [
    "CentroidInitialization",
    "ClusterWeights",
    "ClusterableLayer",
    "ClusteringSummaries",
    "GradientAggregation",
    "cluster_scope",
    "cluster_weights",
    "strip_clustering",
]
