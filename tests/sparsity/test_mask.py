"""Masks against their definitions, written down element by element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gossamer.sparsity.mask import block_mask, m_by_n_mask, magnitude_mask

WEIGHTS = arrays(np.float32, (7, 5), elements=st.floats(-4, 4, width=16))
PARTS = st.floats(0, 0.99)


@given(WEIGHTS, PARTS)
@settings(max_examples=200, deadline=None)
def test_the_kth_largest_is_the_threshold(weights, sparsity):
    kept = max(round(35 * (1 - sparsity)), 1)
    threshold = sorted(np.abs(weights).reshape(-1), reverse=True)[kept - 1]
    expected = np.abs(weights) >= threshold
    np.testing.assert_array_equal(magnitude_mask(weights, sparsity), expected)


def test_one_weight_stays_at_least():
    assert magnitude_mask(np.arange(1.0, 5.0), 0.999).sum() == 1
    assert magnitude_mask(np.zeros((0, 3), np.float32), 0.5).shape == (0, 3)


@pytest.mark.parametrize("pooling", ["AVG", "MAX"])
@pytest.mark.parametrize("block", [(1, 4), (2, 2), (3, 1), (8, 8)])
def test_blocks_stay_or_go_as_one(pooling, block):
    weights = np.random.default_rng(0).normal(size=(7, 10)).astype(np.float32)
    mask = block_mask(weights, 0.5, block, pooling)
    judge = np.max if pooling == "MAX" else np.mean
    scores = {
        (i, j): judge(np.abs(weights[i : i + block[0], j : j + block[1]]))
        for i in range(0, 7, block[0])
        for j in range(0, 10, block[1])
    }
    kept = max(round(len(scores) * 0.5), 1)
    best = sorted(scores, key=lambda place: -scores[place])[:kept]
    expected = np.zeros_like(weights)
    for i, j in best:
        expected[i : i + block[0], j : j + block[1]] = 1
    np.testing.assert_array_equal(mask, expected)


def test_axes_of_size_one_do_not_count_and_others_do():
    weights = np.random.default_rng(1).normal(size=(1, 1, 8, 4)).astype(np.float32)
    mask = block_mask(weights, 0.5, (4, 1))
    np.testing.assert_array_equal(mask[0, 0], block_mask(weights[0, 0], 0.5, (4, 1)))
    with pytest.raises(ValueError, match="2-dimensional weights"):
        block_mask(np.ones((3, 3, 8, 4), np.float32), 0.5, (4, 1))


@pytest.mark.parametrize("pattern", [(2, 4), (1, 2), (3, 4), (1, 4)])
@pytest.mark.parametrize("shape", [(8, 3), (1, 1, 16, 5), (3, 3, 4, 2)])
def test_m_of_every_n_weights_of_an_output_go(shape, pattern):
    weights = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    mask = m_by_n_mask(weights, pattern)
    zeros, group = pattern
    for output in range(shape[-1]):
        row = weights[..., output].reshape(-1, group)
        kept = mask[..., output].reshape(-1, group)
        assert (kept.sum(1) == group - zeros).all()
        dropped = np.where(kept == 0, np.abs(row), 0).max(1)
        held = np.where(kept == 1, np.abs(row), np.inf).min(1)
        assert (dropped <= held).all()


def test_a_pattern_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="multiple of 4 weights for each output"):
        m_by_n_mask(np.ones((3, 3, 3, 8), np.float32), (2, 4))
