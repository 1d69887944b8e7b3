"""Rules of the operations of `keras.ops` that call functions: loops and branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import axis_of, dims
from gossamer.frontends.keras.framework import dtype_of, keras, to_numpy
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.keras.trace import flatten
from gossamer.frontends.parts import shaping
from gossamer.frontends.parts.control import Loop, choose
from gossamer.frontends.parts.scan import scan
from gossamer.frontends.report import Unsupported
from gossamer.ir.graph import Tensor
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Add
from gossamer.ops.compare import Less, LessEqual
from gossamer.ops.logical import LogicalAnd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.frontends.keras.call import Call


@operation("WhileLoop")
def _while(call: Call) -> RuleResult:
    used = call.operation
    given = call.arguments["loop_vars"]
    loop = Loop(call)
    count = None
    if used.maximum_iterations is not None:
        count = loop.variable("round", call.indices("zero", 0))
    variables = _variables(call, loop, flatten(given), call.outputs)
    after = _round(loop.inside, used.body, _packed(given, variables))
    _update(loop, variables, after)
    if count is not None:
        one = loop.inside.indices("one", 1)
        loop.update(count, loop.inside.emit(Add(), count, one))

    def goes_on(place: Call, all_: list[Tensor]) -> Tensor:
        held = all_ if count is None else all_[1:]
        flag = _round(place, used.cond, _packed(given, held))[0]
        if count is None:
            return flag
        most = place.indices("maximum_iterations", int(used.maximum_iterations))
        fewer = place.emit(Less(), all_[0], most)
        return place.emit(LogicalAnd(), shaping.reshape(place, flag, ()), fewer)

    return loop.run(goes_on)[-len(variables) :]


@operation("ForiLoop")
def _for(call: Call) -> RuleResult:
    used = call.operation
    given = call.arguments["init_val"]
    loop = Loop(call)
    index = loop.variable("index", _bound(call, used.lower, "lower"))
    upper = _bound(call, used.upper, "upper")
    variables = _variables(call, loop, flatten(given), call.outputs)

    def body(index: Any, *state: Any) -> Any:
        return used.body_fun(index, _packed(given, state))

    after = flatten(
        call.walk.traced(loop.inside, body, [index, *variables], hoists=True)
    )
    _update(loop, variables, after)
    one = loop.inside.indices("one", 1)
    loop.update(index, loop.inside.emit(Add(), index, one))
    return loop.run(lambda place, all_: place.emit(Less(), all_[0], upper))[1:]


def _bound(call: Call, value: Any, name: str) -> Tensor:
    if isinstance(value, Tensor):
        return shaping.reshape(call, call.cast(value, DType.INT32), ())
    if keras().backend.is_keras_tensor(value):
        found: Tensor = call.walk.traced(call, lambda: value, [])
        return _bound(call, found, name)
    return call.indices(name, int(to_numpy(value)))


@operation("Cond")
def _cond(call: Call) -> RuleResult:
    branches = [call.arguments[name] for name in ("true_fn", "false_fn")]
    flag = shaping.reshape(call, call.argument("pred", DType.BOOL), ())
    return choose(call, flag, *(_branch(call, branch, []) for branch in branches))


@operation("Switch")
def _switch(call: Call) -> RuleResult:
    branches = list(call.arguments["branches"])
    operands = list(call.arguments.get("operands", ()))
    index = call.argument("index", DType.INT32)
    return _switched(call, shaping.reshape(call, index, ()), branches, operands, 0)


def _switched(
    call: Call, index: Tensor, branches: list[Any], operands: list[Any], first: int
) -> Sequence[Tensor]:
    """The first branch if the index is at most `first`, else one of the others."""
    then = _branch(call, branches[0], operands)
    if len(branches) == 1:
        return then(call)
    flag = call.emit(LessEqual(), index, call.indices("branch", first))

    def others(place: Call) -> Sequence[Tensor]:
        return _switched(place, index, branches[1:], operands, first + 1)

    return choose(call, flag, then, others)


def _branch(
    call: Call, function: Any, operands: Sequence[Any]
) -> Callable[[Call], Sequence[Tensor]]:
    def emit(place: Call) -> Sequence[Tensor]:
        results = flatten(call.walk.traced(place, function, operands))
        return [
            place.cast(y, dtype_of(like.dtype))
            for y, like in zip(results, call.outputs, strict=True)
        ]

    return emit


@operation("Map")
def _map(call: Call) -> RuleResult:
    return _mapped(call, call.arguments["f"], call.arguments["xs"])


@operation("VectorizedMap")
def _vectorized_map(call: Call) -> RuleResult:
    return _mapped(call, call.operation.function, call.arguments["elements"])


def _mapped(call: Call, function: Any, xs: Any) -> Sequence[Tensor]:
    """A function of each row, one after the other."""

    def one(*x: Any) -> Any:
        return function(_packed(xs, x))

    def row(place: Call, _: list[Tensor], taken: list[Tensor]) -> Any:
        return [], flatten(call.walk.traced(place, one, taken, hoists=True))

    return scan(call, row, [], _constants(call, xs))[1]


@operation("Scan")
def _scan(call: Call) -> RuleResult:
    used = call.operation
    function: Any = call.arguments["f"]
    first, xs = call.arguments["init"], call.arguments.get("xs")
    carried = _starts(call, flatten(first), call.outputs)
    count = len(carried)

    def step(place: Call, states: list[Tensor], taken: list[Tensor]) -> Any:
        def both(*given: Any) -> Any:
            row = None if xs is None else _packed(xs, given[count:])
            after, y = function(_packed(first, given[:count]), row)
            return [*flatten(after), *flatten(y)]

        found = call.walk.traced(place, both, [*states, *taken], hoists=True)
        return found[:count], [y for y in found[count:] if y is not None]

    rows = [] if xs is None else _constants(call, xs)
    carry, ys = scan(call, step, carried, rows, used.length, reverse=bool(used.reverse))
    return [*carry, *ys]


@operation("AssociativeScan")
def _associative_scan(call: Call) -> RuleResult:
    used = call.operation
    function, elems = call.arguments["f"], call.arguments["elems"]
    tensors = _constants(call, elems)
    axis = axis_of(int(used.axis), tensors[0].type.rank)
    length = dims(tensors[0])[axis]
    if length < 0:
        raise Unsupported(
            f"it scans axis {axis}, whose size is not known",
            "Fix that size in keras.Input, or use keras.ops.scan.",
        )

    def join(left: list[Any], right: list[Any]) -> list[Any]:
        return flatten(function(_packed(elems, left), _packed(elems, right)))

    def whole(*xs: Any) -> list[Any]:
        ordered = [_flipped(x, axis) if used.reverse else x for x in xs]
        found = _prefixes(join, ordered, axis, length)
        return [_flipped(y, axis) if used.reverse else y for y in found]

    results: list[Tensor] = call.walk.traced(call, whole, tensors)
    return results


def _flipped(x: Any, axis: int) -> Any:
    return keras().ops.flip(x, axis=axis)


def _prefixes(
    join: Callable[[list[Any], list[Any]], list[Any]],
    xs: list[Any],
    axis: int,
    length: int,
) -> list[Any]:
    """What all elements up to each come to: pairs first, then those between them."""
    if length < 2:
        return xs
    odd = _prefixes(
        join,
        join(_every_other(xs, axis, 0, length - 1), _every_other(xs, axis, 1, length)),
        axis,
        length // 2,
    )
    before = [_part(x, axis, slice(0, (length - 1) // 2)) for x in odd]
    first = [_part(x, axis, slice(0, 1)) for x in xs]
    if length == 2:
        even = first
    else:
        rest = join(before, _every_other(xs, axis, 2, length))
        even = [
            keras().ops.concatenate(pair, axis=axis)
            for pair in zip(first, rest, strict=True)
        ]
    return [_woven(*pair, axis, length) for pair in zip(even, odd, strict=True)]


def _every_other(xs: list[Any], axis: int, first: int, end: int) -> list[Any]:
    return [_part(x, axis, slice(first, end, 2)) for x in xs]


def _part(x: Any, axis: int, part: slice) -> Any:
    return x[(slice(None),) * axis + (part,)]


def _woven(even: Any, odd: Any, axis: int, length: int) -> Any:
    """Elements of both in turn."""
    ops, half = keras().ops, length // 2
    pairs = ops.stack([_part(even, axis, slice(0, half)), odd], axis=axis + 1)
    shape = [-1 if dim is None else dim for dim in even.shape]
    shape[axis] = 2 * half
    woven = ops.reshape(pairs, shape)
    if length % 2 == 0:
        return woven
    return ops.concatenate([woven, _part(even, axis, slice(half, half + 1))], axis=axis)


def _round(place: Call, function: Any, given: Any) -> list[Tensor]:
    """What a function of a loop's variables returns, flat."""
    several = isinstance(given, (list, tuple))
    found = place.walk.traced(
        place, function, given if several else [given], hoists=True
    )
    return flatten(found)


