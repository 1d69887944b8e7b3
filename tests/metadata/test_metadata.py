"""What a file says of its model: written, read, and left alone by runtimes."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import struct
import zipfile

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRT
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gossamer import Interpreter
from gossamer import metadata as md
from gossamer.errors import FormatError, GossamerError, InputError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.metadata import NAME, decode, encode
from gossamer.flatbuffer.metadata_tables import METADATA
from gossamer.flatbuffer.read import read as read_model
from gossamer.metadata.records import from_record, to_record
from gossamer.metadata.versions import minimum_parser
from tests.runtime import models

LABELS = ["cat", "dog", "bird"]
RICH = md.ModelMetadata(
    "Classifier",
    "Tells animals apart.",
    "v1",
    (
        md.SubGraphMetadata(
            input_tensor_metadata=(
                md.TensorMetadata(
                    "image",
                    "A photograph.",
                    ("batch", "height", "width"),
                    md.Content(
                        md.ImageProperties("rgb", md.ImageSize(2, 2)),
                        md.ValueRange(1, 2),
                    ),
                    (md.ProcessUnit(md.NormalizationOptions((127.5,), (127.5,))),),
                    md.Stats((1.0,), (-1.0,)),
                ),
            ),
            output_tensor_metadata=(
                md.TensorMetadata(
                    "scores",
                    process_units=(
                        md.ProcessUnit(md.ScoreThresholdingOptions(0.25)),
                        md.ProcessUnit(md.ScoreCalibrationOptions("log", 0.5)),
                    ),
                    associated_files=(
                        md.AssociatedFile("labels.txt", "", "tensor_axis_labels", "en"),
                    ),
                ),
            ),
            output_tensor_groups=(md.TensorGroup("all", ("scores",)),),
            custom_metadata=(md.CustomMetadata("mine", b"\x00\x01"),),
        ),
    ),
    "Somebody",
    "Apache-2.0",
)


def result(engine, data):
    interpreter = engine(model_content=data)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    x = np.arange(np.prod(detail["shape"]), dtype=np.float32)
    interpreter.set_tensor(detail["index"], x.reshape(detail["shape"]))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_a_file_with_metadata_runs_as_before():
    plain = models.dense()
    data = md.attach(plain, labels=LABELS, normalization=(127.5, 127.5), name="Animals")
    for engine in (Interpreter, LiteRT):
        np.testing.assert_array_equal(result(engine, data), result(engine, plain))


def test_what_is_attached_is_read():
    data = md.attach(
        models.dense(),
        name="Animals",
        description="Tells animals apart.",
        version="2",
        author="A",
        license="MIT",
        descriptions={"in_x": "a photograph"},
        normalization=([1, 2], 3.0),
        labels=LABELS,
        files={"readme.txt": b"hello"},
    )
    said = md.read(data)
    assert said.metadata is not None
    (graph,) = said.metadata.subgraph_metadata
    assert said.metadata.name == "Animals"
    assert said.metadata.license == "MIT"
    assert said.metadata.min_parser_version == "1.0.0"
    (image,) = graph.input_tensor_metadata
    assert image.description == "a photograph"
    assert image.process_units[0].options == md.NormalizationOptions((1, 2), (3,))
    (scores,) = graph.output_tensor_metadata
    assert md.labels_of(said, scores) == LABELS
    assert said.files == {"labels.txt": b"cat\ndog\nbird\n", "readme.txt": b"hello"}


def test_attaching_again_replaces():
    once = md.attach(models.dense(), labels=LABELS)
    twice = md.attach(once, labels=LABELS[::-1])
    assert md.read(twice).files == {"labels.txt": b"bird\ndog\ncat\n"}
    assert md.attach(models.dense(), labels=LABELS[::-1]) == twice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": LABELS[:2]}, "2 labels for 'out_scores', whose last axis has"),
        ({"labels": ["a\nb", "c", "d"]}, "more than one line"),
        ({"labels": {"nope": LABELS}}, "names 'nope', which is none of out_scores"),
        ({"normalization": (1.0, 0.0)}, "divides by zero"),
        ({"normalization": ([1, 2, 3], 1.0)}, "has 3 numbers"),
        ({"descriptions": {"nope": ""}}, "names 'nope'"),
        ({"files": {"../x": b""}}, "cannot be the name"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        md.attach(models.dense(), **options)


def test_records_survive():
    assert from_record("ModelMetadata", decode(encode(to_record(RICH)))) == RICH


def test_the_bytes_are_those_of_the_schema():
    """Read by offsets alone: name is slot 0 of the root, the identifier M001."""
    data = encode(to_record(md.ModelMetadata(name="abc")))
    assert data[4:8] == b"M001"
    (root,) = struct.unpack_from("<I", data, 0)
    vtable = root - struct.unpack_from("<i", data, root)[0]
    (offset,) = struct.unpack_from("<H", data, vtable + 4)
    place = root + offset + struct.unpack_from("<I", data, root + offset)[0]
    assert data[place + 4 : place + 7] == b"abc"


def test_a_parser_must_know_what_is_used():
    def least(**fields):
        return minimum_parser(md.ModelMetadata(**fields))

    def of_file(*arguments):
        return least(associated_files=(md.AssociatedFile(*arguments),))

    assert least() == "1.0.0"
    assert of_file("a", "", "vocabulary") == "1.0.1"
    assert of_file("a", "", "descriptions", "", "3") == "1.4.1"
    assert minimum_parser(RICH) == "1.5.0"


@pytest.mark.parametrize(
    "name", [line.split()[0] for line in METADATA.splitlines() if line[:1].isupper()]
)
def test_every_table_has_a_record_with_its_fields(name):
    fields = [field.name for field in dataclasses.fields(getattr(md, name))]
    assert fields == [field.name for field in schema.table(name).fields]


def test_the_populator_and_the_displayer(tmp_path):
    path, labels = tmp_path / "m.tflite", tmp_path / "labels.txt"
    path.write_bytes(models.dense())
    labels.write_text("cat\ndog\nbird\n")
    populator = md.MetadataPopulator.with_model_file(path)
    populator.load_metadata_buffer(encode(to_record(RICH)))
    assert populator.get_recorded_associated_file_list() == ["labels.txt"]
    populator.load_associated_files([labels])
    populator.populate()
    assert populator.get_packed_associated_file_list() == ["labels.txt"]
    displayer = md.MetadataDisplayer.with_model_file(path)
    assert displayer.get_packed_associated_file_list() == ["labels.txt"]
    assert displayer.get_associated_file_buffer("labels.txt") == labels.read_bytes()
    facts = json.loads(displayer.get_metadata_json())
    tensor = facts["subgraph_metadata"][0]["input_tensor_metadata"][0]
    assert tensor["content"]["content_properties_type"] == "ImageProperties"
    assert tensor["content"]["content_properties"]["color_space"] == "RGB"
    assert tensor["process_units"][0]["options"] == {"mean": [127.5], "std": [127.5]}
    assert facts["min_parser_version"] == "1.5.0"
    other = md.MetadataPopulator.with_model_buffer(models.dense())
    other.load_metadata_and_associated_files(path.read_bytes())
    other.populate()
    assert other.get_model_buffer() == path.read_bytes()


def test_mistakes_with_the_populator(tmp_path):
    populator = md.MetadataPopulator.with_model_buffer(models.dense())
    with pytest.raises(ValueError, match="The metadata to be populated is empty"):
        populator.load_metadata_buffer(b"")
    populator.load_metadata(RICH)
    with pytest.raises(ValueError, match=r"'labels.txt', is recorded in the metadata"):
        populator.populate()
    populator.load_associated_file_buffers({"labels.txt": b"", "more.txt": b""})
    with pytest.warns(UserWarning, match=r"'more.txt', does not exist in the metadata"):
        populator.populate()
    populator = md.MetadataPopulator.with_model_buffer(models.dense())
    two = md.TensorMetadata(), md.TensorMetadata()
    graph = md.SubGraphMetadata(input_tensor_metadata=two)
    populator.load_metadata(md.ModelMetadata(subgraph_metadata=(graph,)))
    with pytest.raises(ValueError, match=r"input tensors \(1\) should match .* \(2\)"):
        populator.populate()
    with pytest.raises(ValueError, match="does not exist"):
        md.MetadataPopulator.with_model_file(tmp_path / "none.tflite")
    with pytest.raises(ValueError, match="The model does not have metadata"):
        md.MetadataDisplayer.with_model_buffer(models.dense())
    displayer = md.MetadataDisplayer.with_model_buffer(md.attach(models.dense()))
    with pytest.raises(ValueError, match=r"x.txt, does not exist in the model buffer"):
        displayer.get_associated_file_buffer("x.txt")


def test_a_type_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="expected one of unknown, descriptions"):
        encode(to_record(md.AssociatedFile("a", "", "label")))


@settings(max_examples=400, deadline=None)
@given(place=st.integers(1, 500), value=st.integers(0, 255))
@example(place=32, value=0)
@example(place=115, value=8)
def test_damaged_files_end_in_an_error_or_a_result(place, value):
    broken = bytearray(md.attach(models.dense(), labels=LABELS, files={"a": b"x" * 50}))
    broken[-place] = value
    with contextlib.suppress(GossamerError):
        md.read(bytes(broken))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_metadata_ends_in_an_error_or_a_result(data):
    broken = bytearray(encode(to_record(RICH)))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
            st.integers(0, 255)
        )
    with contextlib.suppress(GossamerError):
        from_record("ModelMetadata", decode(bytes(broken)))


def test_a_package_that_unpacks_to_too_much_is_refused(monkeypatch):
    buffer = io.BytesIO()
    buffer.write(models.dense())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("zeros", bytes(1 << 20))
    monkeypatch.setattr("gossamer.metadata.package.MOST_BYTES", 1 << 19)
    with pytest.raises(FormatError, match="take more than"):
        md.read(buffer.getvalue())


def test_metadata_survives_where_a_model_is_written_anew():
    data = md.attach(models.dense(), name="Animals")
    assert NAME in read_model(data).metadata
