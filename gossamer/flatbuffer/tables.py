"""The tables of the file format, as text.

One table per paragraph: its name, then its fields in slot order as `name:type` or
`name:type=default`. A type is a number, a string, an enum, a table, a union, or a
vector of these in brackets; `-` is a slot that is no longer used. A union takes two
slots: which table it is, and the table. A table of a union that is not listed here
has no fields. `schema.py` reads this text.
"""

from __future__ import annotations

STRUCTURE = """
CustomQuantization custom:[ubyte]
BlockwiseQuantization scales:int zero_points:int block_size:int block_shape:[int]
MultiAxisQuantization scales:int zero_points:int block_size:int
    quantized_dimensions:[int]
QuantizationParameters min:[float] max:[float] scale:[float] zero_point:[long]
    details:QuantizationDetails quantized_dimension:int
Int32Vector values:[int]
Uint16Vector values:[ushort]
Uint8Vector values:[ubyte]
DimensionMetadata format:DimensionType dense_size:int array_segments:SparseIndexVector
    array_indices:SparseIndexVector
SparsityParameters traversal_order:[int] block_map:[int]
    dim_metadata:[DimensionMetadata]
VariantSubType shape:[int] type:TensorType has_rank:bool
Tensor shape:[int] type:TensorType buffer:uint name:string
    quantization:QuantizationParameters is_variable:bool sparsity:SparsityParameters
    shape_signature:[int] has_rank:bool variant_tensors:[VariantSubType]
    external_buffer:uint
OperatorCode deprecated_builtin_code:byte custom_code:string version:int=1
    builtin_code:int
Operator opcode_index:uint inputs:[int] outputs:[int] builtin_options:BuiltinOptions
    custom_options:[ubyte] custom_options_format:CustomOptionsFormat
    mutating_variable_inputs:[bool] intermediates:[int]
    large_custom_options_offset:ulong large_custom_options_size:ulong
    builtin_options_2:BuiltinOptions2 debug_metadata_index:int=-1
SubGraph tensors:[Tensor] inputs:[int] outputs:[int] operators:[Operator] name:string
    debug_metadata_index:int=-1
Buffer data:[ubyte] offset:ulong size:ulong
ExternalBufferGroup name:string
ExternalBuffer id:uint group:uint offset:ulong length:ulong packing:string
Metadata name:string buffer:uint
TensorMap name:string tensor_index:uint
SignatureDef inputs:[TensorMap] outputs:[TensorMap] signature_key:string -
    subgraph_index:uint
Model version:uint operator_codes:[OperatorCode] subgraphs:[SubGraph]
    description:string buffers:[Buffer] metadata_buffer:[int] metadata:[Metadata]
    signature_defs:[SignatureDef] external_buffer_groups:[ExternalBufferGroup]
    external_buffers:[ExternalBuffer]
"""
"""What a model is made of."""

