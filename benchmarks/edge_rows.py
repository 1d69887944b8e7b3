"""What is measured of libraries for devices, and the file that keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.models import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RESULTS = ROOT / "benchmarks" / "results" / "edge.json"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A network on a device.

    Attributes:
        network: its name in the zoo.
        mode: how it is quantized.
        file_bytes: of the `.tflite` file.
        multiplications: with weights, in an inference.
        device: what it was built for.
        cpu: the processor, where it is not the least.
        code: bytes of machine code.
        constants: bytes of what kernels read.
        memory: bytes that it works in.
        stack: bytes beside these, on a board; None elsewhere.
        instructions: of an inference; None where it does not fit the board.
    """

    network: str
    mode: str
    file_bytes: int
    multiplications: int
    device: str
    cpu: str | None
    code: int
    constants: int
    memory: int
    stack: int | None = None
    instructions: int | None = None

    @property
    def machine(self) -> str:
        """The device's name, with the processor's."""
        return f"{self.device}, {self.cpu}" if self.cpu else self.device

    @property
    def flash(self) -> int:
        """Bytes that never change."""
        return self.code + self.constants

    @property
    def each(self) -> float | None:
        """Instructions for a multiplication."""
        if self.instructions is None:
            return None
        return self.instructions / self.multiplications


@dataclass(frozen=True, slots=True)
class DeskRow:
    """Microseconds of a network's fastest inference on the computer that measures.

    Attributes:
        network: its name in the zoo.
        mode: how it is quantized.
        libraries: in a C program, by the processor that the library is for.
        python_library: a shared library, called from Python.
        gossamer: the `.tflite` file in Gossamer's interpreter, one thread.
        litert: the file in LiteRT's, one thread.
    """

    network: str
    mode: str
    libraries: dict[str, float]
    python_library: float
    gossamer: float
    litert: float


@dataclass(frozen=True, slots=True)
class Road:
    """A way to run a network, and what it costs.

    Attributes:
        name: of the way.
        needs: what must be there besides.
        installed: bytes of that; None where it is not a matter of Python packages.
        network: bytes of the network, as it is shipped.
        microseconds: of an inference; None where it was counted instead.
        instructions: likewise.
    """

    name: str
    needs: str
    installed: int | None
    network: int
    microseconds: float | None = None
    instructions: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was measured, and where."""

    machine: str
    date: str
    versions: dict[str, str]
    devices: tuple[DeviceRow, ...]
    desk: tuple[DeskRow, ...]
    roads: tuple[Road, ...]

    def write(self, path: Path = RESULTS) -> None:
        """Keep them."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path = RESULTS) -> Facts:
        """Those that were kept."""
        found: dict[str, Any] = json.loads(path.read_text())
        kinds = {"devices": DeviceRow, "desk": DeskRow, "roads": Road}
        for key, kind in kinds.items():
            found[key] = tuple(kind(**row) for row in found[key])
        return cls(**found)
