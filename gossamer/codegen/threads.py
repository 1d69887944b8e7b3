"""Several threads in one procedure: the leader, and workers that help with a call.

The thread that calls a procedure leads: it does every action in order. For a call that
is shared it writes down how much there is to do, and takes parts from the front, while
workers take parts from the back, until nothing is left. So the same thread mostly finds
the same rows in its cache, and a thread that is slowed down, or asleep, takes less. The
leader goes on when what others took is finished; where no one came it waits for no one.

Workers stay inside the procedure `worker`, where they wait for work: first awake, for
some microseconds, so that the next call finds them at once; then asleep in the kernel
(a futex). One that finds itself on the leader's core sleeps at once.

The memory at `SYNC` in the context holds, each in a cache line of its own:

| byte | what                                                              |
|------|-------------------------------------------------------------------|
| 0    | i64, the ticket: grains not yet taken, from bits 16-31 up to bits |
|      | 0-15, of the call with the number in bits 32-63; sleepers wait on |
|      | its upper half                                                    |
| 64   | i32: how many workers sleep, or are about to                      |
| 128  | pointer: the function that does parts of the call, null to end    |
| 136  | i32: the core that the leader ran on when the procedure began     |
| 192  | pointer: the C library's `syscall`                                |
| 256  | i32: grains of the call that workers have finished                |

A grain is as many units as are taken at once at least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen.procedure import Action, Call, ProcedurePrinter
from gossamer.codegen.tiles import tile_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYNC = 2
"""The place in the context of the memory described above."""

SYNC_BYTES = 320
TICKET, SLEEPERS, JOB, CORE, SYSCALL, FINISHED = 0, 64, 128, 136, 192, 256
_NUMBER = TICKET + 4

_FUTEX, _YIELD, _GETCPU = 202, 24, 309
"""Numbers of system calls on x86-64 Linux."""

_WAIT, _WAKE = 128, 129
"""FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE."""

_AWAKE = 2000
"""Pauses, of about 40 ns each, that a worker waits awake for work."""

_GLANCE = 32
"""Pauses between two looks of a worker at where it runs; a power of two."""

_PATIENT = 100
"""Pauses that the leader waits before it offers its core to others."""

_GRAINS, _MOST_GRAINS = 64, 2**15
"""Grains of a call for each thread, and in all: a ticket has 16 bits for them."""


def thread_support(threads: int) -> list[str]:
    """The functions of the leader and of workers, for a number of threads."""
    places = {
        "number": _NUMBER,
        "sleepers": SLEEPERS,
        "job": JOB,
        "core": CORE,
        "syscall": SYSCALL,
        "finished": FINISHED,
    }
    numbers = {
        "workers": threads - 1,
        "divisor": threads + 1,
        "round": threads,
        "futex": _FUTEX,
        "yield": _YIELD,
        "getcpu": _GETCPU,
        "wait": _WAIT,
        "wake": _WAKE,
        "awake": _AWAKE,
        "glance": _GLANCE - 1,
        "patient": _PATIENT,
    }
    text = _SUPPORT
    for name, distance in places.items():
        text = text.replace(
            f"@@{name}@@", f"%{name} = getelementptr i8, ptr %sync, i64 {distance}"
        )
    for name, number in numbers.items():
        text = text.replace(f"${name}$", str(number))
    return text.replace("$sync$", str(SYNC)).splitlines()


_SUPPORT = """\
declare void @llvm.x86.sse2.pause()
define internal void @start(ptr %sync) #0 {
  @@core@@
  @@syscall@@
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $getcpu$, ptr %core, ptr null, ptr null)
  ret void
}
define internal i64 @claim(ptr %sync, i64 %call, i64 %helps) #0 {
  %first = load atomic i64, ptr %sync monotonic, align 8
  br label %try
try:
  %ticket = phi i64 [%first, %0], [%found, %again]
  %number = lshr i64 %ticket, 32
  %same = icmp eq i64 %number, %call
  br i1 %same, label %current, label %nothing
current:
  %low = and i64 %ticket, 4294967295
  %front = lshr i64 %low, 16
  %back = and i64 %ticket, 65535
  %left = sub i64 %back, %front
  %some = icmp ne i64 %left, 0
  br i1 %some, label %take, label %nothing
