"""Several threads in one procedure: the leader, the workers, and where they meet.

The thread that calls a procedure leads. Workers stay inside the procedure `worker`,
where they wait for a job: first awake, for some microseconds, so that the next one
finds them at once; then asleep in the kernel (a futex). A job is the address of a
function that every thread runs with its own number.

The memory at `SYNC` in the context holds, each in a cache line of its own:

| byte | what                                                              |
|------|-------------------------------------------------------------------|
| 0    | i32: number of the job; the word that sleepers wait on            |
| 64   | i32: how many workers sleep, or are about to                      |
| 128  | pointer: the job's function, null to end                          |
| 192  | pointer: the C library's `syscall`                                |
| 256  | i32: how many threads have arrived at the meeting point           |
| 320  | i32: how many meetings there were                                 |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.codegen.procedure import (
    Action,
    Call,
    Choose,
    ProcedurePrinter,
    Repeat,
    is_shared,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYNC = 2
"""The place in the context of the memory described above."""

SYNC_BYTES = 384
JOB_NUMBER, SLEEPERS, JOB, SYSCALL, ARRIVED, MEETINGS = 0, 64, 128, 192, 256, 320

_FUTEX, _YIELD = 202, 24
"""Numbers of system calls on x86-64 Linux."""

_WAIT, _WAKE = 128, 129
"""FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE."""

_AWAKE = 2000
"""Pauses, of about 40 ns each, that a worker waits awake for the next job."""

_PATIENT = 4000
"""Pauses at a meeting point before the core is offered to others."""


def thread_support(threads: int) -> list[str]:
    """The functions `worker`, `lead` and `meet` for a number of threads."""
    places = {
        "number": JOB_NUMBER,
        "sleepers": SLEEPERS,
        "job": JOB,
        "syscall": SYSCALL,
        "arrived": ARRIVED,
        "meetings": MEETINGS,
    }
    numbers = {
        "threads": threads,
        "workers": threads - 1,
        "last": threads - 1,
        "futex": _FUTEX,
        "yield": _YIELD,
        "wait": _WAIT,
        "wake": _WAKE,
        "awake": _AWAKE,
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
define internal void @meet(ptr %sync) #0 {
  @@arrived@@
  @@meetings@@
  @@syscall@@
  %before = load atomic i32, ptr %meetings acquire, align 4
  %count = atomicrmw add ptr %arrived, i32 1 acq_rel
  %last = icmp eq i32 %count, $last$
  br i1 %last, label %open, label %wait
open:
  store atomic i32 0, ptr %arrived monotonic, align 4
  %next = add i32 %before, 1
  store atomic i32 %next, ptr %meetings release, align 4
  ret void
wait:
  %turn = phi i64 [0, %0], [%more, %again]
  %now = load atomic i32, ptr %meetings acquire, align 4
  %opened = icmp ne i32 %now, %before
  br i1 %opened, label %done, label %still
still:
  call void @llvm.x86.sse2.pause()
  %more = add i64 %turn, 1
  %tired = icmp ugt i64 %more, $patient$
  br i1 %tired, label %offer, label %again
offer:
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $yield$)
  br label %again
again:
  br label %wait
done:
  ret void
}
define internal void @lead(ptr %sync, ptr %work) #0 {
  @@number@@
  @@sleepers@@
  @@job@@
  @@syscall@@
  store ptr %work, ptr %job
  %old = atomicrmw add ptr %number, i32 1 seq_cst
  %asleep = load atomic i32, ptr %sleepers seq_cst, align 4
  %none = icmp eq i32 %asleep, 0
  br i1 %none, label %go, label %wake
wake:
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $futex$, ptr %number, i64 $wake$, i64 $workers$)
  br label %go
go:
  call void %work(i64 0)
  ret void
}
define void @worker(i64 %thread) #0 {
  %context = load ptr, ptr @context
  %place = getelementptr ptr, ptr %context, i64 $sync$
  %sync = load ptr, ptr %place
  @@number@@
  @@sleepers@@
  @@job@@
  @@syscall@@
  %function = load ptr, ptr %syscall
  br label %idle
idle:
  %seen = phi i32 [0, %0], [%now, %work]
  br label %look
look:
  %turn = phi i64 [0, %idle], [%more, %rest], [0, %woken]
  %now = load atomic i32, ptr %number acquire, align 4
  %new = icmp ne i32 %now, %seen
  br i1 %new, label %work.or.end, label %rest
rest:
  call void @llvm.x86.sse2.pause()
  %more = add i64 %turn, 1
  %tired = icmp ugt i64 %more, $awake$
  br i1 %tired, label %sleep, label %look
sleep:
  %a = atomicrmw add ptr %sleepers, i32 1 seq_cst
  %expected = zext i32 %seen to i64
  call i64 (i64, ...) %function(i64 $futex$, ptr %number, i64 $wait$,
    i64 %expected, ptr null)
  %b = atomicrmw sub ptr %sleepers, i32 1 seq_cst
  br label %woken
woken:
  br label %look
work.or.end:
  %task = load ptr, ptr %job
  %end = icmp eq ptr %task, null
  br i1 %end, label %leave, label %work
work:
  call void %task(i64 %thread)
  br label %idle
leave:
  ret void
}
define void @dismiss() #0 {
  %context = load ptr, ptr @context
  %place = getelementptr ptr, ptr %context, i64 $sync$
  %sync = load ptr, ptr %place
  @@number@@
  @@job@@
  @@syscall@@
  store ptr null, ptr %job
  %old = atomicrmw add ptr %number, i32 1 seq_cst
  %function = load ptr, ptr %syscall
  call i64 (i64, ...) %function(i64 $futex$, ptr %number, i64 $wake$, i64 $workers$)
  ret void
}
"""


