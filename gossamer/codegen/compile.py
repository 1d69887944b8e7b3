"""Procedures to loaded machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen import cache
from gossamer.codegen.link import link
from gossamer.codegen.load import LoadedCode
from gossamer.codegen.module import module_text
from gossamer.codegen.object import emit_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.codegen.procedure import Action
    from gossamer.nest.target import Target


def load_procedures(
    target: Target,
    procedures: Mapping[str, Sequence[Action]],
    context: int,
    *,
    threads: int = 1,
) -> LoadedCode:
    """Machine code for procedures that each do their actions one after another.

    They work on the table of base pointers at address `context`. What was compiled
    once comes from the cache on disk.

    Raises:
        CompilationError: the code cannot be made or loaded.
    """
    text = module_text(target, procedures, threads=threads)
    key = cache.key_of(text, target)
    image = cache.load(key)
    if image is None:
        image = link(emit_object(text, target))
        cache.store(key, image)
    return LoadedCode(image, context)
