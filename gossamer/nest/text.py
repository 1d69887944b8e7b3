"""Print a kernel for people to read.

kernel scale(%1: ptr, %2: ptr, %3: i64, %4: i64)
  loop %5 from %3 to %4 step 16
    %6 = load f32x16 %1[%5]
    %7 = mul f32x16 %6, 2.0
    store f32x16 %7, %2[%5]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.nest.stmt import If, Instruction, Kernel, Loop, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gossamer.nest.expr import Value

_INDENT = "  "


def kernel_text(kernel: Kernel) -> str:
    """The whole kernel, a line per statement, nested blocks indented."""
    parameters = ", ".join(f"{_name(p)}: {p.kind}" for p in kernel.parameters)
    lines = [f"kernel {kernel.name}({parameters})", *_block(kernel.body, _INDENT)]
    return "\n".join(lines) + "\n"


def _block(statements: Sequence[Statement], indent: str) -> Iterator[str]:
    for statement in statements:
        match statement:
            case Instruction():
                yield indent + _instruction(statement)
            case Loop():
                yield from _loop(statement, indent)
            case If():
                yield f"{indent}if {_name(statement.condition)}"
                yield from _block(statement.body, indent + _INDENT)
                if statement.otherwise:
                    yield f"{indent}else"
                    yield from _block(statement.otherwise, indent + _INDENT)


def _loop(loop: Loop, indent: str) -> Iterator[str]:
    head = f"loop {_name(loop.index)} from {_name(loop.start)} to {_name(loop.stop)}"
    yield f"{indent}{head} step {loop.step}"
    inside = indent + _INDENT
    for into, first in zip(loop.carried, loop.initial, strict=True):
        yield f"{inside}carry {_name(into)}: {into.kind} = {_name(first)}"
    yield from _block(loop.body, inside)
    if loop.yielded:
        yield f"{inside}next {_names(loop.yielded)}"
        yield f"{indent}{_names(loop.results)} = loop {_name(loop.index)}"


def _instruction(instruction: Instruction) -> str:
    op, result, operands, attribute = instruction
    match op:
        case "load":
            assert result is not None
            pointer, index = operands
            place = f"{_name(pointer)}[{_name(index)}]"
            return f"{_name(result)} = load {result.kind} {place}{_lanes(attribute)}"
        case "store":
            value, pointer, index = operands
            place = f"{_name(pointer)}[{_name(index)}]"
            return f"store {value.kind} {_name(value)}, {place}{_lanes(attribute)}"
        case "prefetch":
            pointer, index = operands
            return f"prefetch {_name(pointer)}[{_name(index)}]"
        case "local":
            assert result is not None
            return f"{_name(result)} = local {attribute} bytes"
        case _ if result is None:
            tiles = [f"t{tile}" for tile in _numbers(attribute)]
            return f"{op} {', '.join(tiles + [_name(each) for each in operands])}"
        case _:
            kind = _kinds(operands[0], result)
            rest = "" if attribute is None else f" lanes {_order(attribute)}"
            return f"{_name(result)} = {op} {kind} {_names(operands)}{rest}"


def _kinds(operand: Value, result: Value) -> str:
    """The result's kind; the operand's too where the instruction changes it."""
    if operand.kind == result.kind:
        return str(result.kind)
    return f"{operand.kind} -> {result.kind}"


def _lanes(valid: object) -> str:
    return "" if valid is None else f" lanes 0-{int(str(valid)) - 1}"


def _order(attribute: tuple[int, ...] | int) -> str:
    """Lanes with rising runs shortened: 0-3 16-19."""
    if isinstance(attribute, int):
        return str(attribute)
    runs: list[list[int]] = []
    for lane in attribute:
        if runs and lane == runs[-1][-1] + 1:
            runs[-1].append(lane)
        else:
            runs.append([lane])
    return " ".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs
    )


def _numbers(attribute: tuple[int, ...] | int | None) -> tuple[int, ...]:
    return attribute if isinstance(attribute, tuple) else ()


def _names(values: Sequence[Value]) -> str:
    return ", ".join(_name(value) for value in values)


def _name(value: Value) -> str:
    return f"%{value.number}" if value.constant is None else str(value.constant)