def _variables(
    call: Call, loop: Loop[Call], given: list[Any], outputs: Sequence[Any]
) -> list[Tensor]:
    starts = _starts(call, given, outputs)
    return [loop.variable(f"variable_{i}", x) for i, x in enumerate(starts)]


def _starts(call: Call, given: list[Any], outputs: Sequence[Any]) -> list[Tensor]:
    """Values as tensors, of the element types of the first results."""
    return [
        _tensor(call, value, dtype_of(like.dtype))
        for value, like in zip(given, outputs, strict=False)
    ]


def _tensor(call: Call, value: Any, dtype: DType) -> Tensor:
    if isinstance(value, Tensor):
        return call.cast(value, dtype)
    return call.constant("start", to_numpy(value).astype(dtype.numpy))


def _constants(call: Call, structure: Any) -> list[Tensor]:
    return [
        x if isinstance(x, Tensor) else call.constant("rows", to_numpy(x))
        for x in flatten(structure)
    ]


def _update(loop: Loop[Call], variables: list[Tensor], after: Sequence[Tensor]) -> None:
    """What a round gives, in the types in which it is entered."""
    if len(variables) != len(after):
        raise Unsupported(
            f"its function is given {len(variables)} tensors and returns {len(after)}",
            "Let the body of a loop return what it is given, changed.",
        )
    for variable, value in zip(variables, after, strict=True):
        if dims(variable) != dims(value):
            raise Unsupported(
                f"a variable of shape {dims(variable)} has {dims(value)} after a round",
                "Let the variables of a loop keep their shapes.",
            )
        loop.update(variable, loop.inside.cast(value, variable.dtype))


def _packed(like: Any, flat: Sequence[Any]) -> Any:
    """A flat list nested as `like` is."""
    return keras().tree.pack_sequence_as(like, list(flat))
