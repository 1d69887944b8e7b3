"""The element types that LiteRT 2.3 takes, by operator: its kernels were asked.

A type is that of the operator's data, or of its data and its weights, as
`float32*int8` (see `tests/ops/coverage.py`). Where a kernel does not look at the type,
as FAKE_QUANT's, only those are here that it makes sense of.
"""

from __future__ import annotations

TYPES = {
    "ABS": "float32 int16 int32 int8",
    "ADD": "float16 float32 int16 int32 int64 int8 uint8",
    "ADD_N": "float32 int32",
    "ARG_MAX": "bool float32 int32 int8 uint8",
    "ARG_MIN": "bool float32 int32 int8 uint8",
    "ATAN2": "bfloat16 float16 float32 float64",
    "AVERAGE_POOL_2D": "float32 int16 int8 uint8",
    "BATCH_MATMUL": "float32*float32 float32*int8 int16*int16 int8*int8",
    "BATCH_TO_SPACE_ND": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "BIDIRECTIONAL_SEQUENCE_LSTM": "float32*float32 float32*int8 float32*uint8",
    "BIDIRECTIONAL_SEQUENCE_RNN": "float32*float32 float32*int8 float32*uint8",
    "BITWISE_XOR": "int16 int32 int8 uint16 uint32 uint8",
    "BROADCAST_ARGS": "int32 int64",
    "BROADCAST_TO": (
        "bfloat16 bool complex128 complex64 float16 float32 float64 int16 int32 "
        "int64 int8 uint16 uint32 uint64 uint8"
    ),
    "BUCKETIZE": "float32 float64 int32 int64",
    "CAST": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 uint16 uint32 uint4 uint8"
    ),
    "CEIL": "float32",
    "COMPLEX_ABS": "complex128 complex64",
    "CONCATENATION": (
        "bfloat16 bool float16 float32 int16 int32 int4 int64 int8 uint32 uint8"
    ),
    "CONV_2D": (
        "float32*float16 float32*float32 float32*int8 float32*uint8 int16*int8 "
        "int8*int4 int8*int8 uint8*uint8"
    ),
    "CONV_3D": "float32*float32",
    "CONV_3D_TRANSPOSE": "float32*float32",
    "COS": "float16 float32",
    "CUMSUM": "float32 int32 int64",
    "Convolution2DTransposeBias": "float32",
    "DEPTHWISE_CONV_2D": (
        "float32*float32 float32*int8 int16*int8 int8*int4 int8*int8 uint8*uint8"
    ),
    "DEPTH_TO_SPACE": "float32 int32 int64 int8 uint8",
    "DEQUANTIZE": "float16 int16 int2 int4 int8 uint4 uint8",
    "DILATE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "DIV": "float32 int16 int32 int8 uint8",
    "DYNAMIC_UPDATE_SLICE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 uint16 uint32 uint64 uint8"
    ),
    "ELU": "float32 int8",
    "EMBEDDING_LOOKUP": "bool float16 float32 int16 int4 int64 int8 uint8",
    "EQUAL": "bool float16 float32 int16 int32 int64 int8 string uint8",
    "EXP": "float32 int16 int8",
    "EXPAND_DIMS": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 string uint16 uint32 uint64 uint8"
    ),
    "FAKE_QUANT": "float32",
    "FILL": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "string uint16 uint32 uint64 uint8"
    ),
    "FLOOR": "bfloat16 float16 float32",
    "FLOOR_DIV": "float32 int16 int32 int8",
    "FLOOR_MOD": "float32 int16 int32 int64 int8",
    "FULLY_CONNECTED": (
        "float32*float16 float32*float32 float32*int2 float32*int4 float32*int8 "
        "float32*uint8 int16*int16 int16*int2 int16*int4 int16*int8 int8*int2 "
        "int8*int4 int8*int8 uint8*uint8"
    ),
    "GATHER": "bfloat16 bool float16 float32 int16 int32 int4 int64 int8 string uint8",
    "GATHER_ND": "bfloat16 bool float16 float32 int16 int32 int64 int8 string uint8",
    "GELU": "float16 float32 int16 int8 uint8",
    "GREATER": "bfloat16 float16 float32 int16 int32 int64 int8 uint8",
    "GREATER_EQUAL": "float16 float32 int16 int32 int64 int8 uint8",
    "HARD_SWISH": "float32 int8 uint8",
    "HASHTABLE_LOOKUP": "bool float16 float32 int16 int32 int64 int8 uint8",
    "IMAG": "complex128 complex64",
    "L2_NORMALIZATION": "float32 int8 uint8",
    "L2_POOL_2D": "float32",
    "LEAKY_RELU": "float32 int16 int8 uint8",
    "LESS": "bfloat16 float16 float32 int16 int32 int64 int8 uint8",
    "LESS_EQUAL": "float16 float32 int16 int32 int64 int8 uint8",
    "LOCAL_RESPONSE_NORMALIZATION": "float32",
    "LOG": "float32 int16 int8",
    "LOGICAL_AND": "bool",
    "LOGICAL_NOT": "bool",
    "LOGICAL_OR": "bool",
    "LOGISTIC": "bfloat16 float16 float32 int16 int8 uint8",
    "LOG_SOFTMAX": "float32 int8 uint8",
    "LSTM": ("float32*float32 float32*int8 float32*uint8 int8*int8 uint8*uint8"),
    "MATRIX_DIAG": "float32 int16 int32 int64 int8 uint8",
    "MATRIX_SET_DIAG": "float32 int16 int32 int64 int8 uint8",
    "MAXIMUM": "bfloat16 float16 float32 int16 int32 int64 int8 uint8",
    "MAX_POOL_2D": "float32 int16 int8 uint8",
    "MEAN": "float32 int16 int32 int64 int8 uint8",
    "MINIMUM": "bfloat16 float16 float32 int16 int32 int64 int8 uint8",
    "MIRROR_PAD": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "MUL": "complex64 float16 float32 int16 int32 int64 int8 uint32 uint8",
    "MULTINOMIAL": "float32",
    "NEG": "bfloat16 float16 float32 int16 int32 int64 int8",
    "NON_MAX_SUPPRESSION_V4": "float32",
    "NON_MAX_SUPPRESSION_V5": "float32",
    "NOT_EQUAL": "bool float16 float32 int16 int32 int64 int8 string uint8",
    "ONE_HOT": "bool float32 int32 int64 int8 uint8",
    "PACK": "float32 int16 int32 int64 int8 uint32 uint8",
    "PAD": "bfloat16 bool float16 float32 int16 int32 int64 int8 uint8",
    "PADV2": "bfloat16 bool float16 float32 int16 int32 int64 int8 uint8",
    "POW": "float32 int32",
    "PRELU": "float32 int16 int8 uint8",
    "QUANTIZE": "float32 int16 int32 int8 uint8",
    "RANDOM_STANDARD_NORMAL": "int32",
    "RANDOM_UNIFORM": "int32",
    "RANGE": "float32 int32 int64",
    "RANK": "bool float16 float32 int16 int32 int64 int8 uint8",
    "REAL": "complex128 complex64",
    "REDUCE_ALL": "bool",
    "REDUCE_ANY": "bool",
    "REDUCE_MAX": "bool float32 int16 int32 int64 int8 uint8",
    "REDUCE_MIN": "bool float32 int16 int32 int64 int8 uint8",
    "REDUCE_PROD": "bool float32 int16 int32 int64 int8 uint8",
    "REDUCE_WINDOW": "bool float32 float64 int16 int32 int64 int8 uint8",
    "RELU": "float32 int16 int8 uint8",
    "RELU6": "float32 int16 int8 uint8",
    "RELU_0_TO_1": "float32 int8 uint8",
    "RELU_N1_TO_1": "float32 int8 uint8",
    "RESHAPE": (
        "bfloat16 bool complex128 complex64 float16 float32 float64 int16 int32 "
        "int4 int64 int8 string uint16 uint32 uint64 uint8"
    ),
    "RESIZE_BILINEAR": "float32 int16 int8 uint8",
    "RESIZE_NEAREST_NEIGHBOR": (
        "bfloat16 bool float16 float32 int16 int32 int8 uint16 uint32 uint8"
    ),
    "REVERSE_SEQUENCE": "float32 int16 int32 int64 uint8",
    "REVERSE_V2": "bfloat16 bool float16 float32 int16 int32 int64 int8 uint8",
    "RIGHT_SHIFT": "int16 int32 int8 uint16 uint32 uint8",
    "RNN": "float32*float32 float32*int8 float32*uint8",
    "ROUND": "bfloat16 float16 float32",
    "RSQRT": "float32 int16 int8",
    "SCATTER_ND": "bool float32 int32 int64 int8 uint8",
    "SEGMENT_SUM": "float32 int32",
    "SELECT": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "SELECT_V2": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "SHAPE": "bool float16 float32 int16 int32 int64 int8 string uint8",
    "SIGN": "float32 float64 int32",
    "SIN": "float16 float32",
    "SLICE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 string uint16 uint32 uint64 uint8"
    ),
    "SOFTMAX": "float16 float32 int16 int8 uint8",
    "SPACE_TO_BATCH_ND": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "SPACE_TO_DEPTH": "float32 int32 int64 int8 uint8",
    "SPARSE_TO_DENSE": "float32 int32 int64 int8 uint8",
    "SPLIT": "float32 int16 int32 int64 int8 uint8",
    "SPLIT_V": "float32 int16 int32 int64 int8 uint8",
    "SQRT": "float32 int16 int8",
    "SQUARE": "float32",
    "SQUARED_DIFFERENCE": "float32 int32 int8",
    "SQUEEZE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 string uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_ADD": (
        "bool float16 float32 float64 int16 int32 int64 int8 uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_AND": "bool int16 int32 int64 int8 uint16 uint32 uint64 uint8",
    "STABLEHLO_GATHER": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_MAXIMUM": (
        "bool float16 float32 float64 int16 int32 int64 int8 uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_MINIMUM": (
        "bool float16 float32 float64 int16 int32 int64 int8 uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_MULTIPLY": (
        "bool float16 float32 float64 int16 int32 int64 int8 uint16 uint32 uint64 uint8"
    ),
    "STABLEHLO_PAD": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "uint16 uint32 uint64 uint8"
    ),
    "STRIDED_SLICE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "string uint16 uint64 uint8"
    ),
    "SUB": "float32 int16 int32 int64 int8 uint8",
    "SUM": "bool float32 int32 int64 int8 uint8",
    "SVDF": "float32*float32 float32*int8 float32*uint8 int8*int8",
    "TANH": "bfloat16 float16 float32 int16 int8 uint8",
    "TILE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int64 int8 "
        "string uint16 uint32 uint64 uint8"
    ),
    "TOPK_V2": "float32 int16 int32 int64 int8 uint8",
    "TRANSPOSE": (
        "bfloat16 bool complex64 float16 float32 float64 int16 int32 int4 int64 "
        "int8 uint16 uint32 uint4 uint64 uint8"
    ),
    "TRANSPOSE_CONV": (
        "float32*float16 float32*float32 float32*int8 int16*int8 int8*int8 uint8*uint8"
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (
        "float32*float32 float32*int8 float32*uint8 int8*int8"
    ),
    "UNIDIRECTIONAL_SEQUENCE_RNN": "float32*float32 float32*int8 float32*uint8",
    "UNIQUE": "float32 int16 int32 int64 int8 uint8",
    "UNPACK": "bfloat16 bool float16 float32 int16 int32 int8 uint8",
    "UNSORTED_SEGMENT_MAX": "float32 int32",
    "UNSORTED_SEGMENT_MIN": "float32 int32",
    "UNSORTED_SEGMENT_PROD": "float32 int32",
    "UNSORTED_SEGMENT_SUM": "float32 int32",
    "WHERE": "bool float32 int32 int64 int8 uint32 uint8",
    "ZEROS_LIKE": "float32 int32 int64",
}