OPTIONS = """
Conv2DOptions padding:Padding stride_w:int stride_h:int
    fused_activation_function:Activation dilation_w_factor:int=1
    dilation_h_factor:int=1 quantized_bias_type:TensorType
Conv3DOptions padding:Padding stride_d:int stride_w:int stride_h:int
    fused_activation_function:Activation dilation_d_factor:int=1
    dilation_w_factor:int=1 dilation_h_factor:int=1
Pool2DOptions padding:Padding stride_w:int stride_h:int filter_width:int
    filter_height:int fused_activation_function:Activation
DepthwiseConv2DOptions padding:Padding stride_w:int stride_h:int depth_multiplier:int
    fused_activation_function:Activation dilation_w_factor:int=1
    dilation_h_factor:int=1
ConcatEmbeddingsOptions num_channels:int num_columns_per_channel:[int]
    embedding_dim_per_channel:[int]
LSHProjectionOptions type:LSHProjectionType
SVDFOptions rank:int fused_activation_function:Activation
    asymmetric_quantize_inputs:bool
RNNOptions fused_activation_function:Activation asymmetric_quantize_inputs:bool
SequenceRNNOptions time_major:bool fused_activation_function:Activation
    asymmetric_quantize_inputs:bool
BidirectionalSequenceRNNOptions time_major:bool fused_activation_function:Activation
    merge_outputs:bool asymmetric_quantize_inputs:bool
FullyConnectedOptions fused_activation_function:Activation
    weights_format:WeightsFormat keep_num_dims:bool asymmetric_quantize_inputs:bool
    quantized_bias_type:TensorType quant_spec:[ubyte]
SoftmaxOptions beta:float
ConcatenationOptions axis:int fused_activation_function:Activation
AddOptions fused_activation_function:Activation pot_scale_int16:bool=true
MulOptions fused_activation_function:Activation
L2NormOptions fused_activation_function:Activation
LocalResponseNormalizationOptions radius:int bias:float alpha:float beta:float
LSTMOptions fused_activation_function:Activation cell_clip:float proj_clip:float
    kernel_type:LSTMKernelType asymmetric_quantize_inputs:bool
UnidirectionalSequenceLSTMOptions fused_activation_function:Activation cell_clip:float
    proj_clip:float time_major:bool asymmetric_quantize_inputs:bool
    diagonal_recurrent_tensors:bool
BidirectionalSequenceLSTMOptions fused_activation_function:Activation cell_clip:float
    proj_clip:float merge_outputs:bool time_major:bool=true
    asymmetric_quantize_inputs:bool
ResizeBilinearOptions - - align_corners:bool half_pixel_centers:bool
ResizeNearestNeighborOptions align_corners:bool half_pixel_centers:bool
CallOptions subgraph:uint
ReshapeOptions new_shape:[int]
SkipGramOptions ngram_size:int max_skip_size:int include_all_ngrams:bool
SpaceToDepthOptions block_size:int
DepthToSpaceOptions block_size:int
SubOptions fused_activation_function:Activation pot_scale_int16:bool=true
DivOptions fused_activation_function:Activation
EmbeddingLookupSparseOptions combiner:CombinerType
GatherOptions axis:int batch_dims:int
ReducerOptions keep_dims:bool
SqueezeOptions squeeze_dims:[int]
SplitOptions num_splits:int
SplitVOptions num_splits:int
StridedSliceOptions begin_mask:int end_mask:int ellipsis_mask:int new_axis_mask:int
    shrink_axis_mask:int offset:bool
CastOptions in_data_type:TensorType out_data_type:TensorType
ArgMaxOptions output_type:TensorType
ArgMinOptions output_type:TensorType
TransposeConvOptions padding:Padding stride_w:int stride_h:int
    fused_activation_function:Activation quantized_bias_type:TensorType
SparseToDenseOptions validate_indices:bool
ShapeOptions out_type:TensorType
FakeQuantOptions min:float max:float num_bits:int narrow_range:bool
PackOptions values_count:int axis:int
OneHotOptions axis:int
UnpackOptions num:int axis:int
LeakyReluOptions alpha:float
MirrorPadOptions mode:MirrorPadMode
UniqueOptions idx_out_type:TensorType=int32
ReverseSequenceOptions seq_dim:int batch_dim:int
IfOptions then_subgraph_index:int else_subgraph_index:int
CallOnceOptions init_subgraph_index:int
WhileOptions cond_subgraph_index:int body_subgraph_index:int
BatchMatMulOptions adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool
CumsumOptions exclusive:bool reverse:bool
HashtableOptions table_id:int key_dtype:TensorType value_dtype:TensorType
VarHandleOptions container:string shared_name:string
RandomOptions seed:long seed2:long
BucketizeOptions boundaries:[float]
GeluOptions approximate:bool
ReduceWindowOptions reduce_function:ReduceWindowFunction
"""
"""The options of the builtin operators."""

STABLEHLO_OPTIONS = """
StablehloGatherOptions offset_dims:[long] collapsed_slice_dims:[long]
    start_index_map:[long] index_vector_dim:long slice_sizes:[long]
    indices_are_sorted:bool
StablehloTransposeOptions permutation:[long]
StablehloDotGeneralOptions lhs_batching_dimensions:[long]
    rhs_batching_dimensions:[long] lhs_contracting_dimensions:[long]
    rhs_contracting_dimensions:[long] precision_config:[Precision]
StablehloReduceWindowOptions window_dimensions:[long] window_strides:[long]
    base_dilations:[long] window_dilations:[long] padding:[long]
    body_subgraph_index:int
StablehloWhileOptions cond_subgraph_index:int body_subgraph_index:int
StablehloSortOptions dimension:long is_stable:bool comparator_subgraph_index:int
StablehloConcatenateOptions dimension:long
StablehloBroadcastInDimOptions broadcast_dimensions:[long]
StablehloCompareOptions comparison_direction:Comparison compare_type:ComparisonType
StablehloDynamicSliceOptions slice_sizes:[long]
StablehloPadOptions edge_padding_low:[long] edge_padding_high:[long]
    interior_padding:[long]
StablehloIotaOptions iota_dimension:long
StablehloCustomCallOptions call_target_name:string has_side_effect:bool
    backend_config:string api_version:int called_computations:[int]
    custom_attributes:[ubyte]
StablehloReduceOptions dimensions:[long] body_subgraph_index:int
StablehloSliceOptions start_indices:[long] limit_indices:[long] strides:[long]
StablehloConvolutionOptions window_strides:[long] padding:[long] lhs_dilation:[long]
    rhs_dilation:[long] window_reversal:[bool] input_batch_dimension:long
    input_feature_dimension:long input_spatial_dimensions:[long]
    kernel_input_feature_dimension:long kernel_output_feature_dimension:long
    kernel_spatial_dimensions:[long] output_batch_dimension:long
    output_feature_dimension:long output_spatial_dimensions:[long]
    feature_group_count:long batch_group_count:long precision_config:[Precision]
StablehloScatterOptions indices_are_sorted:bool update_window_dims:[long]
    inserted_window_dims:[long] scatter_dims_to_operand_dims:[long]
    index_vector_dim:long unique_indices:bool update_computation_subgraph_index:int
StablehloCaseOptions branch_subgraph_indices:[int]
StablehloRngBitGeneratorOptions algorithm:RngAlgorithm
StableHLOCompositeOptions name:string decomposition_subgraph_index:int
    composite_attributes:[ubyte] composite_attributes_format:CustomOptionsFormat
    version:int
"""
"""The options of the StableHLO operators."""
