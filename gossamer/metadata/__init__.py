"""What a model is, for those who use it: names, labels, normalization, files.

The records are those of TFLite's metadata schema. `attach` puts the usual ones into a
file, `read` tells what a file has; `MetadataPopulator` and `MetadataDisplayer` are
the same with the names of tflite-support.
"""

from gossamer.metadata.attach import Described, attach, labels_of, read, write_metadata
from gossamer.metadata.populate import MetadataDisplayer, MetadataPopulator
from gossamer.metadata.records import (
    AssociatedFile,
    AudioProperties,
    BertTokenizerOptions,
    BoundingBoxProperties,
    Content,
    CustomMetadata,
    FeatureProperties,
    ImageProperties,
    ImageSize,
    ModelMetadata,
    NormalizationOptions,
    ProcessUnit,
    RegexTokenizerOptions,
    ScoreCalibrationOptions,
    ScoreThresholdingOptions,
    SentencePieceTokenizerOptions,
    Stats,
    SubGraphMetadata,
    TensorGroup,
    TensorMetadata,
    ValueRange,
)

__all__ = [
    "AssociatedFile",
    "AudioProperties",
    "BertTokenizerOptions",
    "BoundingBoxProperties",
    "Content",
    "CustomMetadata",
    "Described",
    "FeatureProperties",
    "ImageProperties",
    "ImageSize",
    "MetadataDisplayer",
    "MetadataPopulator",
    "ModelMetadata",
    "NormalizationOptions",
    "ProcessUnit",
    "RegexTokenizerOptions",
    "ScoreCalibrationOptions",
    "ScoreThresholdingOptions",
    "SentencePieceTokenizerOptions",
    "Stats",
    "SubGraphMetadata",
    "TensorGroup",
    "TensorMetadata",
    "ValueRange",
    "attach",
    "labels_of",
    "read",
    "write_metadata",
]
