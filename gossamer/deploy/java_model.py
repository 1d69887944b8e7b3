"""The Java class that tells of a compiled model, and the C file that it calls."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.deploy.compiled import filled, template
from gossamer.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gossamer.deploy.network import Network
    from gossamer.deploy.ports import Interface, Port
    from gossamer.ir.graph import Signature, Tensor

PACKAGE = "org/gossamer/lite"
"""Where the classes lie that all models share."""
SERVICES = f"META-INF/services/{PACKAGE.replace('/', '.')}.CompiledModel"
"""The file by which Java finds the models."""
RUNTIME = (
    "CompiledModel",
    "DataType",
    "Delegate",
    "Interpreter",
    "InterpreterApi",
    "Models",
    "NativeLibrary",
    "Network",
    "NetworkTensor",
    "Port",
    "Signature",
    "Tensor",
    "Values",
    "Wrong",
)
_LARGEST = (1 << 31) - 1
"""Bytes of a Java buffer."""


@dataclass(frozen=True, slots=True, eq=False)
class JavaModel:
    """A model as Java sees it.

    Attributes:
        network: of which a graph is compiled.
        content: the `.tflite` file, by whose digest programs find the model.
        interface: of its library.
    """

    network: Network
    content: bytes
    interface: Interface

    @classmethod
    def of(cls, network: Network, content: bytes, interface: Interface) -> JavaModel:
        """The model of a library.

        Raises:
            UnsupportedError: the network needs more memory than Java can address.
        """
        needed = interface.memory_bytes + interface.alignment
        if needed > _LARGEST:
            raise UnsupportedError(
                f"the network needs {needed} bytes of memory, and a buffer of Java has "
                f"at most {_LARGEST}; build it for smaller inputs"
            )
        return cls(network, content, interface)

    @property
    def name(self) -> str:
        return self.interface.name

    @property
    def java_name(self) -> str:
        """The name as classes have it: `mnist_mlp` is `MnistMlp`."""
        words = (word for word in self.name.split("_") if word)
        return "".join(word[0].upper() + word[1:] for word in words)

    @property
    def class_name(self) -> str:
        """What the class is called, without its package."""
        return f"{self.java_name}Model"

    @property
    def full_name(self) -> str:
        """The class as Java's loader knows it."""
        return f"{PACKAGE.replace('/', '.')}.models.{self.class_name}"

    @property
    def words(self) -> dict[str, str]:
        """What the templates ask for."""
        return {
            "NAME": self.name,
            "MACRO": self.name.upper(),
            "CLASS": self.class_name,
            "PREFIX": f"Java_{self.full_name.replace('.', '_')}",
        }

    @property
    def source(self) -> str:
        """The class."""
        graph = self.network.graph
        numbers = {tensor: i for i, tensor in enumerate(graph.tensors)}
        interface = self.interface
        words = {
            "DIGEST": hashlib.sha256(self.content).hexdigest(),
            "INPUTS": _ports(interface.inputs, graph.inputs, numbers),
            "OUTPUTS": _ports(interface.outputs, graph.outputs, numbers),
            "SIGNATURES": _lines(map(self._signature, self.network.signatures)),
            "ERRORS": _lines(_text(text) for text in interface.errors),
        }
        return filled(template("java/Model.java"), self.words | words)

    @property
    def glue(self) -> str:
        """The C file."""
        return filled(template("java/jni.c"), self.words)

    def _signature(self, signature: Signature) -> str:
        graph = self.network.graph
        parts = [_text(signature.key)]
        for named, tensors in (
            (signature.inputs, graph.inputs),
            (signature.outputs, graph.outputs),
        ):
            places = (tensors.index(tensor) for tensor in named.values())
            parts.append(f"new String[] {{{', '.join(map(_text, named))}}}")
            parts.append(f"new int[] {{{', '.join(map(str, places))}}}")
        return f"new Signature({', '.join(parts)})"


def runtime_sources() -> dict[str, str]:
    """The classes that all models share, by their paths."""
    files = (f"{PACKAGE}/{name}.java" for name in RUNTIME)
    return {file: template(f"java/{file}") for file in files}


def _text(text: str) -> str:
    """A string of Java, whose escapes are those of JSON."""
    return json.dumps(text)


def _ports(
    ports: Sequence[Port], tensors: Sequence[Tensor], numbers: Mapping[Tensor, int]
) -> str:
    rows = zip(ports, tensors, strict=True)
    return _lines(_port(port, tensor, numbers[tensor]) for port, tensor in rows)


def _port(port: Port, tensor: Tensor, number: int) -> str:
    sizes = (port.shape, tensor.signature or port.shape)
    shape, signature = (f"new int[] {{{', '.join(map(str, x))}}}" for x in sizes)
    return (
        f"new Port({_text(port.name)}, DataType.{port.dtype.upper()}, {shape}, "
        f"{signature}, {number}, {float(port.scale)!r}f, {port.zero_point})"
    )


def _lines(items: Iterable[str]) -> str:
    """Elements of an array, a line for each."""
    rows = ",".join(f"\n            {item}" for item in items)
    return f"{rows}\n        " if rows else ""
