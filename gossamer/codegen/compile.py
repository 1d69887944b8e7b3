"""Procedures to machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen import cache
from gossamer.codegen.emitters import emit_objects
from gossamer.codegen.link import link
from gossamer.codegen.load import LoadedCode
from gossamer.codegen.module import module_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.codegen.image import Image
    from gossamer.codegen.procedure import Action
    from gossamer.nest.target import Target


def image_of(
    target: Target, procedures: Mapping[str, Sequence[Action]], *, threads: int = 1
) -> Image:
    """Machine code for procedures that each do their actions one after another.

    What was compiled once comes from the cache on disk.

    Raises:
        CompilationError: the code cannot be made.
    """
    module = module_of(target, procedures, threads=threads)
    key = cache.key_of(module.text, target)
    image = cache.load(key)
    if image is None:
        image = link(*emit_objects(module, target))
        cache.store(key, image)
    return image


def load_procedures(
    target: Target, procedures: Mapping[str, Sequence[Action]], context: int
) -> LoadedCode:
    """Machine code that works on the table of base pointers at address `context`.

    Raises:
        CompilationError: the code cannot be made or loaded.
    """
    return LoadedCode(image_of(target, procedures), context)
