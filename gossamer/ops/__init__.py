"""The catalogue of operators; importing it declares all of them."""

from gossamer.ops.add_n import AddN
from gossamer.ops.arg import ArgMax, ArgMin
from gossamer.ops.arithmetic import Add, Div, Mul, Sub
from gossamer.ops.atan2 import Atan2
from gossamer.ops.audio import AudioSpectrogram, Mfcc
from gossamer.ops.batch_matmul import BatchMatMul
from gossamer.ops.bidirectional_sequence_lstm import BidirectionalSequenceLstm
from gossamer.ops.bidirectional_sequence_rnn import BidirectionalSequenceRnn
from gossamer.ops.bitcast import Bitcast
from gossamer.ops.bitwise import BitwiseXor, RightShift
from gossamer.ops.broadcast import BroadcastArgs, BroadcastTo
from gossamer.ops.bucketize import Bucketize
from gossamer.ops.cast import Cast
from gossamer.ops.compare import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from gossamer.ops.complex import ComplexAbs, Imag, Real
from gossamer.ops.concatenation import Concatenation
from gossamer.ops.control import CallOnce, If, While
from gossamer.ops.conv_2d import Conv2D
from gossamer.ops.conv_3d import Conv3D
from gossamer.ops.conv_3d_transpose import Conv3DTranspose
from gossamer.ops.convolution_2d_transpose_bias import Convolution2DTransposeBias
from gossamer.ops.cumsum import Cumsum
from gossamer.ops.densify import Densify
from gossamer.ops.depthwise_conv_2d import DepthwiseConv2D
from gossamer.ops.detection_post_process import DetectionPostProcess
from gossamer.ops.dilate import Dilate
from gossamer.ops.dynamic_update_slice import DynamicUpdateSlice
from gossamer.ops.embedding_lookup import EmbeddingLookup, HashtableLookup
from gossamer.ops.expand_dims import ExpandDims
from gossamer.ops.fake_quant import FakeQuant
from gossamer.ops.fill import Fill, ZerosLike
from gossamer.ops.floor_div import FloorDiv, FloorMod
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.gather import Gather, GatherNd
from gossamer.ops.hard_swish import HardSwish
from gossamer.ops.hashtable import (
    Hashtable,
    HashtableFind,
    HashtableImport,
    HashtableSize,
)
from gossamer.ops.l2_normalization import L2Normalization
from gossamer.ops.local_response_normalization import LocalResponseNormalization
from gossamer.ops.log_softmax import LogSoftmax
from gossamer.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from gossamer.ops.lstm import Lstm
from gossamer.ops.matrix_diag import MatrixDiag, MatrixSetDiag
from gossamer.ops.maximum import Maximum, Minimum
from gossamer.ops.non_max_suppression import NonMaxSuppressionV4, NonMaxSuppressionV5
from gossamer.ops.numeric_verify import NumericVerify
from gossamer.ops.one_hot import OneHot
from gossamer.ops.pack import Pack, Unpack
from gossamer.ops.pad import MirrorPad, Pad, PadV2
from gossamer.ops.pool import AveragePool2D, L2Pool2D, MaxPool2D
from gossamer.ops.pow import Pow
from gossamer.ops.quantize import Dequantize, Quantize
from gossamer.ops.random import Multinomial, RandomStandardNormal, RandomUniform
from gossamer.ops.range import Range
from gossamer.ops.reduce import Mean, ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reduce_truth import ReduceAll, ReduceAny
from gossamer.ops.reduce_window import ReduceWindow
from gossamer.ops.relu import LeakyRelu, PRelu, Relu, Relu0To1, Relu6, ReluN1To1
from gossamer.ops.reshape import Reshape
from gossamer.ops.resize import ResizeBilinear, ResizeNearestNeighbor
from gossamer.ops.reverse import ReverseV2
from gossamer.ops.reverse_sequence import ReverseSequence
from gossamer.ops.rfft_2d import Rfft2D
from gossamer.ops.rnn import Rnn, UnidirectionalSequenceRnn
from gossamer.ops.scatter_nd import ScatterNd
from gossamer.ops.segment import (
    SegmentSum,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
    UnsortedSegmentProd,
    UnsortedSegmentSum,
)
from gossamer.ops.select import Select, SelectV2, Where
from gossamer.ops.shape import Rank, Shape
from gossamer.ops.sigmoid import Elu, Gelu, Logistic, Tanh
from gossamer.ops.slice import Slice
from gossamer.ops.softmax import Softmax
from gossamer.ops.space_to_batch import BatchToSpaceNd, SpaceToBatchNd
from gossamer.ops.space_to_depth import DepthToSpace, SpaceToDepth
from gossamer.ops.sparse_to_dense import SparseToDense
from gossamer.ops.split import Split, SplitV
from gossamer.ops.squared_difference import SquaredDifference
from gossamer.ops.squeeze import Squeeze
from gossamer.ops.stablehlo_binary import (
    StablehloAdd,
    StablehloAnd,
    StablehloMaximum,
    StablehloMinimum,
    StablehloMultiply,
    StablehloShiftLeft,
)
from gossamer.ops.stablehlo_call import StablehloCase, StablehloComposite
from gossamer.ops.stablehlo_gather import StablehloGather
from gossamer.ops.stablehlo_pad import StablehloPad
from gossamer.ops.stablehlo_reduce_window import StablehloReduceWindow
from gossamer.ops.stablehlo_rng import StablehloRngBitGenerator
from gossamer.ops.stablehlo_scatter import StablehloScatter
from gossamer.ops.strided_slice import StridedSlice
from gossamer.ops.svdf import Svdf
from gossamer.ops.tile import Tile
from gossamer.ops.top_k import TopKV2
from gossamer.ops.transpose import Transpose
from gossamer.ops.transpose_conv import TransposeConv
from gossamer.ops.unary import (
    Abs,
    Ceil,
    Cos,
    Exp,
    Floor,
    Log,
    Neg,
    Round,
    Rsqrt,
    Sign,
    Sin,
    Sqrt,
    Square,
)
from gossamer.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm
from gossamer.ops.unique import Unique
from gossamer.ops.variable import AssignVariable, ReadVariable, VarHandle

