"""Names, arguments and defaults are TFLite's, so that programs carry over."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

import gossamer
from gossamer.runtime import delegate

CONSTRUCTORS = {
    "from_keras_model": "(model)",
    "from_keras_model_file": "(model_file, custom_objects=None)",
    "from_saved_model": "(saved_model_dir, signature_keys=None, tags=None)",
    "from_concrete_functions": "(funcs, trackable_obj=None)",
    "from_frozen_graph": (
        "(graph_def_file, input_arrays, output_arrays, input_shapes=None)"
    ),
    "from_session": "(sess, input_tensors, output_tensors)",
    "experimental_from_jax": "(serving_funcs, inputs)",
}
ATTRIBUTES = {
    "optimizations": set(),
    "representative_dataset": None,
    "inference_input_type": np.float32,
    "inference_output_type": np.float32,
    "allow_custom_ops": False,
    "exclude_conversion_metadata": False,
    "experimental_new_converter": True,
    "experimental_new_quantizer": True,
    "experimental_enable_resource_variables": True,
    "experimental_new_dynamic_range_quantizer": True,
    "experimental_use_stablehlo_quantizer": False,
    "experimental_stablehlo_quantizer_config": None,
    "unfold_batchmatmul": False,
    "legalize_custom_tensor_list_ops": False,
    "canonicalizing_inf_as_min_max_float": True,
    "serialize_debug_metadata": False,
    "model_origin_framework": None,
    "ir_dump_dir": None,
    "ir_dump_pass_regex": None,
    "ir_dump_func_regex": None,
    "enable_timing": None,
    "print_ir_before": None,
    "print_ir_after": None,
    "print_ir_module_scope": None,
    "elide_elementsattrs_if_larger": None,
    "_experimental_lower_tensor_list_ops": True,
    "_experimental_disable_per_channel": False,
    "_experimental_disable_per_channel_quantization_for_dense_layers": False,
    "_experimental_calibrate_only": False,
    "_experimental_default_to_single_batch_in_tensor_list_ops": False,
    "_experimental_full_integer_quantization_bias_type": None,
    "_experimental_low_bit_qat": False,
    "_experimental_variable_quantization": False,
    "_experimental_use_buffer_offset": False,
    "_experimental_strict_qdq": False,
    "_experimental_guarantee_all_funcs_one_use": False,
}
METHODS = (
    "allocate_tensors",
    "get_input_details",
    "get_output_details",
    "get_signature_list",
    "get_signature_runner",
    "get_tensor",
    "get_tensor_details",
    "invoke",
    "num_subgraphs",
    "reset_all_variables",
    "resize_tensor_input",
    "set_tensor",
    "tensor",
)


def _plain(function):
    """A signature's names and defaults, without types."""
    signature = inspect.signature(function)
    free = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
    ]
    empty = inspect.Signature.empty
    return signature.replace(parameters=free, return_annotation=empty)


def _defaults(function):
    """Parameters in order with their defaults; members of enumerations by name."""
    return {
        name: getattr(each.default, "name", each.default)
        for name, each in inspect.signature(function).parameters.items()
    }


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors_of_the_converter(name):
    found = _plain(getattr(gossamer.TFLiteConverter, name))
    assert str(found) == CONSTRUCTORS[name]


def test_attributes_of_the_converter():
    converter = gossamer.TFLiteConverter.from_keras_model(None)
    found = {name: getattr(converter, name) for name in ATTRIBUTES}
    assert found == ATTRIBUTES
    for name, value in ATTRIBUTES.items():
        setattr(converter, name, value)


def test_the_target():
    target = gossamer.TargetSpec()
    assert target.supported_ops == {gossamer.OpsSet.TFLITE_BUILTINS}
    assert target.supported_types == set()
    assert target.experimental_select_user_tf_ops == set()
    assert target.experimental_supported_backends is None
    assert [each.name for each in gossamer.Optimize] == [
        "DEFAULT", "OPTIMIZE_FOR_SIZE", "OPTIMIZE_FOR_LATENCY", "EXPERIMENTAL_SPARSITY",
    ]  # fmt: skip


def test_the_interpreter_is_made_with_the_same_arguments():
    ours = _defaults(gossamer.Interpreter)
    theirs = _defaults(litert.Interpreter)
    assert list(ours)[: len(theirs)] == list(theirs)
    assert {name: ours[name] for name in theirs} == theirs


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_the_interpreter(name):
    ours = _defaults(getattr(gossamer.Interpreter, name))
    theirs = _defaults(getattr(litert.Interpreter, name))
    assert {key: ours.get(key, "missing") for key in theirs} == theirs


def test_what_stands_beside_the_interpreter():
    ours = _defaults(gossamer.InterpreterWithCustomOps)
    assert next(iter(ours)) == "custom_op_registerers"
    assert _defaults(delegate.load_delegate) == _defaults(litert.load_delegate)
    names = [each.name for each in litert.OpResolverType]
    assert [each.name for each in gossamer.OpResolverType] == names


def test_what_is_experimental():
    analyze = gossamer.experimental.Analyzer.analyze
    names = ["model_path", "model_content", "gpu_compatibility"]
    assert list(_defaults(analyze))[:3] == names
    options = _defaults(gossamer.experimental.QuantizationDebugOptions)
    assert {
        "layer_debug_metrics",
        "model_debug_metrics",
        "layer_direct_compare_metrics",
        "denylisted_ops",
        "denylisted_nodes",
        "fully_quantize",
    } <= set(options)
    debugger = gossamer.experimental.QuantizationDebugger
    assert {
        "quant_debug_model_path",
        "quant_debug_model_content",
        "float_model_path",
        "float_model_content",
        "debug_dataset",
        "debug_options",
        "converter",
    } <= set(_defaults(debugger))
