"""Put an image into executable memory."""

from __future__ import annotations

import ctypes
import functools
import mmap
from typing import TYPE_CHECKING, Any

from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.codegen.link import Image


class LoadedCode:
    """An image in memory that may be executed and no longer written.

    The memory lives as long as this object.
    """

    __slots__ = ("_memory", "address", "image")

    def __init__(self, image: Image) -> None:
        self.image = image
        self._memory = mmap.mmap(-1, max(len(image.code), mmap.PAGESIZE))
        self._memory.write(image.code)
        view = (ctypes.c_char * len(self._memory)).from_buffer(self._memory)
        self.address = ctypes.addressof(view)
        del view
        _make_executable(self.address, len(self._memory))

    def entry(self, name: str) -> int:
        """The address of an entry point."""
        return self.address + self.image.symbols[name]

    def bound(self, name: str, context: int) -> Callable[[], None]:
        """An entry point with its argument, callable without any.

        The call releases the interpreter lock. The address of `context` must stay
        valid, and so must this object, which the callable holds.
        """
        function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.entry(name))
        return functools.partial(function, ctypes.c_void_p(context))

    def function(self, name: str, *arguments: Any) -> Any:
        """An entry point as a callable that releases the interpreter lock."""
        return ctypes.CFUNCTYPE(None, *arguments)(self.entry(name))


def _make_executable(address: int, size: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    readable_executable = mmap.PROT_READ | mmap.PROT_EXEC
    protect = library.mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    if protect(address, size, readable_executable) != 0:
        error = ctypes.get_errno()
        raise CompilationError(
            f"the system does not let memory be executed (errno {error}); "
            "run with OpResolverType.BUILTIN_REF to do without machine code"
        )
