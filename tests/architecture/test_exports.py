"""The public names: pinned here, so that each change of them is meant."""

from __future__ import annotations

import importlib
import tomllib

import pytest

import gossamer
from tests.architecture.source import ROOT

PUBLIC = [
    "Built",
    "Compressed",
    "CustomOperator",
    "FileSizes",
    "ImageFolder",
    "Interpreter",
    "InterpreterWithCustomOps",
    "OpResolverType",
    "OpsSet",
    "Optimize",
    "QuantizationReport",
    "Recipe",
    "RepresentativeDataset",
    "Rule",
    "Rules",
    "SearchResult",
    "SignatureRunner",
    "TFLiteConverter",
    "TargetSpec",
    "build",
    "combine",
    "compress",
    "convert",
    "custom_operator",
    "file_sizes",
    "from_jax",
    "load",
    "quantization_report",
    "quantize",
    "search",
]


def test_names_are_pinned():
    assert gossamer.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(gossamer))


@pytest.mark.parametrize("name", PUBLIC)
def test_each_name_is_what_its_module_says(name):
    value = getattr(gossamer, name)
    assert value is getattr(importlib.import_module(value.__module__), name)
    assert value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'TFLiteConvertor'"):
        _ = gossamer.TFLiteConvertor


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert gossamer.__version__ == project["version"]
