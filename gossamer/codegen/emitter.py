"""A process that emits one object: `python -m gossamer.codegen.emitter`.

From standard input come three lines, the target's triple, processor and features, and
then the module's text; the object goes to standard output.
"""

from __future__ import annotations

import select
import sys

from gossamer.codegen.object import emit_object, load_library
from gossamer.nest.target import Dot, Target

_PATIENCE_SECONDS = 60


def main() -> None:
    """Load LLVM, wait for a module, emit it, and end."""
    load_library()
    ready, _, _ = select.select([sys.stdin.buffer], [], [], _PATIENCE_SECONDS)
    given = sys.stdin.buffer.read().decode() if ready else ""
    if not given:
        return
    triple, cpu, features, text = given.split("\n", 3)
    # What is left open matters to those who print kernels, and these are printed.
    target = Target(triple, cpu, features, 16, 16, Dot.WIDEN)
    sys.stdout.buffer.write(emit_object(text, target))


if __name__ == "__main__":
    main()
