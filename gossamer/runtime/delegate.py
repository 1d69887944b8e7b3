"""What TensorFlow Lite offers to choose kernels, and what of it is here."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, NoReturn

from gossamer.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping


@enum.unique
class OpResolverType(enum.Enum):
    """Which kernels run a model.

    AUTO, BUILTIN and BUILTIN_WITHOUT_DEFAULT_DELEGATES run compiled code;
    BUILTIN_REF runs each operator's meaning in NumPy: slow, for comparison.
    """

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def load_delegate(
    library: str,
    options: Mapping[str, Any] | None = None,  # noqa: ARG001 - TensorFlow Lite's
) -> NoReturn:
    """Refuse to load a delegate: models run as compiled code, without plug-ins.

    Raises:
        UnsupportedError: always.
    """
    raise UnsupportedError(
        f"Failed to load delegate from {library}: Gossamer compiles models itself and "
        "takes no delegates. Leave load_delegate() and experimental_delegates out"
    )
