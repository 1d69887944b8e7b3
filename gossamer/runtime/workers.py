"""Threads that help with an executable's work; see `gossamer.codegen.threads`."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from typing import TYPE_CHECKING

import numpy as np

from gossamer.codegen.threads import SYNC_BYTES, SYSCALL
from gossamer.memory import aligned

if TYPE_CHECKING:
    from gossamer.codegen.load import LoadedCode
    from gossamer.ir.types import Array


class Workers:
    """All threads of one executable but the one that calls it.

    `memory` is what they agree by; it must be in the context of the code.
    """

    __slots__ = ("__weakref__", "_code", "_keep", "_threads", "count", "memory")

    def __init__(self, threads: int) -> None:
        self.count = threads - 1
        self.memory: Array = aligned(SYNC_BYTES)
        self._code: LoadedCode | None = None
        self._threads: list[threading.Thread] = []
        self._keep: object = None

    def start(self, code: LoadedCode, keep: object) -> None:
        """Have the threads wait for work; `keep` is what the code works on."""
        self._code, self._keep = code, keep
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        """Start the threads, of which there are none."""
        assert self._code is not None
        self.memory[:] = 0
        library = ctypes.CDLL(None)
        address = ctypes.cast(library.syscall, ctypes.c_void_p).value or 0
        self.memory[SYSCALL : SYSCALL + 8].view(np.uintp)[0] = address
        work = self._code.worker()
        # A thread holds the code and the memory, but not these workers.
        keep = (self._keep, self.memory)
        self._threads = [
            threading.Thread(target=_work, args=(work, number, keep), daemon=True)
            for number in range(1, self.count + 1)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have the threads end, and wait until they have."""
        if self._code is None:
            return
        self._code.function("dismiss")()
        for thread in self._threads:
            thread.join()
        self._code = self._keep = None
        self._threads = []

    def after_fork(self) -> None:
        """Start the threads anew: a child process has none."""
        if self._code is not None:
            self._begin()

    def __del__(self) -> None:
        self.stop()


def _work(work: object, number: int, keep: object) -> None:
    assert callable(work)
    work(number)
    del keep


_all: weakref.WeakSet[Workers] = weakref.WeakSet()


def _start_again() -> None:
    for workers in list(_all):
        workers.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)
