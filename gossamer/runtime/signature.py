"""Call a model by the names of its inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import ExecutionError, InputError
from gossamer.runtime import mistakes

if TYPE_CHECKING:
    from gossamer.ir.graph import Signature
    from gossamer.ir.types import Array
    from gossamer.runtime.session import Session


class SignatureRunner:
    """A signature of a model as a function of named arrays.

    `Interpreter.get_signature_runner` makes it. Inputs may have any shape that the
    model can take; there is no need to resize or allocate.

    Example:
        >>> classify = Interpreter("digits.tflite").get_signature_runner()
        >>> classify(image=image)["scores"]  # float32 [1, 10]
    """

    __slots__ = ("_inputs", "_key", "_outputs", "_session")

    def __init__(self, session: Session, signature: Signature) -> None:
        self._session = session
        self._key = signature.key
        self._inputs = indices(session, signature.inputs)
        self._outputs = indices(session, signature.outputs)

    def __call__(self, **inputs: Any) -> dict[str, Array]:
        """Run the model once.

        Args:
            inputs: one array for each of the signature's inputs, by name.

        Returns:
            A new array for each of the signature's outputs, by name.

        Raises:
            InputError: a name is missing or unknown, or a value's type is wrong.
            ExecutionError: the model cannot take the shapes, or is in use.
        """
        session = self._session
        self._check_names(inputs)
        arrays = {self._inputs[name]: np.asarray(x) for name, x in inputs.items()}
        for index, array in arrays.items():
            slot = session.slots.get(index)
            if slot is None or slot[2] != array.shape:
                session.resize(index, array.shape, strict=False)
        if not session.allocated:
            session.allocate()
        for index, array in arrays.items():
            session.set(index, array)
        return self._run()

    def _run(self) -> dict[str, Array]:
        session = self._session
        if not session.lock.acquire(blocking=False):
            raise ExecutionError(mistakes.BUSY)
        try:
            session.compute()
            return {
                name: session.memory(index).copy()
                for name, index in self._outputs.items()
            }
        finally:
            session.lock.release()

    def _check_names(self, inputs: dict[str, Any]) -> None:
        if inputs.keys() == self._inputs.keys():
            return
        expected = ", ".join(self._inputs)
        if len(inputs) != len(self._inputs):
            raise InputError(
                "Invalid number of inputs provided for running a SignatureDef, "
                f"expected {len(self._inputs)} vs provided {len(inputs)}. The "
                f"signature '{self._key}' takes: {expected}"
            )
        unknown = next(name for name in inputs if name not in self._inputs)
        raise InputError(
            f"Invalid Input name ({unknown}) for SignatureDef. The signature "
            f"'{self._key}' takes: {expected}"
        )

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        """The details of each input, by name; see `Interpreter.get_input_details`."""
        return {name: self._session.details(i) for name, i in self._inputs.items()}

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        """The details of each output, by name."""
        return {name: self._session.details(i) for name, i in self._outputs.items()}

    def __repr__(self) -> str:
        inputs, outputs = ", ".join(self._inputs), ", ".join(self._outputs)
        return f"<SignatureRunner {self._key}({inputs}) -> {outputs}>"


def indices(session: Session, tensors: Any) -> dict[str, int]:
    """The tensors' indices by the signature's names, in alphabetical order."""
    return {name: session.position(tensors[name]) for name in sorted(tensors)}