BEYOND = {
    ("FULLY_CONNECTED", "float32*float16"): "LiteRT wants them dequantized before",
    ("LSTM", "float32*none"): "a case of weights that are left out",
}
"""What our operators take besides, and their own tests judge."""

ELSEWHERE = {
    "ASSIGN_VARIABLE": "runtime/calls.py",
    "BITCAST": "ops/test_bitwise.py",
    "CALL_ONCE": "runtime/calls.py",
    "DENSIFY": "ops/test_densify.py",
    "HASHTABLE": "ops/test_hashtable.py",
    "HASHTABLE_FIND": "ops/test_hashtable.py",
    "HASHTABLE_IMPORT": "ops/test_hashtable.py",
    "HASHTABLE_SIZE": "ops/test_hashtable.py",
    "IF": "runtime/calls.py",
    "READ_VARIABLE": "runtime/calls.py",
    "RFFT2D": "ops/test_complex.py",
    "STABLEHLO_CASE": "ops/test_stablehlo_call.py",
    "STABLEHLO_COMPOSITE": "ops/test_stablehlo_call.py",
    "STABLEHLO_REDUCE_WINDOW": "ops/test_stablehlo_reduce_window.py",
    "STABLEHLO_RNG_BIT_GENERATOR": "ops/test_stablehlo_rng.py",
    "STABLEHLO_SCATTER": "ops/test_stablehlo_scatter.py",
    "STABLEHLO_SHIFT_LEFT": "ops/test_stablehlo_binary.py",
    "VAR_HANDLE": "runtime/calls.py",
    "WHILE": "runtime/calls.py",
}
"""Operators that one node cannot show, or whose cases are made while a test runs."""
