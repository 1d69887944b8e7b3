"""The tables of model metadata, as text like that of `tables.py`.

They describe a model to programs: what its inputs are, how to prepare them, which
labels its outputs stand for. Version 1.5.0 of that schema.
"""

from __future__ import annotations

METADATA = """
AssociatedFile name:string description:string type:AssociatedFileType locale:string
    version:string
ImageSize width:uint height:uint
ImageProperties color_space:ColorSpaceType default_size:ImageSize
BoundingBoxProperties index:[uint] type:BoundingBoxType coordinate_type:CoordinateType
AudioProperties sample_rate:uint channels:uint
ValueRange min:int max:int
Content content_properties:ContentProperties range:ValueRange
NormalizationOptions mean:[float] std:[float]
ScoreCalibrationOptions score_transformation:ScoreTransformationType
    default_score:float
ScoreThresholdingOptions global_score_threshold:float
BertTokenizerOptions vocab_file:[AssociatedFile]
SentencePieceTokenizerOptions sentence_piece_model:[AssociatedFile]
    vocab_file:[AssociatedFile]
RegexTokenizerOptions delim_regex_pattern:string vocab_file:[AssociatedFile]
ProcessUnit options:ProcessUnitOptions
Stats max:[float] min:[float]
TensorGroup name:string tensor_names:[string]
TensorMetadata name:string description:string dimension_names:[string] content:Content
    process_units:[ProcessUnit] stats:Stats associated_files:[AssociatedFile]
CustomMetadata name:string data:[ubyte]
SubGraphMetadata name:string description:string input_tensor_metadata:[TensorMetadata]
    output_tensor_metadata:[TensorMetadata] associated_files:[AssociatedFile]
    input_process_units:[ProcessUnit] output_process_units:[ProcessUnit]
    input_tensor_groups:[TensorGroup] output_tensor_groups:[TensorGroup]
    custom_metadata:[CustomMetadata]
ModelMetadata name:string description:string version:string
    subgraph_metadata:[SubGraphMetadata] author:string license:string
    associated_files:[AssociatedFile] min_parser_version:string
"""
"""What a model is, for those who use it."""

METADATA_ENUMS = {
    "AssociatedFileType": (
        "unknown descriptions tensor_axis_labels tensor_value_labels "
        "tensor_axis_score_calibration vocabulary scann_index_file"
    ),
    "ColorSpaceType": "unknown rgb grayscale",
    "BoundingBoxType": "unknown boundaries upper_left center",
    "CoordinateType": "ratio pixel",
    "ScoreTransformationType": "identity log inverse_logistic",
}
"""The enums by name, their values' names in order from 0; each takes a byte."""

METADATA_UNIONS = {
    "ContentProperties": (
        "FeatureProperties",
        "ImageProperties",
        "BoundingBoxProperties",
        "AudioProperties",
    ),
    "ProcessUnitOptions": (
        "NormalizationOptions",
        "ScoreCalibrationOptions",
        "ScoreThresholdingOptions",
        "BertTokenizerOptions",
        "SentencePieceTokenizerOptions",
        "RegexTokenizerOptions",
    ),
}
"""The tables of each union in order from 1."""
