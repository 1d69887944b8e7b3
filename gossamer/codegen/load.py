"""Put an image into executable memory."""

from __future__ import annotations

import ctypes
import mmap
import struct
from typing import TYPE_CHECKING

from gossamer.codegen.image import CONTEXT
from gossamer.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.codegen.image import Image

_ADDRESS = struct.Struct("<Q")
_PROCEDURE = ctypes.CFUNCTYPE(None)
_WORKER = ctypes.CFUNCTYPE(None, ctypes.c_int64)
_BRIEF_PROCEDURE = ctypes.PYFUNCTYPE(None)


class LoadedCode:
    """An image in memory that may be executed and no longer written.

    `context` is the address of the table of base pointers that the code works on,
    which must outlive it. The memory lives as long as this object.
    """

    __slots__ = ("_memory", "address", "image")

    def __init__(self, image: Image, context: int) -> None:
        self.image = image
        self._memory = mmap.mmap(-1, max(len(image.code), mmap.PAGESIZE))
        self._memory.write(image.code)
        _ADDRESS.pack_into(self._memory, image.symbols[CONTEXT], context)
        view = (ctypes.c_char * len(self._memory)).from_buffer(self._memory)
        self.address = ctypes.addressof(view)
        del view
        _make_executable(self.address, len(self._memory))

    @property
    def has_workers(self) -> bool:
        """Whether the code is for several threads."""
        return "worker" in self.image.symbols

    def worker(self) -> Callable[[int], None]:
        """What a thread runs that helps with the work, given its number from 1 on."""
        function = _WORKER(self.address + self.image.symbols["worker"])
        function.code = self  # pyright: ignore[reportAttributeAccessIssue]
        return function

    def function(self, name: str, *, brief: bool = False) -> Callable[[], None]:
        """An entry point, which keeps the code in memory.

        Calling it lets other Python threads run meanwhile, unless it is `brief`: to
        let go of the interpreter and take hold of it again costs 0.1 microseconds.
        """
        make = _BRIEF_PROCEDURE if brief else _PROCEDURE
        function = make(self.address + self.image.symbols[name])
        function.code = self  # pyright: ignore[reportAttributeAccessIssue]
        return function


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
