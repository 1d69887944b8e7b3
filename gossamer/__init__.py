"""TensorFlow Lite rebuilt as a compiler in pure Python.

Names are loaded when they are first used, so that importing the package is cheap and
loads no framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.api import convert, quantize
    from gossamer.calibration.images import ImageFolder
    from gossamer.compression.compress import Compressed, compress
    from gossamer.compression.recipe import Recipe
    from gossamer.converter import TFLiteConverter
    from gossamer.deploy.build import Built, build
    from gossamer.explain.report import QuantizationReport, quantization_report
    from gossamer.explain.search import SearchResult, search
    from gossamer.frontends.jax.convert import from_jax
    from gossamer.ir.custom import custom_operator
    from gossamer.ir.custom_options import CustomOperator
    from gossamer.quantization.rules import Rule, Rules
    from gossamer.runtime.delegate import OpResolverType
    from gossamer.runtime.function import load
    from gossamer.runtime.interpreter import Interpreter, InterpreterWithCustomOps
    from gossamer.runtime.signature import SignatureRunner
    from gossamer.several import combine
    from gossamer.sizes import FileSizes, file_sizes
    from gossamer.target import OpsSet, Optimize, RepresentativeDataset, TargetSpec

__version__ = "0.1.0"

__all__ = [
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

_HOMES = {
    "Built": "gossamer.deploy.build",
    "Compressed": "gossamer.compression.compress",
    "CustomOperator": "gossamer.ir.custom_options",
    "FileSizes": "gossamer.sizes",
    "ImageFolder": "gossamer.calibration.images",
    "Interpreter": "gossamer.runtime.interpreter",
    "InterpreterWithCustomOps": "gossamer.runtime.interpreter",
    "OpResolverType": "gossamer.runtime.delegate",
    "OpsSet": "gossamer.target",
    "Optimize": "gossamer.target",
    "QuantizationReport": "gossamer.explain.report",
    "Recipe": "gossamer.compression.recipe",
    "RepresentativeDataset": "gossamer.target",
    "Rule": "gossamer.quantization.rules",
    "Rules": "gossamer.quantization.rules",
    "SearchResult": "gossamer.explain.search",
    "SignatureRunner": "gossamer.runtime.signature",
    "TFLiteConverter": "gossamer.converter",
    "TargetSpec": "gossamer.target",
    "build": "gossamer.deploy.build",
    "combine": "gossamer.several",
    "compress": "gossamer.compression.compress",
    "convert": "gossamer.api",
    "custom_operator": "gossamer.ir.custom",
    "file_sizes": "gossamer.sizes",
    "from_jax": "gossamer.frontends.jax.convert",
    "load": "gossamer.runtime.function",
    "quantization_report": "gossamer.explain.report",
    "quantize": "gossamer.api",
    "search": "gossamer.explain.search",
}


def __getattr__(name: str) -> Any:
    if name in (
        "clustering",
        "experimental",
        "metadata",
        "quantization_aware",
        "sparsity",
    ):
        return import_module(f"gossamer.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'gossamer' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOMES))