__all__ = [
    "Abs",
    "Add",
    "AddN",
    "ArgMax",
    "ArgMin",
    "AssignVariable",
    "Atan2",
    "AudioSpectrogram",
    "AveragePool2D",
    "BatchMatMul",
    "BatchToSpaceNd",
    "BidirectionalSequenceLstm",
    "BidirectionalSequenceRnn",
    "Bitcast",
    "BitwiseXor",
    "BroadcastArgs",
    "BroadcastTo",
    "Bucketize",
    "CallOnce",
    "Cast",
    "Ceil",
    "ComplexAbs",
    "Concatenation",
    "Conv2D",
    "Conv3D",
    "Conv3DTranspose",
    "Convolution2DTransposeBias",
    "Cos",
    "Cumsum",
    "Densify",
    "DepthToSpace",
    "DepthwiseConv2D",
    "Dequantize",
    "DetectionPostProcess",
    "Dilate",
    "Div",
    "DynamicUpdateSlice",
    "Elu",
    "EmbeddingLookup",
    "Equal",
    "Exp",
    "ExpandDims",
    "FakeQuant",
    "Fill",
    "Floor",
    "FloorDiv",
    "FloorMod",
    "FullyConnected",
    "Gather",
    "GatherNd",
    "Gelu",
    "Greater",
    "GreaterEqual",
    "HardSwish",
    "Hashtable",
    "HashtableFind",
    "HashtableImport",
    "HashtableLookup",
    "HashtableSize",
    "If",
    "Imag",
    "L2Normalization",
    "L2Pool2D",
    "LeakyRelu",
    "Less",
    "LessEqual",
    "LocalResponseNormalization",
    "Log",
    "LogSoftmax",
    "LogicalAnd",
    "LogicalNot",
    "LogicalOr",
    "Logistic",
    "Lstm",
    "MatrixDiag",
    "MatrixSetDiag",
    "MaxPool2D",
    "Maximum",
    "Mean",
    "Mfcc",
    "Minimum",
    "MirrorPad",
    "Mul",
    "Multinomial",
    "Neg",
    "NonMaxSuppressionV4",
    "NonMaxSuppressionV5",
    "NotEqual",
    "NumericVerify",
    "OneHot",
    "PRelu",
    "Pack",
    "Pad",
    "PadV2",
    "Pow",
    "Quantize",
    "RandomStandardNormal",
    "RandomUniform",
    "Range",
    "Rank",
    "ReadVariable",
    "Real",
    "ReduceAll",
    "ReduceAny",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceWindow",
    "Relu",
    "Relu0To1",
    "Relu6",
    "ReluN1To1",
    "Reshape",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "ReverseSequence",
    "ReverseV2",
    "Rfft2D",
    "RightShift",
    "Rnn",
    "Round",
    "Rsqrt",
    "ScatterNd",
    "SegmentSum",
    "Select",
    "SelectV2",
    "Shape",
    "Sign",
    "Sin",
    "Slice",
    "Softmax",
    "SpaceToBatchNd",
    "SpaceToDepth",
    "SparseToDense",
    "Split",
    "SplitV",
    "Sqrt",
    "Square",
    "SquaredDifference",
    "Squeeze",
    "StablehloAdd",
    "StablehloAnd",
    "StablehloCase",
    "StablehloComposite",
    "StablehloGather",
    "StablehloMaximum",
    "StablehloMinimum",
    "StablehloMultiply",
    "StablehloPad",
    "StablehloReduceWindow",
    "StablehloRngBitGenerator",
    "StablehloScatter",
    "StablehloShiftLeft",
    "StridedSlice",
    "Sub",
    "Sum",
    "Svdf",
    "Tanh",
    "Tile",
    "TopKV2",
    "Transpose",
    "TransposeConv",
    "UnidirectionalSequenceLstm",
    "UnidirectionalSequenceRnn",
    "Unique",
    "Unpack",
    "UnsortedSegmentMax",
    "UnsortedSegmentMin",
    "UnsortedSegmentProd",
    "UnsortedSegmentSum",
    "VarHandle",
    "Where",
    "While",
    "ZerosLike",
]
