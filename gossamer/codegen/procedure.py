"""Print what calls the kernels: entry points, their control flow, their threads.

A procedure is a function that does its actions in order, in the thread that calls it.
What other threads do of a call that is shared is in `gossamer.codegen.threads`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gossamer.codegen.image import CONTEXT
from gossamer.codegen.tiles import tile_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gossamer.nest.stmt import Kernel

Address: TypeAlias = tuple[int, int]
"""A place in the context, the table of base pointers that a program is invoked with,
and bytes from there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A kernel to be called on addresses, for all of its units of work.

    Where it is `shared`, several threads do parts of the units.
    """

    kernel: Kernel
    addresses: tuple[Address, ...]
    units: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """Do `condition`, then `body`, as long as the byte at `flag` is not 0."""

    condition: tuple[Action, ...]
    flag: Address
    body: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """Do `then` or `otherwise` by the byte at `flag`."""

    flag: Address
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...]


Action: TypeAlias = "Call | Repeat | Choose"


def calls_of(actions: Sequence[Action]) -> Iterator[Call]:
    """All calls, wherever they are."""
    for action in actions:
        match action:
            case Call():
                yield action
            case Repeat(condition, _, body):
                yield from calls_of((*condition, *body))
            case Choose(_, then, otherwise):
                yield from calls_of((*then, *otherwise))


def is_shared(actions: Sequence[Action]) -> bool:
    """Whether several threads have something to do."""
    return any(call.shared for call in calls_of(actions))


class ProcedurePrinter:
    """Prints the body of one function; `names` are those of the kernels by identity."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.lines: list[str] = []
        self._names = names
        self._fresh = 0

    def fresh(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def body(self, actions: Sequence[Action], *, more: Sequence[int] = ()) -> list[str]:
        """The lines of a whole function that does the actions."""
        return [*self.run(actions, more=more), "  ret void", "}"]

    def run(self, actions: Sequence[Action], *, more: Sequence[int] = ()) -> list[str]:
        """The lines that do the actions, from the start of a function on."""
        self.bases(actions, more=more)
        before, after = tile_frame(call.kernel for call in calls_of(actions))
        self.lines += before
        self.serial(actions)
        self.lines += after
        return self.lines

    def bases(self, actions: Sequence[Action], *, more: Sequence[int] = ()) -> None:
        """Load the base pointers that the actions need, once."""
        self.load_context()
        for base in sorted({*_bases(actions), *more}):
            self.load_base(base)

    def load_context(self) -> None:
        """The table of base pointers."""
        self.line(f"%context = load ptr, ptr @{CONTEXT}")

    def load_base(self, base: int) -> None:
        """One of them, as `%b` and its number."""
        self.line(f"%p{base} = getelementptr ptr, ptr %context, i64 {base}")
        self.line(f"%b{base} = load ptr, ptr %p{base}")

    def address(self, address: Address) -> str:
        name = self.fresh("%a")
        base, distance = address
        self.line(f"{name} = getelementptr i8, ptr %b{base}, i64 {distance}")
        return name

    def flag(self, address: Address) -> str:
        """Whether the byte at an address holds."""
        byte, name = self.fresh("%f"), self.fresh("%f")
        self.line(f"{byte} = load i8, ptr {self.address(address)}")
        self.line(f"{name} = icmp ne i8 {byte}, 0")
        return name

    def call(self, call: Call, begin: str, end: str) -> None:
        arguments = [f"ptr {self.address(address)}" for address in call.addresses]
        arguments += [f"i64 {begin}", f"i64 {end}"]
        self.line(f"call void {self._names[id(call.kernel)]}({', '.join(arguments)})")

    def whole(self, call: Call) -> None:
        """All units of a call."""
        self.call(call, "0", str(call.units))

    def serial(self, actions: Sequence[Action]) -> None:
        """Everything, one action after another."""
        for action in actions:
            match action:
                case Call():
                    self.whole(action)
                case Repeat(condition, flag, body):
                    self.repeat(
                        lambda c=condition, f=flag: (self.serial(c), self.flag(f))[1],
                        lambda b=body: self.serial(b),
                    )
                case Choose(flag, then, otherwise):
                    self.choose(
                        self.flag(flag),
                        lambda t=then: self.serial(t),
                        lambda o=otherwise: self.serial(o),
                    )

    def repeat(self, condition: Callable[[], str], body: Callable[[], None]) -> None:
        again, inside, done = (self.fresh(f"{x}.") for x in ("again", "round", "done"))
        self.line(f"br label %{again}")
        self.label(again)
        flag = condition()
        self.line(f"br i1 {flag}, label %{inside}, label %{done}")
        self.label(inside)
        body()
        self.line(f"br label %{again}")
        self.label(done)

    def choose(
        self, flag: str, then: Callable[[], None], otherwise: Callable[[], None]
    ) -> None:
        yes, no, done = (self.fresh(f"{x}.") for x in ("then", "else", "done"))
        self.line(f"br i1 {flag}, label %{yes}, label %{no}")
        for label, way in ((yes, then), (no, otherwise)):
            self.label(label)
            way()
            self.line(f"br label %{done}")
        self.label(done)


def _bases(actions: Sequence[Action]) -> Iterator[int]:
    for action in actions:
        match action:
            case Call():
                yield from (base for base, _ in action.addresses)
            case Repeat(condition, flag, body):
                yield flag[0]
                yield from _bases((*condition, *body))
            case Choose(flag, then, otherwise):
                yield flag[0]
                yield from _bases((*then, *otherwise))


def serial_procedure(
    name: str, actions: Sequence[Action], names: Mapping[int, str]
) -> list[str]:
    """A function that does all actions in the thread that calls it."""
    printer = ProcedurePrinter(names)
    return [
        f"define void @{name}() #0 {{",
        *printer.body(actions),
    ]
