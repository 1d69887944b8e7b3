"""How much harm a mode does to a layer: what decides the order of a search."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gossamer.errors import InputError
from gossamer.explain.probe import Probe
from gossamer.explain.report import measured
from gossamer.quantization.mixture import FLOAT
from gossamer.quantization.noise import Noise

if TYPE_CHECKING:
    from gossamer.explain.workbench import Workbench
    from gossamer.ir.graph import Model
    from gossamer.ir.types import Array

Harm: TypeAlias = Callable[[str, str], float]
"""Of a layer's name and a mode: noise by signal."""

SENSITIVITIES = ("auto", "alone", "together")

_COMPARED = 8
"""Samples by which harm is measured."""

_FEW = 32
"""So many layers are measured alone; of more, each model takes too long to make."""


def harm_of(bench: Workbench, sensitivity: str) -> Harm:
    """The harm of modes to layers.

    Args:
        bench: builds the models.
        sensitivity: "alone" makes a model for each layer, in which it alone has the
            mode, and looks at the outputs; "together" makes one with all layers in the
            mode, and looks at what each adds by itself; "auto" takes the first for
            models of few layers.

    Raises:
        InputError: it is none of these.
    """
    if sensitivity not in SENSITIVITIES:
        raise InputError(
            f"sensitivity={sensitivity!r}; expected one of {', '.join(SENSITIVITIES)}"
        )
    few = len(bench.units) <= _FEW
    alone = sensitivity == "alone" or (sensitivity == "auto" and few)
    return _Alone(bench).harm if alone else _Together(bench).harm


class _Alone:
    """Noise at the model's outputs with one layer in a mode, the others in float."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._known: dict[tuple[str, str], float] = {}
        self._wanted: list[list[Array]] = []

    def harm(self, name: str, mode: str) -> float:
        if (name, mode) not in self._known:
            self._bench.say(f"how sensitive is {name} to {mode}?")
            modes = {**self._bench.all(FLOAT), name: mode}
            found = self._answers(self._bench.model(modes))
            self._known[name, mode] = _noise(self._reference(), found)
        return self._known[name, mode]

    def _reference(self) -> list[list[Array]]:
        if not self._wanted:
            self._wanted = self._answers(self._bench.real)
        return self._wanted

    def _answers(self, model: Model) -> list[list[Array]]:
        """The outputs on the first few samples."""
        probe = Probe(model, keep_all=False)
        found: list[list[Array]] = []
        for arrays in itertools.islice(self._bench.judge.samples(), _COMPARED):
            probe.run(arrays)
            found.append(probe.outputs())
        probe.close()
        return found


class _Together:
    """What each layer adds by itself where all have a mode: one report tells all."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._known: dict[str, dict[str, float]] = {}

    def harm(self, name: str, mode: str) -> float:
        if mode not in self._known:
            self._bench.say(f"how sensitive are the layers to {mode}?")
            self._known[mode] = self._harms(mode)
        return self._known[mode][name]

    def _harms(self, mode: str) -> dict[str, float]:
        model = self._bench.model(self._bench.all(mode))
        samples = itertools.islice(self._bench.judge.named_samples(), _COMPARED)
        report = measured(self._bench.real, model, samples)
        own = {layer.place.name: _ratio(layer.own) for layer in report.layers}
        return {
            unit.name: max((own.get(y, 0.0) for y in unit.outputs), default=0.0)
            for unit in self._bench.units
        }


def _noise(wanted: list[list[Array]], found: list[list[Array]]) -> float:
    """The greatest ratio of noise to signal among the outputs."""
    worst = 0.0
    columns = zip(zip(*wanted, strict=True), zip(*found, strict=True), strict=True)
    for reals, made in columns:
        noise = Noise()
        for real, each in zip(reals, made, strict=True):
            noise.add(real, each)
        worst = max(worst, _ratio(noise))
    return worst


def _ratio(noise: Noise) -> float:
    return noise.squared / max(noise.power, 1e-30)
