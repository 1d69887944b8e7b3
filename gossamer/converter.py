"""`TFLiteConverter` with the constructors, attributes and messages of TFLite's."""

from __future__ import annotations

import difflib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.api import element_type, import_model
from gossamer.assembly import Recipe, SparseMode, assemble
from gossamer.calibration import samples_of
from gossamer.errors import ConversionError, QuantizationError
from gossamer.frontends.jax.convert import from_jax
from gossamer.frontends.jax.serving import serving_function
from gossamer.frontends.keras.load import load_model
from gossamer.frontends.tensorflow import functions
from gossamer.frontends.tensorflow.convert import from_functions
from gossamer.ir.types import DType
from gossamer.quantization.constants import WeightOptions
from gossamer.quantization.rules import Rules
from gossamer.quantization.trained import is_trained
from gossamer.target import OpsSet, Optimize, RepresentativeDataset, TargetSpec

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gossamer.calibration import Samples
    from gossamer.ir.graph import Model
    from gossamer.quantization.rules import Mode


_SPARSE: tuple[SparseMode, SparseMode] = ("never", "auto")
_QUANTIZING = frozenset(
    {Optimize.DEFAULT, Optimize.OPTIMIZE_FOR_SIZE, Optimize.OPTIMIZE_FOR_LATENCY}
)
_INT16X8 = OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8

_ENDS: dict[str, tuple[DType, ...]] = {
    "int8": (DType.FLOAT32, DType.INT8, DType.UINT8),
    "int16x8": (DType.FLOAT32, DType.INT16),
}
_BIASES: dict[str, tuple[DType, ...]] = {
    "int8": (DType.INT32,),
    "int16x8": (DType.INT32, DType.INT64),
}

# Attributes whose other values would change the result in a way that is not built.
_MUST_STAY: tuple[str, ...] = (
    "_experimental_calibrate_only",
    "_experimental_strict_qdq",
    "_experimental_variable_quantization",
    "experimental_use_stablehlo_quantizer",
)


