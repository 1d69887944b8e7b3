"""Layers of Keras 3 that train with other weights than they store."""
