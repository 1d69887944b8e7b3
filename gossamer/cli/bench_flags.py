"""The flags of benchmark_model, in the spellings in which people paste them.

`--num_runs=50` and `--num-runs 50` are the same, `--verbose=true` is `--verbose`, and
flags that choose what Gossamer has no choice of are passed over.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from gossamer.cli import output
from gossamer.errors import InputError

SWITCHES = frozenset(
    {
        "--dry-run",
        "--enable-op-profiling",
        "--list-signatures",
        "--print-postinvoke-state",
        "--print-preinvoke-state",
        "--profile",
        "--report-peak-memory-footprint",
        "--verbose",
    }
)
"""Flags that are on or off."""

_WITHOUT_EFFECT = frozenset(
    {
        "--allow-dynamic-profiling-buffer-increase",
        "--allow-fp16",
        "--benchmark-name",
        "--delegate-serialize-dir",
        "--delegate-serialize-token",
        "--disable-delegate-clustering",
        "--enable-builtin-cast-constant-cache",
        "--enable-platform-tracing",
        "--export-model-runtime-info",
        "--external-delegate-options",
        "--external-delegate-path",
        "--gpu-invoke-loop-times",
        "--max-delegated-partitions",
        "--max-profiling-buffer-entries",
        "--memory-footprint-check-interval-ms",
        "--min-nodes-per-partition",
        "--optimize-memory-for-large-tensors",
        "--output-prefix",
        "--profiling-output-csv-file",
        "--release-dynamic-tensors",
        "--require-full-delegation",
        "--tensor-name-display-length",
        "--tensor-type-display-length",
        "--alloc-type-display-length",
        "--use-caching",
        "--xnnpack-force-fp16",
    }
)
_DELEGATES = ("--use-", "--gpu-", "--nnapi-", "--hexagon-", "--coreml-")
_TRUE, _FALSE = {"true", "1", "t", "yes"}, {"false", "0", "f", "no"}


class BenchCommand(TyperCommand):
    """A command that reads its flags as benchmark_model's users write them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        found, left_out = normalized(args)
        if left_out:
            names = ", ".join(left_out)
            output.errors().print(
                f"[yellow]Without effect, as models are compiled here: {names}[/]"
            )
        return super().parse_args(ctx, found)


def normalized(args: list[str]) -> tuple[list[str], list[str]]:
    """Arguments in our spelling, and the names of those that were left out.

    Raises:
        InputError: a switch has a value that is neither true nor false.
    """
    found: list[str] = []
    left_out: list[str] = []
    for index, text in enumerate(args):
        if text == "--":
            return [*found, *args[index:]], left_out
        if not text.startswith("--"):
            found.append(text)
            continue
        name, mark, value = text.partition("=")
        name = name.replace("_", "-")
        if name in _WITHOUT_EFFECT or name.startswith(_DELEGATES):
            left_out.append(name)
        elif name in SWITCHES and mark:
            found += [name] if _is_on(name, value) else []
        else:
            found.append(f"{name}{mark}{value}")
    return found, left_out


def _is_on(name: str, value: str) -> bool:
    text = value.lower()
    if text not in _TRUE | _FALSE:
        raise InputError(f"{name} is on or off, not '{value}'. Say {name}=true")
    return text in _TRUE