class TFLiteConverter:
    """Converts a model to `.tflite`, steered by attributes as TFLite's converter is.

    Attributes:
        optimizations: `{Optimize.DEFAULT}` quantizes; empty keeps float32;
            EXPERIMENTAL_SPARSITY stores weights without their zeros.
        representative_dataset: a function that yields calibration samples, or a
            `RepresentativeDataset`; with `optimizations` it makes the model int8.
        target_spec: which operators and types the device supports.
        inference_input_type: float32, int8 or uint8, for an int8 model; int16 for one
            with int16 activations.
        inference_output_type: the same for the outputs.
        lstm: "fused" or "while"; see `gossamer.convert`.
        allow_custom_ops: accepted; the front end makes none.
        exclude_conversion_metadata: leave out the line on how the file was made.
        others: accepted with TFLite's defaults; they steer parts of TensorFlow's own
            converter and have no effect here.

    Example:
        >>> converter = TFLiteConverter.from_keras_model(model)
        >>> converter.optimizations = [Optimize.DEFAULT]
        >>> data = converter.convert()
    """

    allow_custom_ops: bool = False
    exclude_conversion_metadata: bool = False
    experimental_new_converter: bool = True
    experimental_new_quantizer: bool = True
    experimental_enable_resource_variables: bool = True
    experimental_new_dynamic_range_quantizer: bool = True
    experimental_use_stablehlo_quantizer: bool = False
    experimental_stablehlo_quantizer_config: Any = None
    unfold_batchmatmul: bool = False
    legalize_custom_tensor_list_ops: bool = False
    canonicalizing_inf_as_min_max_float: bool = True
    serialize_debug_metadata: bool = False
    model_origin_framework: Any = None
    ir_dump_dir: str | None = None
    ir_dump_pass_regex: str | None = None
    ir_dump_func_regex: str | None = None
    enable_timing: bool | None = None
    print_ir_before: str | None = None
    print_ir_after: str | None = None
    print_ir_module_scope: bool | None = None
    elide_elementsattrs_if_larger: int | None = None
    optimizations: Iterable[Optimize]
    representative_dataset: Any = None
    target_spec: TargetSpec
    lstm: str = "fused"
    inference_input_type: Any = np.float32
    inference_output_type: Any = np.float32
    _experimental_lower_tensor_list_ops: bool = True
    _experimental_default_to_single_batch_in_tensor_list_ops: bool = False
    _experimental_use_buffer_offset: bool = False
    _experimental_guarantee_all_funcs_one_use: bool = False
    _experimental_calibrate_only: bool = False
    _experimental_disable_per_channel: bool = False
    _experimental_disable_per_channel_quantization_for_dense_layers: bool = False
    _experimental_full_integer_quantization_bias_type: Any = None
    _experimental_low_bit_qat: bool = False
    _experimental_strict_qdq: bool = False
    _experimental_variable_quantization: bool = False
    _trace: Callable[[str], Model]

    def __init__(self, trace: Callable[[str], Model]) -> None:
        """Use `from_keras_model`; `trace` makes the float model anew.

        It is given the form of LSTM layers.
        """
        self._trace = trace
        self.optimizations = set()
        self.target_spec = TargetSpec()

    def __setattr__(self, name: str, value: Any) -> None:
        known = type(self).__annotations__
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise AttributeError(f"TFLiteConverter has no attribute '{name}'.{hint}")
        object.__setattr__(self, name, value)

    @classmethod
    def from_keras_model(cls, model: Any) -> TFLiteConverter:
        """A converter for a Keras 3 model, on whatever backend."""
        return cls(lambda lstm: import_model(model, lstm=lstm))

    @classmethod
    def from_keras_model_file(
        cls,
        model_file: str | os.PathLike[str],
        custom_objects: dict[str, Any] | None = None,
    ) -> TFLiteConverter:
        """A converter for a `.keras` or `.h5` file.

        Raises:
            ConversionError: the file cannot be loaded.
        """
        model = load_model(model_file, custom_objects)
        return cls(lambda lstm: import_model(model, lstm=lstm))

    @classmethod
    def from_saved_model(
        cls,
        saved_model_dir: str | os.PathLike[str],
        signature_keys: Sequence[str] | None = None,
        tags: Iterable[str] | None = None,
    ) -> TFLiteConverter:
        """A converter for a SavedModel; needs TensorFlow (`gossamer[tensorflow]`).

        Args:
            saved_model_dir: the folder.
            signature_keys: which signatures; None for all that differ.
            tags: of the meta graph; None for "serve".

        Raises:
            ConversionError: no SavedModel, no such signature, or no TensorFlow.
        """
        found = functions.of_saved_model(saved_model_dir, signature_keys, tags)
        return cls(lambda _: from_functions(found))

    @classmethod
    def from_concrete_functions(
        cls, funcs: Sequence[Any], trackable_obj: Any = None
    ) -> TFLiteConverter:
        """A converter for TensorFlow's concrete functions, one signature for each.

        Args:
            funcs: what `tf.function(...).get_concrete_function(...)` returns.
            trackable_obj: TFLite's argument, not needed: functions hold variables.

        Raises:
            ConversionError: one is no concrete function, or TensorFlow is missing.
        """
        del trackable_obj
        found = functions.of_concrete(funcs)
        return cls(lambda _: from_functions(found))

    @classmethod
    def from_frozen_graph(
        cls,
        graph_def_file: str | os.PathLike[str],
        input_arrays: Sequence[str],
        output_arrays: Sequence[str],
        input_shapes: Mapping[str, Sequence[int | None]] | None = None,
    ) -> TFLiteConverter:
        """A converter for a frozen GraphDef; needs TensorFlow.

        Args:
            graph_def_file: the `.pb` file.
            input_arrays: names of the operations where it begins.
            output_arrays: where it ends.
            input_shapes: of inputs whose shape the file leaves open, by name.

        Raises:
            ConversionError: no such file, or no such operations in it.
        """
        found = functions.of_graph_file(
            graph_def_file, input_arrays, output_arrays, input_shapes
        )
        return cls(lambda _: from_functions([found]))

    @classmethod
    def from_session(
        cls, sess: Any, input_tensors: Sequence[Any], output_tensors: Sequence[Any]
    ) -> TFLiteConverter:
        """A converter for a session of TensorFlow 1; needs TensorFlow.

        Args:
            sess: a `tf.compat.v1.Session`, whose variables have their values.
            input_tensors: where it begins.
            output_tensors: where it ends.

        Raises:
            ConversionError: no session was given, or TensorFlow is missing.
        """
        found = functions.of_session(sess, input_tensors, output_tensors)
        return cls(lambda _: from_functions([found]))

    @classmethod
    def experimental_from_jax(cls, serving_funcs: Any, inputs: Any) -> TFLiteConverter:
        """A converter for one JAX function.

        Args:
            serving_funcs: a list of the function.
            inputs: a list of its inputs: pairs of a name and an example array, in the
                order of the function's arguments.

        Raises:
            ConversionError: the lists do not fit each other.
        """
        function, names, examples = serving_function(serving_funcs, inputs)
        return cls(lambda _: from_jax(function, *examples, input_names=names))

    def convert(self) -> bytes:
        """The bytes of the `.tflite` file.

        Raises:
            ConversionError: parts of the model have no conversion; all are named.
            QuantizationError: the attributes contradict each other, or the
                representative dataset does not fit the model.
        """
        return assemble(*self.prepared())

    def prepared(self) -> tuple[Model, Recipe]:
        """The float model as the front end gives it, and what is to be made of it."""
        self._require_built_attributes()
        model = self._trace(self.lstm)
        return model, self._recipe(trained=is_trained(model))

    def _recipe(self, *, trained: bool) -> Recipe:
        """TFLite's decision which quantization the attributes ask for.

        A model that was `trained` with its ranges needs no samples.
        """
        operators = self._operator_sets()
        types = {element_type(kind) for kind in self.target_spec.supported_types}
        only = {frozenset({OpsSet.TFLITE_BUILTINS_INT8}), frozenset({_INT16X8})}
        strict = frozenset(operators) in only or types == {DType.INT8}
        if strict:
            self._require_int8(operators, types, trained=trained)
        mode = self._mode(types, trained=trained)
        ends = (
            element_type(self.inference_input_type, "inference_input_type"),
            element_type(self.inference_output_type, "inference_output_type"),
        )
        if mode in _ENDS:
            _require_ends(ends, _ENDS[mode])
        return Recipe(
            Rules.of(mode),
            self._samples(),
            *ends,
            strict=strict,
            describe=not self.exclude_conversion_metadata,
            weights=self._weight_options(mode),
            # Weights stay dense unless asked for otherwise, as TFLite has it.
            sparse=_SPARSE[Optimize.EXPERIMENTAL_SPARSITY in set(self.optimizations)],
        )

    def _weight_options(self, mode: Mode) -> WeightOptions:
        dense = self._experimental_disable_per_channel_quantization_for_dense_layers
        channels = not self._experimental_disable_per_channel
        return WeightOptions(self._bias_type(mode), channels, not dense)

    def _bias_type(self, mode: Mode) -> DType:
        """The type of biases beside int16 activations."""
        given = self._experimental_full_integer_quantization_bias_type
        if given is None:
            return DType.INT64
        dtype = element_type(given, "_experimental_full_integer_quantization_bias_type")
        allowed = _BIASES["int16x8" if mode == "int16x8" else "int8"]
        if dtype not in allowed:
            names = " or ".join(f"`dtypes.{each.title}`" for each in allowed)
            kind = "Int16Quant" if mode == "int16x8" else "Int8Quant"
            raise QuantizationError(
                f"Expected bias type to be {names} for {kind}. "
                f"Current setting bias type: {dtype.title}"
            )
        return dtype

    def _mode(self, types: set[DType], *, trained: bool) -> Mode:
        wanted = set(self.optimizations)
        unknown = [x for x in wanted if not isinstance(x, Optimize)]  # pyright: ignore[reportUnnecessaryIsInstance]
        if unknown:
            raise QuantizationError(
                f"optimizations holds {unknown[0]!r}; expected Optimize.DEFAULT"
            )
        if not wanted & _QUANTIZING:
            if self.representative_dataset is not None:
                _warn(
                    "representative_dataset is set but not used, since `optimizations` "
                    "is empty: the model stays in float32. Set optimizations = "
                    "[Optimize.DEFAULT] to quantize."
                )
            return "float32"
        if DType.FLOAT16 in types:
            return "float16"
        if self.representative_dataset is None and not trained:
            return "dynamic"
        return "int16x8" if _INT16X8 in self._operator_sets() else "int8"

    def _operator_sets(self) -> set[OpsSet]:
        operators = set(self.target_spec.supported_ops)
        unknown = [x for x in operators if not isinstance(x, OpsSet)]  # pyright: ignore[reportUnnecessaryIsInstance]
        if unknown or not operators:
            raise ConversionError(
                f"target_spec.supported_ops is {self.target_spec.supported_ops!r}; "
                f"expected some of {', '.join(OpsSet.get_options())} of OpsSet."
            )
        if OpsSet.EXPERIMENTAL_STABLEHLO_OPS in operators:
            raise ConversionError(
                "StableHLO operators are not made. Take EXPERIMENTAL_STABLEHLO_OPS out "
                "of target_spec.supported_ops."
            )
        return operators

    def _require_int8(
        self, operators: set[OpsSet], types: set[DType], *, trained: bool
    ) -> None:
        if operators == {OpsSet.TFLITE_BUILTINS_INT8} and types - {DType.INT8}:
            raise QuantizationError(
                "As full integer quantization has been enabled by setting "
                "`target_spec.supported_ops`={TFLITE_BUILTINS_INT8}, thus "
                "`target_spec.supported_types` should be left uninitialized or set to "
                f"{{tf.int8}}. Found {', '.join(sorted(t.title for t in types))}."
            )
        if self.representative_dataset is None and not trained:
            raise QuantizationError(
                "For full integer quantization, a `representative_dataset` must be "
                "specified. Set it to a function that yields lists of typical inputs."
            )

    def _samples(self) -> Samples | None:
        given = self.representative_dataset
        if given is None:
            return None
        generator = (
            given.input_gen if isinstance(given, RepresentativeDataset) else given
        )
        return lambda model: samples_of(model, generator)

    def _require_built_attributes(self) -> None:
        for name in _MUST_STAY:
            value = getattr(self, name)
            if value != getattr(type(self), name):
                raise ConversionError(
                    f"{name}={value!r} would change the model in a way that is not "
                    "available. Leave the attribute at its default, "
                    f"{getattr(type(self), name)!r}."
                )


def _require_ends(ends: tuple[DType, DType], allowed: tuple[DType, ...]) -> None:
    for dtype in ends:
        if dtype not in allowed:
            raise QuantizationError(
                "The inference_input_type and inference_output_type must be in "
                f"{[f'tf.{each.title}' for each in allowed]}. Found tf.{dtype.title}."
            )


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)