def threaded_procedure(
    name: str, actions: Sequence[Action], names: Mapping[int, str], threads: int
) -> list[str]:
    """A function that has all threads do the actions together."""
    printer = _SharedPrinter(names, threads)
    return [
        f"define internal void @{name}.share(i64 %thread) #0 {{",
        *printer.body(actions, printer.together, more=(SYNC,)),
        f"define void @{name}() #0 {{",
        "  %context = load ptr, ptr @context",
        f"  %place = getelementptr ptr, ptr %context, i64 {SYNC}",
        "  %sync = load ptr, ptr %place",
        f"  call void @lead(ptr %sync, ptr @{name}.share)",
        "  ret void",
        "}",
    ]


class _SharedPrinter(ProcedurePrinter):
    """Prints what every thread does; after each action all have met."""

    def __init__(self, names: Mapping[int, str], threads: int) -> None:
        super().__init__(names)
        self._threads = threads
        self.line("%leads = icmp eq i64 %thread, 0")

    def together(self, actions: Sequence[Action]) -> None:
        alone: list[Action] = []
        for action in actions:
            if not is_shared([action]):
                alone.append(action)
                continue
            self._by_leader(alone)
            alone = []
            self._shared(action)
        self._by_leader(alone)

    def _meet(self) -> None:
        self.line(f"call void @meet(ptr %b{SYNC})")

    def _by_leader(self, actions: Sequence[Action]) -> None:
        if not actions:
            return
        self.choose("%leads", lambda: self.serial(actions), lambda: None)
        self._meet()

    def _shared(self, action: Action) -> None:
        match action:
            case Call():
                self.call(action, *self._part(action.units))
                self._meet()
            case Repeat(condition, flag, body):
                self.repeat(
                    lambda: self._agreed_after(condition, flag),
                    lambda: self.together(body),
                )
            case Choose(flag, then, otherwise):
                self.choose(
                    self._agreed(flag),
                    lambda: self.together(then),
                    lambda: self.together(otherwise),
                )

    def _agreed_after(self, condition: Sequence[Action], flag: tuple[int, int]) -> str:
        self.together(condition)
        return self._agreed(flag)

    def _agreed(self, flag: tuple[int, int]) -> str:
        """A flag that no thread overwrites before all have read it."""
        found = self.flag(flag)
        self._meet()
        return found

    def _part(self, units: int) -> tuple[str, str]:
        """The units of this thread: an equal part, to the unit."""
        first, after = self.fresh("%u"), self.fresh("%u")
        begin, end = self.fresh("%u"), self.fresh("%u")
        self.line(f"{first} = mul i64 %thread, {units}")
        self.line(f"{begin} = udiv i64 {first}, {self._threads}")
        self.line(f"{after} = add i64 {first}, {units}")
        self.line(f"{end} = udiv i64 {after}, {self._threads}")
        return begin, end
