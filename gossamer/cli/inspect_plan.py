"""What becomes of a model on this machine: kernels, what has none, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.cli import output
from gossamer.errors import CompilationError, ModelError, UnsupportedError
from gossamer.ir.graph import Node
from gossamer.lowering.explain import why_interpreted, why_kernel
from gossamer.lowering.program import steps_of
from gossamer.runtime.plan import code_bytes, plan

if TYPE_CHECKING:
    from gossamer.ir.graph import Model
    from gossamer.lowering.program import PlacedStep, Program


def plans(model: Model, *, compiles: bool) -> list[dict[str, Any]]:
    """For the main subgraph and those of signatures: how they run here.

    Args:
        model: the model.
        compiles: whether to make the machine code, to tell its size.
    """
    wanted = dict.fromkeys((0, *(each.subgraph for each in model.signatures)))
    return [_plan(model, index, compiles=compiles) for index in wanted]


def _plan(model: Model, index: int, *, compiles: bool) -> dict[str, Any]:
    try:
        program = plan(model, index)
    except (CompilationError, ModelError, UnsupportedError) as error:
        return {"subgraph": index, "not_compiled": str(error)}
    found = list(steps_of(program.actions))
    return {
        "subgraph": index,
        "target": program.target.cpu,
        "arena_bytes": program.arena_bytes,
        "packed_bytes": int(program.constants.size),
        "code_bytes": code_bytes(program) if compiles else None,
        "variables": [
            {"name": each.name, "type": str(each.type), "bytes": each.type.nbytes}
            for each in _variables(program)
        ],
        "interpreted": len(program.interpreted),
        "steps": [{"index": index, **_step(each)} for index, each in enumerate(found)],
    }


def _variables(program: Program) -> list[Any]:
    own = [x for x in program.subgraph.tensors if x.is_variable]
    return list(dict.fromkeys((*program.variables, *own)))


def _step(step: PlacedStep | Node) -> dict[str, Any]:
    if isinstance(step, Node):
        return {**_node(step), "kernel": None, "why": why_interpreted(step)}
    return {
        **_node(step.node),
        "kernel": step.kernel.name,
        "why": why_kernel(step),
        "units": step.units,
        "bytes": step.nbytes,
    }


def _node(node: Node) -> dict[str, Any]:
    y = node.outputs[0] if node.outputs else None
    return {
        "operator": node.op.name,
        "output": "" if y is None else str(y.type),
    }


def show_plan(facts: dict[str, Any]) -> None:
    """The plan of one subgraph: what has no kernel first."""
    where = f" of subgraph {facts['subgraph']}" if facts["subgraph"] else ""
    if "not_compiled" in facts:
        output.show(
            f"\nOn this machine{where}: not compiled as a whole, since "
            f"{output.escape(facts['not_compiled'])}"
        )
        return
    steps = facts["steps"]
    slow = [step for step in steps if step["kernel"] is None]
    kept = [step for step in steps if step["kernel"] is not None]
    output.show(f"\nOn this machine{where} ({facts['target']}): {_sizes(facts)}")
    for title, chosen in (
        ("\nInterpreted: these run through NumPy, slowly", slow),
        ("\nCompiled", kept),
    ):
        if chosen:
            made = output.table(title, ">#", "operator", "output", "kernel", "~why")
            output.rows(made, [_row(each) for each in chosen])
            output.show(made)


def _row(step: dict[str, Any]) -> tuple[object, ...]:
    kernel = step["kernel"] or "numpy"
    return step["index"], step["operator"], step["output"], kernel, step["why"]


def _sizes(facts: dict[str, Any]) -> str:
    steps, slow = len(facts["steps"]), facts["interpreted"]
    parts = [
        f"{steps - slow} of {steps} steps compiled",
        f"arena {output.size(facts['arena_bytes'])}",
        f"packed constants {output.size(facts['packed_bytes'])}",
    ]
    if facts["variables"]:
        nbytes = sum(each["bytes"] for each in facts["variables"])
        parts.append(f"{len(facts['variables'])} variables of {output.size(nbytes)}")
    if facts["code_bytes"] is not None:
        parts.append(f"machine code {output.size(facts['code_bytes'])}")
    return ", ".join(parts)
