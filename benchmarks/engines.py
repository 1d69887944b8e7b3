"""The engines that are timed: ours, LiteRT, and what else is installed.

Each gets the same file and the same inputs. OpenVINO reads `.tflite` itself; ONNX
Runtime gets the network in ONNX.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import ai_edge_litert.interpreter as litert
import numpy as np

import gossamer
from benchmarks.onnx_model import to_onnx
from gossamer.runtime.timing import Engine, engine

if TYPE_CHECKING:
    from pathlib import Path

    from gossamer.ir.types import Array

LiteRT: Any = litert.Interpreter
PEERS = ("onnxruntime", "openvino")
"""Engines beside LiteRT that are timed where they are installed."""


@dataclass(slots=True)
class Called(Engine):
    """An engine whose `interpreter` is a function from an input to a list of outputs.

    It has one input, whose value `given` is in the engine's own type.
    """

    given: Any = None
    raised: int = 0
    """How much higher than the file's int8 its integers are."""

    def infer(self) -> list[Array]:
        """The outputs in the file's types."""
        found = [np.asarray(each) for each in self.interpreter(self.given)]
        if not self.raised:
            return found
        return [(each.astype(np.int16) - self.raised).astype(np.int8) for each in found]

    def time(self) -> float:
        """Seconds of an inference, from one block."""
        call, given, turns = self.interpreter, self.given, range(self.block)
        start = time.perf_counter()
        for _ in turns:
            call(given)
        return (time.perf_counter() - start) / self.block


def ours(path: Path, threads: int = 1) -> Engine:
    """Gossamer."""
    made = gossamer.Interpreter(model_path=path, num_threads=threads)
    return engine("gossamer", made)


def theirs(path: Path, threads: int = 1) -> Engine:
    """LiteRT, with XNNPACK, as it comes."""
    return engine("litert", LiteRT(model_path=str(path), num_threads=threads))


def peers(path: Path, mode: str, like: Engine) -> list[Engine]:
    """The other engines, given the inputs of `like`.

    ONNX has no form of dynamic range quantization that would be the same network.
    """
    (given,) = like.inputs.values()
    made: list[Engine] = []
    if find_spec("onnxruntime") and mode != "dynamic":
        made.append(_onnxruntime(path, given))
    if find_spec("openvino"):
        made.append(_openvino(path, given))
    return made


def _onnxruntime(path: Path, given: Array) -> Engine:
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(
        to_onnx(path.read_bytes()), options, providers=["CPUExecutionProvider"]
    )
    raised = 128 if given.dtype == np.int8 else 0
    value = given.view(np.uint8) ^ np.uint8(128) if raised else given
    names = [each.name for each in session.get_outputs()]

    def call(x: Any) -> Any:
        return session.run(names, {"input_0": x})

    return Called("onnxruntime", call, {}, (), given=value, raised=raised)


def _openvino(path: Path, given: Array) -> Engine:
    # Importing OpenVINO would report to its makers; without this package it does not.
    sys.modules.setdefault("openvino_telemetry", cast("Any", None))
    core: Any = import_module("openvino").Core()
    model = core.read_model(str(path))
    model.reshape(list(given.shape))
    options = {
        "INFERENCE_NUM_THREADS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(model, "CPU", options).create_infer_request()

    def call(x: Any) -> Any:
        return list(request.infer({0: x}, share_inputs=True).values())

    return Called("openvino", call, {}, (), given=given)
