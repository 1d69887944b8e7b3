"""Say in a model's file what it is, and read it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from gossamer.errors import InputError
from gossamer.flatbuffer.metadata import NAME, decode, encode
from gossamer.flatbuffer.read import read as read_model
from gossamer.flatbuffer.write import write
from gossamer.metadata.package import files_of, with_files, without_files
from gossamer.metadata.records import (
    AssociatedFile,
    ModelMetadata,
    NormalizationOptions,
    ProcessUnit,
    SubGraphMetadata,
    TensorMetadata,
    from_record,
    to_record,
)
from gossamer.metadata.versions import minimum_parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Model, Tensor

    Numbers: TypeAlias = float | Sequence[float]
    Labels: TypeAlias = Sequence[str]
    Normalization: TypeAlias = tuple[Numbers, Numbers]


@dataclass(frozen=True, slots=True)
class Described:
    """What a file says of its model.

    Attributes:
        metadata: the record, None where the file has none.
        files: the files behind the model, by name.
    """

    metadata: ModelMetadata | None
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def read(model: bytes) -> Described:
    """What the bytes of a `.tflite` file say of their model.

    Raises:
        FormatError: the file, its metadata or the package behind it is damaged.
    """
    found = read_model(model).metadata.get(NAME)
    metadata = None if found is None else from_record("ModelMetadata", decode(found))
    return Described(metadata, files_of(model))


def write_metadata(
    model: bytes, metadata: ModelMetadata, files: Mapping[str, bytes]
) -> bytes:
    """The file with a record, and files behind it, in the place of what it had.

    Raises:
        InputError: the record does not fit the model, or lists a file that is missing.
        FormatError: the file is damaged.
    """
    plain = read_model(without_files(model))
    _require_fit(plain, metadata)
    lacking = sorted({x.name for x in recorded_files(metadata)} - files.keys())
    if lacking:
        raise InputError(
            f"File, '{lacking[0]}', is recorded in the metadata, but has not been "
            "loaded into the populator."
        )
    stated = replace(metadata, min_parser_version=minimum_parser(metadata))
    entries = {**plain.metadata, NAME: encode(to_record(stated))}
    return with_files(write(replace(plain, metadata=entries)), files)


def recorded_files(metadata: ModelMetadata) -> list[AssociatedFile]:
    """Every file that a record speaks of."""
    found = list(metadata.associated_files)
    for graph in metadata.subgraph_metadata:
        found += graph.associated_files
        for tensor in graph.input_tensor_metadata + graph.output_tensor_metadata:
            found += tensor.associated_files
    return found


def _require_fit(model: Model, metadata: ModelMetadata) -> None:
    graphs = metadata.subgraph_metadata
    if not graphs:
        return
    for side, tensors, stated in (
        ("input", model.main.inputs, graphs[0].input_tensor_metadata),
        ("output", model.main.outputs, graphs[0].output_tensor_metadata),
    ):
        if stated and len(stated) != len(tensors):
            raise InputError(
                f"The number of {side} tensors ({len(tensors)}) should match the "
                f"number of {side} tensor metadata ({len(stated)})"
            )


def attach(
    model: bytes,
    *,
    name: str = "",
    description: str = "",
    version: str = "",
    author: str = "",
    license: str = "",  # noqa: A002  the schema's word
    descriptions: Mapping[str, str] | None = None,
    normalization: Normalization | Mapping[str, Normalization] | None = None,
    labels: Labels | Mapping[str, Labels] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """A `.tflite` file that says what it is, and how to use it.

    Args:
        model: the bytes of the file.
        name: the model's name.
        description: what the model does.
        version: its version.
        author: who made it.
        license: under which licence it may be used.
        descriptions: what inputs and outputs are, by the name of the signature.
        normalization: (mean, std) with which an input is made of what is measured,
            one number or one per channel; by name, where there are several inputs.
        labels: what the places along an output's last axis stand for; by name, where
            there are several outputs. They become a file behind the model.
        files: further files, by name.

    Raises:
        InputError: a name is no input or output, or the labels do not fit.
        FormatError: the file is damaged.

    Example:
        >>> data = metadata.attach(data, labels=["cat", "dog"])
    """
    plain = read_model(without_files(model))
    ends = _Ends.of(plain)
    packed = dict(files or {})
    outputs = _labelled(ends, ends.only(labels, "outputs", "labels"), packed)
    inputs = _normalized(ends, ends.only(normalization, "inputs", "normalization"))
    tensors = ends.described(inputs | outputs, descriptions or {})
    graph = SubGraphMetadata(
        input_tensor_metadata=tuple(tensors[x] for x in plain.main.inputs),
        output_tensor_metadata=tuple(tensors[x] for x in plain.main.outputs),
    )
    extra = tuple(AssociatedFile(each) for each in files or {})
    record = ModelMetadata(name, description, version, (graph,), author, license, extra)
    return write_metadata(model, record, packed)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The inputs and outputs of the main subgraph by the names that users know."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]

    @staticmethod
    def of(model: Model) -> _Ends:
        for signature in model.signatures:
            if signature.subgraph == 0:
                return _Ends(signature.inputs, signature.outputs)
        main = model.main
        return _Ends(
            {x.name: x for x in main.inputs}, {y.name: y for y in main.outputs}
        )

    def only(self, given: Any, side: str, what: str) -> dict[str, Any]:
        """What is given by name; what is given without goes to the only tensor."""
        tensors = self.inputs if side == "inputs" else self.outputs
        if given is None:
            return {}
        if isinstance(given, Mapping):
            named = cast("Mapping[str, Any]", given)
            for name in named:
                _require_name(name, tensors, what)
            return dict(named)
        if len(tensors) != 1:
            raise InputError(
                f"the model has {len(tensors)} {side}: {', '.join(tensors)}; give "
                f"{what} as a dict by name"
            )
        return {next(iter(tensors)): given}

    def described(
        self,
        known: Mapping[str, TensorMetadata],
        descriptions: Mapping[str, str],
    ) -> dict[Tensor, TensorMetadata]:
        """A record for every input and output."""
        named = {**self.inputs, **self.outputs}
        for name in descriptions:
            _require_name(name, named, "descriptions")
        return {
            tensor: replace(
                known.get(name, TensorMetadata(name)),
                description=descriptions.get(name, ""),
            )
            for name, tensor in named.items()
        }


def _require_name(name: str, tensors: Mapping[str, Tensor], what: str) -> None:
    if name not in tensors:
        raise InputError(
            f"{what} names '{name}', which is none of {', '.join(tensors)}"
        )


def _normalized(
    ends: _Ends, given: Mapping[str, Normalization]
) -> dict[str, TensorMetadata]:
    made: dict[str, TensorMetadata] = {}
    for name, (mean, std) in given.items():
        options = NormalizationOptions(_numbers(mean), _numbers(std))
        channels = ends.inputs[name].shape[-1:]
        for values in (options.mean, options.std):
            if len(values) not in (1, *channels):
                raise InputError(
                    f"the normalization of '{name}' has {len(values)} numbers; "
                    f"expected one, or one for each of {list(channels)} channels"
                )
        if 0 in options.std:
            raise InputError(f"the normalization of '{name}' divides by zero")
        made[name] = TensorMetadata(name, process_units=(ProcessUnit(options),))
    return made


def _numbers(value: Numbers) -> tuple[float, ...]:
    return (
        (float(value),) if isinstance(value, (int, float)) else tuple(map(float, value))
    )


def _labelled(
    ends: _Ends, given: Mapping[str, Labels], files: dict[str, bytes]
) -> dict[str, TensorMetadata]:
    """The outputs with labels; each list of them becomes one of the files."""
    made: dict[str, TensorMetadata] = {}
    for name, labels in given.items():
        classes = ends.outputs[name].shape[-1:]
        if len(labels) != (classes[0] if classes else 1):
            raise InputError(
                f"there are {len(labels)} labels for '{name}', whose last axis has "
                f"{list(classes)} places"
            )
        if any("\n" in label for label in labels):
            raise InputError(f"a label of '{name}' has more than one line")
        title = (
            "labels.txt" if len(given) == 1 else f"{name.replace('/', '_')}_labels.txt"
        )
        files[title] = "".join(f"{label}\n" for label in labels).encode()
        what = "What the places along the last axis stand for."
        file = AssociatedFile(title, what, "tensor_axis_labels")
        made[name] = TensorMetadata(name, associated_files=(file,))
    return made


def labels_of(described: Described, tensor: TensorMetadata) -> list[str] | None:
    """The labels of an output's places, None where it has none."""
    for file in tensor.associated_files:
        if file.type == "tensor_axis_labels" and file.name in described.files:
            text = described.files[file.name].decode("utf-8", "replace")
            return text.splitlines()
    return None
