"""Run a `.tflite` model: the same class, methods and answers as `tf.lite`'s."""

from __future__ import annotations

import operator
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import InputError, UnsupportedError
from gossamer.runtime import details, mistakes
from gossamer.runtime.delegate import OpResolverType
from gossamer.runtime.options import Options
from gossamer.runtime.session import Session
from gossamer.runtime.signature import SignatureRunner, indices
from gossamer.runtime.source import Source
from gossamer.runtime.state import State

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from gossamer.ir.graph import Model, Signature
    from gossamer.ir.types import Array

Details = dict[str, Any]


class Interpreter:
    """A model that is ready to run.

    Example:
        >>> with Interpreter("digits.tflite") as interpreter:
        ...     interpreter.allocate_tensors()
        ...     interpreter.set_tensor(0, image)  # float32 [1, 28, 28]
        ...     interpreter.invoke()
        ...     scores = interpreter.get_tensor(11)  # float32 [1, 10]

    An interpreter serves one thread at a time; several interpreters of one model
    share its compiled code.
    """

    __slots__ = (
        "__weakref__",
        "_lock",
        "_main",
        "_options",
        "_outline",
        "_readable",
        "_sessions",
        "_slots",
        "_source",
        "_state",
    )

    def __init__(  # noqa: D417 - the last five share one line
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[Any] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,  # noqa: FBT001, FBT002
        experimental_disable_delegate_clustering: bool = False,  # noqa: FBT001, FBT002
        experimental_default_delegate_latest_features: bool = False,  # noqa: FBT001, FBT002
        experimental_compress_quantization_zero_points: bool = False,  # noqa: FBT001, FBT002
        experimental_disable_delegate_node_fusion: bool = False,  # noqa: FBT001, FBT002
        experimental_force_delegate_node_profiling: bool = False,  # noqa: FBT001, FBT002
        *,
        custom_operators: Mapping[str, Any] | None = None,
    ) -> None:
        """Read a model from a file or from memory.

        Args:
            model_path: a `.tflite` file.
            model_content: the bytes of such a file, instead of a path.
            experimental_delegates: must be empty; there are no delegates.
            num_threads: threads that `invoke` may use, 1 if None.
            experimental_op_resolver_type: compiled code, or BUILTIN_REF.
            experimental_preserve_all_tensors: keep each intermediate result, so
                that `get_tensor` can read it after `invoke`.
            experimental_disable_delegate_clustering: accepted, without effect, as
                all that follow of that kind.
            custom_operators: functions (or classes) by the names of custom operators,
                for this interpreter only; see `gossamer.custom_operator`.

        Raises:
            InputError: no such file, or arguments that contradict each other.
            FormatError: the bytes are not a valid model.
            UnsupportedError: a delegate is given.
        """
        _refuse_delegates(experimental_delegates)
        _check_resolver(experimental_op_resolver_type)
        self._options = Options(
            threads=_checked_threads(num_threads),
            keep_all=experimental_preserve_all_tensors,
            reference=experimental_op_resolver_type is OpResolverType.BUILTIN_REF,
        )
        self._source = Source(
            model_path, model_content, custom_operators=_declared(custom_operators)
        )
        self._outline = self._source.outline.model
        source = self._source
        self._lock = threading.Lock()
        self._state = State(lambda: source.model.subgraphs)
        self._sessions: dict[int, Session] = {}
        self._main = self._session(0)
        self._slots = self._main.slots
        self._readable = self._main.readable

    def allocate_tensors(self) -> None:
        """Prepare the model for the present input shapes.

        Raises:
            ExecutionError: the model cannot take the shapes, or an array that
                `tensor` gave is still alive.
            UnsupportedError: there is no kernel for one of the model's operators.
        """
        self._main.allocate()

    def invoke(self) -> None:
        """Compute the outputs from the inputs; other threads run meanwhile.

        Raises:
            ExecutionError: nothing is allocated, or another thread is in here.
        """
        self._main.run()

    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copy `value` into an input, whose type and shape it must have.

        Raises:
            InputError: the index, type, rank or a dimension does not fit, or
                nothing is allocated.
        """
        try:
            view, dtype, shape = self._slots[tensor_index]
            if value.dtype is dtype and value.shape == shape:
                view[...] = value
                return
        except (AttributeError, KeyError, TypeError):
            pass  # The longer road below converts, or says what is wrong.
        self._main.set(tensor_index, value)

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of a tensor's value: an output, an input or a constant.

        Elements of int4 and int2 come as int8, strings as `bytes` objects.

        Raises:
            InputError: there is no such tensor, or it has no value now.
        """
        if subgraph_index == 0:
            try:
                return self._readable[tensor_index].copy()
            except (KeyError, TypeError):
                pass  # No value, or no index: what is wrong is found out below.
        return self._session(subgraph_index).memory(tensor_index).copy()

    def tensor(self, tensor_index: int) -> Callable[[], Array]:
        """A function that gives a view of a tensor's memory, without a copy.

        The function may be kept; while an array that it gave is alive,
        `allocate_tensors` and `resize_tensor_input` refuse to move the memory.

        Example:
            >>> pixels = interpreter.tensor(0)
            >>> pixels().fill(0.5)
        """
        session = self._main
        return lambda: session.lend(tensor_index)

    def resize_tensor_input(
        self,
        input_index: int,
        tensor_size: Sequence[int] | Array,
        strict: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Give an input another shape, from the next `allocate_tensors` on.

        Args:
            input_index: the input's tensor index.
            tensor_size: the new size of each dimension.
            strict: refuse to change a dimension that the model fixes, which is one
                that is not -1 in `shape_signature`.

        Raises:
            ExecutionError: not an input, an impossible size, or a view is alive.
            InputError: `tensor_size` is not a list of sizes.
        """
        sizes = np.asarray(tensor_size)
        if sizes.ndim != 1 or (sizes.size and sizes.dtype.kind not in "iu"):
            raise InputError(
                f"Shape should be 1D instead of {sizes.ndim}. Give a list of whole "
                f"numbers, not {tensor_size!r}"
            )
        self._main.resize(input_index, sizes.tolist(), strict=strict)

    def reset_all_variables(self) -> None:
        """Set the model's variables to zero, as they are before the first run."""
        for session in self._sessions.values():
            session.reset_variables()
        self._state.reset()

    def get_input_details(self) -> list[Details]:
        """What each input is.

        Returns:
            For each input a dictionary with `name`, `index`, `shape` (int32),
            `shape_signature` (-1 where the size is free), `dtype`, `quantization`
            (scale, zero point), `quantization_parameters` (`scales`,
            `zero_points`, `quantized_dimension`, `block_size`) and
            `sparsity_parameters`.
        """
        main = self._main
        return [main.details(main.position(x)) for x in main.subgraph.inputs]

    def get_output_details(self) -> list[Details]:
        """What each output is; see `get_input_details`."""
        main = self._main
        return [main.details(main.position(y)) for y in main.subgraph.outputs]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[Details]:
        """What each tensor of a subgraph is; see `get_input_details`.

        Raises:
            InputError: there is no such subgraph.
        """
        session = self._session(subgraph_index)
        return [session.details(i) for i in range(len(session.tensors))]

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """The names of each signature's inputs and outputs, by signature key."""
        return {
            key: {"inputs": list(names["inputs"]), "outputs": list(names["outputs"])}
            for key, names in self._get_full_signature_list().items()
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A signature as a function of named inputs.

        Args:
            signature_key: the signature; may be None where the model has just one.

        Raises:
            InputError: there is no such signature, or None where there are several.
        """
        signatures = {each.key: each for each in self._outline.signatures}
        keys = list(signatures)
        if signature_key is None:
            if len(keys) != 1:
                raise mistakes.ambiguous_signature(keys)
            signature_key = keys[0]
        if signature_key not in signatures:
            raise mistakes.unknown_signature(signature_key, keys)
        signature = signatures[signature_key]
        return SignatureRunner(self._session(signature.subgraph), signature)

    @property
    def model(self) -> Model:
        """The model as it was read."""
        return self._source.model

    def num_subgraphs(self) -> int:
        """How many subgraphs the model has."""
        return len(self._outline.subgraphs)

    def close(self) -> None:
        """Give memory back now; the interpreter cannot be used any more."""
        for session in self._sessions.values():
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        main = self._outline.main
        inputs = ", ".join(map(str, main.inputs))
        outputs = ", ".join(map(str, main.outputs))
        return f"<Interpreter of {self._source.where}: {inputs} -> {outputs}>"

    def _session(self, subgraph_index: int) -> Session:
        session = self._sessions.get(subgraph_index)
        if session is None:
            if not 0 <= subgraph_index < len(self._outline.subgraphs):
                raise mistakes.no_such_subgraph(
                    subgraph_index, len(self._outline.subgraphs)
                )
            session = Session(
                self._source, subgraph_index, self._options, self._lock, self._state
            )
            self._sessions[subgraph_index] = session
        return session

    def _get_full_signature_list(self) -> dict[str, dict[str, dict[str, int]]]:
        return {each.key: self._indices(each) for each in self._outline.signatures}

    def _indices(self, signature: Signature) -> dict[str, dict[str, int]]:
        session = self._session(signature.subgraph)
        return {
            "inputs": indices(session, signature.inputs),
            "outputs": indices(session, signature.outputs),
        }

    def _get_ops_details(self) -> list[Details]:
        return [self._get_op_details(i) for i in range(len(self.model.main.nodes))]

    def _get_op_details(self, op_index: int) -> Details:
        main = self.model.main
        return details.node_details(main.nodes[op_index], op_index, main.tensors.index)

    def _get_tensor_details(
        self, tensor_index: int, subgraph_index: int = 0
    ) -> Details:
        return self._session(subgraph_index).details(tensor_index)


class InterpreterWithCustomOps(Interpreter):
    """An interpreter with custom operators of its own.

    Example:
        >>> InterpreterWithCustomOps([swish], model_path="model.tflite")
    """

    __slots__ = ()

    def __init__(
        self, custom_op_registerers: Sequence[Any] | None = None, **arguments: Any
    ) -> None:
        """Read a model whose custom operators are given.

        Args:
            custom_op_registerers: what `gossamer.custom_operator` made. Names of C++
                functions and addresses, as TensorFlow Lite takes, are refused.
            **arguments: as `Interpreter` takes them.

        Raises:
            UnsupportedError: a kernel made for TensorFlow Lite is given.
        """
        from gossamer.ir.custom import named  # noqa: PLC0415  (every operator's base)

        given = named(custom_op_registerers or ())
        more: Mapping[str, Any] = arguments.pop("custom_operators", None) or {}
        super().__init__(**arguments, custom_operators={**given, **more})


def _declared(operators: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Custom operators as the reader of files takes them."""
    if not operators:
        return {}
    from gossamer.ir.custom import declarations  # noqa: PLC0415

    return declarations(operators)


def _refuse_delegates(delegates: Sequence[Any] | None) -> None:
    if delegates:
        raise UnsupportedError(
            f"experimental_delegates has {len(delegates)} delegates, and Gossamer, "
            "which compiles models itself, takes none. Leave the argument out"
        )


def _check_resolver(resolver: object) -> None:
    if not isinstance(resolver, OpResolverType):
        names = ", ".join(each.name for each in OpResolverType)
        raise InputError(
            f"Unrecognized passed in op resolver type: {resolver!r}. Pass a member of "
            f"OpResolverType: {names}"
        )


def _checked_threads(num_threads: Any) -> int:
    if num_threads is None:
        return 1
    try:
        threads = operator.index(num_threads)
    except TypeError:
        kind = type(num_threads).__name__
        raise InputError(
            f"type of num_threads should be int, not {kind} ({num_threads!r})"
        ) from None
    if threads < 1:
        raise InputError(
            f"num_threads should >= 1, not {threads}. Leave it out to use one thread"
        )
    return threads
