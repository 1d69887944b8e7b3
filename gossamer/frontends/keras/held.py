"""What variables hold, as the converted graph computes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.framework import to_numpy
from gossamer.frontends.parts.state import Variable, variable
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.build import Builder
    from gossamer.ir.graph import Tensor


@dataclass(slots=True)
class Held:
    """The variables of one conversion, each read and assigned once in a run.

    `emitter` is where they are read; `values` are what they hold by now, by the
    identity of Keras's variable, where that is not what they were read as.
    """

    emitter: Emitter
    variables: dict[int, Variable] = field(default_factory=dict[int, Variable])
    values: dict[int, Tensor] = field(default_factory=dict[int, "Tensor"])

    def read(self, source: Any) -> Tensor:
        """What a Keras variable holds now."""
        value = self.values.get(id(source))
        return self._variable(source).value if value is None else value

    def assign(self, source: Any, value: Tensor, builder: Builder) -> None:
        """Let it hold what `builder` has computed.

        Raises:
            Unsupported: the value is computed within a loop or a branch.
        """
        if builder is not self.emitter.builder:
            raise Unsupported(
                f"it assigns the variable '{source.path}' within a loop or a branch",
                "Carry the value through the loop as a state, and assign it behind.",
            )
        self._variable(source)
        self.values[id(source)] = value

    def store(self) -> None:
        """Assign what is held at the end of a run."""
        for key, value in self.values.items():
            self.variables[key].assign(value)

    def _variable(self, source: Any) -> Variable:
        if id(source) not in self.variables:
            made = variable(self.emitter, str(source.path), to_numpy(source))
            self.variables[id(source)] = made
        return self.variables[id(source)]
