"""What could not be converted, collected and told at once."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.errors import ConversionError

GENERAL_REMEDY = (
    "Replace it by layers or keras.ops operations that are supported, or convert the "
    "model up to this layer and compute the rest outside of it."
)


class Unsupported(Exception):  # noqa: N818  a signal between a rule and the walk
    """A rule meets what `.tflite` operators, or this front end, cannot express."""

    def __init__(self, reason: str, remedy: str = GENERAL_REMEDY) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Issue:
    """One part of a model that has no conversion.

    Attributes:
        path: the layer's path, such as `encoder/dense_3`.
        operation: the class of the layer or operation.
        shapes: the inputs' types, as text.
        reason: what was found and what was expected.
        remedy: what the user can do.
    """

    path: str
    operation: str
    shapes: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"'{self.path}' ({self.operation} on {self.shapes}): {self.reason}\n"
            f"    {self.remedy}"
        )


def raise_for(name: str, issues: list[Issue], kind: str = "Keras model") -> None:
    """Raise one error that tells every issue, if there is any.

    `name` and `kind` are of what was given to be converted.

    Raises:
        ConversionError: `issues` is not empty.
    """
    if not issues:
        return
    count = "1 part" if len(issues) == 1 else f"{len(issues)} parts"
    lines = "\n".join(f"  {index}. {issue}" for index, issue in enumerate(issues, 1))
    raise ConversionError(
        f"The {kind} '{name}' cannot be converted: {count} of it cannot be "
        f"expressed in TensorFlow Lite operators.\n{lines}"
    )