take:
  %rounded = add i64 %left, $round$
  %count = udiv i64 %rounded, $divisor$
  %after.front = add i64 %front, %count
  %before.back = sub i64 %back, %count
  %count.front = shl i64 %count, 16
  %less.front = add i64 %ticket, %count.front
  %less.back = sub i64 %ticket, %count
  %other = icmp ne i64 %helps, 0
  %less = select i1 %other, i64 %less.back, i64 %less.front
  %begin = select i1 %other, i64 %before.back, i64 %front
  %end = select i1 %other, i64 %back, i64 %after.front
  %pair = cmpxchg ptr %sync, i64 %ticket, i64 %less acq_rel monotonic, align 8
  %found = extractvalue { i64, i1 } %pair, 0
  %done = extractvalue { i64, i1 } %pair, 1
  br i1 %done, label %taken, label %again
again:
  br label %try
taken:
  %high = shl i64 %begin, 16
  %range = or i64 %high, %end
  ret i64 %range
nothing:
  ret i64 0
}
define internal void @lead(ptr %sync, ptr %own, ptr %help, i64 %grains) #0 {
  @@sleepers@@
  @@job@@
  @@syscall@@
  @@finished@@
  %old = load atomic i64, ptr %sync monotonic, align 8
  %old.call = lshr i64 %old, 32
  %next = add i64 %old.call, 1
  %call = and i64 %next, 4294967295
  %upper = shl i64 %call, 32
  %ticket = or i64 %upper, %grains
  store atomic i32 0, ptr %finished monotonic, align 4
  store atomic ptr %help, ptr %job monotonic, align 8
  store atomic i64 %ticket, ptr %sync seq_cst, align 8
  %asleep = load atomic i32, ptr %sleepers seq_cst, align 4
  %none = icmp eq i32 %asleep, 0
  br i1 %none, label %work, label %wake
wake:
  call void @wake(ptr %sync)
  br label %work
work:
  %mine = call i64 %own(i64 %call, i64 0)
  %others = sub i64 %grains, %mine
  %awaited = trunc i64 %others to i32
  br label %look
look:
  %turn = phi i64 [0, %work], [%more, %rest], [0, %offer]
  %now = load atomic i32, ptr %finished acquire, align 4
  %all = icmp eq i32 %now, %awaited
  br i1 %all, label %done, label %wait
wait:
  %tired = icmp eq i64 %turn, $patient$
  br i1 %tired, label %offer, label %rest
rest:
  call void @llvm.x86.sse2.pause()
  %more = add i64 %turn, 1
  br label %look
offer:
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $yield$)
  br label %look
done:
  ret void
}
define internal void @wake(ptr %sync) #0 {
  @@number@@
  @@syscall@@
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $futex$, ptr %number, i64 $wake$, i64 $workers$)
  ret void
}
define void @worker(i64 %thread) #0 {
  %context = load ptr, ptr @context
  %place = getelementptr ptr, ptr %context, i64 $sync$
  %sync = load ptr, ptr %place
  @@number@@
  @@sleepers@@
  @@job@@
  @@core@@
  @@syscall@@
  @@finished@@
  %function = load ptr, ptr %syscall
  %own = alloca i32
  br label %look
look:
  %turn = phi i64 [0, %0], [%more, %rest], [%more, %glance], [0, %sleep], [0, %work],
    [0, %add]
  %ticket = load atomic i64, ptr %sync acquire, align 8
  %low = trunc i64 %ticket to i32
  %front = lshr i32 %low, 16
  %back = and i32 %low, 65535
  %nothing = icmp eq i32 %front, %back
  br i1 %nothing, label %idle, label %work.or.end
work.or.end:
  %task = load atomic ptr, ptr %job acquire, align 8
  %end = icmp eq ptr %task, null
  br i1 %end, label %leave, label %work
work:
  %call = lshr i64 %ticket, 32
  %mine = call i64 %task(i64 %call, i64 1)
  %idled = icmp eq i64 %mine, 0
  br i1 %idled, label %look, label %add
add:
  %count = trunc i64 %mine to i32
  %before = atomicrmw add ptr %finished, i32 %count acq_rel
  br label %look
idle:
  %more = add i64 %turn, 1
  %late = and i64 %more, $glance$
  %glances = icmp eq i64 %late, 0
  br i1 %glances, label %glance, label %rest
rest:
  call void @llvm.x86.sse2.pause()
  br label %look
glance:
  %tired = icmp ugt i64 %more, $awake$
  call i64 (i64, ...) %function(i64 $getcpu$, ptr %own, ptr null, ptr null)
  %here = load i32, ptr %own
  %leads = load atomic i32, ptr %core monotonic, align 4
  %hinders = icmp eq i32 %here, %leads
  %sleeps = or i1 %tired, %hinders
  br i1 %sleeps, label %sleep, label %look
