"""Without TensorFlow the error says which extra brings it."""

from __future__ import annotations

import pytest

from gossamer import TFLiteConverter
from gossamer.errors import ConversionError


def test_a_saved_model_asks_for_the_extra(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ConversionError, match=r"pip install 'gossamer\[tensorflow\]'"):
        TFLiteConverter.from_saved_model(tmp_path)


def test_a_folder_without_a_model_is_told_before_that(tmp_path):
    with pytest.raises(ConversionError, match=r"it holds no saved_model\.pb"):
        TFLiteConverter.from_saved_model(tmp_path)


def test_concrete_functions_ask_for_the_extra():
    with pytest.raises(ConversionError, match=r"gossamer\[tensorflow\]"):
        TFLiteConverter.from_concrete_functions([object()])