sleep:
  %a = atomicrmw add ptr %sleepers, i32 1 seq_cst
  %seen = lshr i64 %ticket, 32
  call i64 (i64, ...) %function(i64 $futex$, ptr %number, i64 $wait$, i64 %seen,
    ptr null)
  %b = atomicrmw sub ptr %sleepers, i32 1 seq_cst
  br label %look
leave:
  ret void
}
define void @dismiss() #0 {
  %context = load ptr, ptr @context
  %place = getelementptr ptr, ptr %context, i64 $sync$
  %sync = load ptr, ptr %place
  @@job@@
  %old = load atomic i64, ptr %sync monotonic, align 8
  %next = add i64 %old, 4294967296
  %ticket = or i64 %next, 65535
  store atomic ptr null, ptr %job monotonic, align 8
  store atomic i64 %ticket, ptr %sync seq_cst, align 8
  call void @wake(ptr %sync)
  ret void
}
"""


def threaded_procedure(
    name: str, actions: Sequence[Action], names: Mapping[int, str], threads: int
) -> list[str]:
    """A function that does the actions with the workers' help."""
    printer = _SharedPrinter(name, names, threads)
    lines = [
        f"define void @{name}() #0 {{",
        *printer.body(actions, more=(SYNC,)),
    ]
    return [*printer.functions, *lines]


class _SharedPrinter(ProcedurePrinter):
    """Prints what the leader does; `functions` are what all threads do of a call."""

    def __init__(self, name: str, names: Mapping[int, str], threads: int) -> None:
        super().__init__(names)
        self.functions: list[str] = []
        self._name = name
        self._threads = threads

    def bases(self, actions: Sequence[Action], *, more: Sequence[int] = ()) -> None:
        super().bases(actions, more=more)
        self.line(f"call void @start(ptr %b{SYNC})")

    def whole(self, call: Call) -> None:
        if not call.shared:
            super().whole(call)
            return
        grain = -(-call.units // min(_GRAINS * self._threads, _MOST_GRAINS))
        own = help_ = self.fresh(f"@{self._name}.share")
        printer = _PartPrinter(self._names)
        self.functions += printer.function(own, call, grain)
        before, after = tile_frame([call.kernel])
        if before:
            help_ = self.fresh(f"@{self._name}.help")
            self.functions += _framed(help_, own, before, after)
        grains = -(-call.units // grain)
        self.line(
            f"call void @lead(ptr %b{SYNC}, ptr {own}, ptr {help_}, i64 {grains})"
        )


def _framed(name: str, inner: str, before: list[str], after: list[str]) -> list[str]:
    """A function that does as another, with the matrix unit set up."""
    return [
        f"define internal i64 {name}(i64 %call, i64 %helps) #0 {{",
        *before,
        f"  %count = call i64 {inner}(i64 %call, i64 %helps)",
        *after,
        "  ret i64 %count",
        "}",
    ]


class _PartPrinter(ProcedurePrinter):
    """Prints what a thread does of a shared call."""

    def function(self, name: str, call: Call, grain: int) -> list[str]:
        """A function that does parts as long as there are some.

        It takes the call's number and whether the thread is a worker, and returns how
        many grains it did.
        """
        self.bases([call], more=(SYNC,))
        self.line("br label %look")
        self.label("look")
        self.line("%count = phi i64 [0, %0], [%more, %work]")
        self.line(f"%range = call i64 @claim(ptr %b{SYNC}, i64 %call, i64 %helps)")
        self.line("%none = icmp eq i64 %range, 0")
        self.line("br i1 %none, label %done, label %work")
        self.label("work")
        self._part(call, grain)
        self.line("br label %look")
        self.label("done")
        self.line("ret i64 %count")
        head = f"define internal i64 {name}(i64 %call, i64 %helps) #0 {{"
        return [head, *self.lines, "}"]

    def _part(self, call: Call, grain: int) -> None:
        self.line("%first = lshr i64 %range, 16")
        self.line("%last = and i64 %range, 65535")
        self.line(f"%begin = mul i64 %first, {grain}")
        self.line(f"%after = mul i64 %last, {grain}")
        self.line(f"%over = icmp ugt i64 %after, {call.units}")
        self.line(f"%end = select i1 %over, i64 {call.units}, i64 %after")
        self.call(call, "%begin", "%end")
        self.line("%taken = sub i64 %last, %first")
        self.line("%more = add i64 %count, %taken")
