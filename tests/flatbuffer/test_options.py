"""Operators' records against the schema's option tables."""

from __future__ import annotations

import dataclasses

import pytest

from gossamer.errors import FormatError, GraphError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.operators import OPERATOR_NAMES
from gossamer.flatbuffer.options import (
    default_value,
    from_record,
    operator_from,
    options_of,
    to_record,
    union_of,
)
from gossamer.flatbuffer.schema import UNIONS, Kind
from gossamer.flatbuffer.wire import Reader, Writer
from gossamer.ir.op import Builtin, option_fields, registered
from gossamer.ir.types import DType
from gossamer.ops import Conv2D, Reshape

OPTION_TABLES = (*UNIONS["BuiltinOptions"], *UNIONS["BuiltinOptions2"])


@pytest.mark.parametrize("name", sorted(registered()))
def test_a_record_mirrors_its_table(name):
    op = registered()[name]
    assert OPERATOR_NAMES[op.code] == name
    expected = (
        {}
        if op.options is None
        else {
            op.renamed.get(field.name, field.name): default_value(field)
            for field in schema.table(op.options).fields
        }
    )
    found = {field.name: field.default for field in option_fields(op)}
    assert found == expected
    assert list(found) == list(expected)
    for field, default in expected.items():
        assert type(found[field]) is type(default), field


@pytest.mark.parametrize("table", OPTION_TABLES)
def test_values_survive_the_wire(table):
    """Each field takes a value that is not its default, and comes back."""
    fields = {field.name: other_value(field) for field in schema.table(table).fields}
    writer = Writer(256)
    data = writer.finish(writer.table(table, to_record("OP", table, fields)))
    assert from_record("OP", table, Reader(data).root(table)) == fields


def other_value(field):
    if field.kind is Kind.STRING:
        return "näme"
    if field.type == "TensorType":
        return DType.INT64
    if field.type in schema.ENUMS:
        value = schema.ENUMS[field.type].names[-1]
        return (value, value) if field.kind is Kind.NUMBERS else value
    value = {"bool": not field.default, "float": 1.5}.get(field.type, 3)
    return (value, value) if field.kind is Kind.NUMBERS else value


def test_options_of_a_declared_operator_come_back():
    op = Conv2D("valid", 2, 3, "relu_n1_to_1", 4, 5, DType.INT32)
    table, record = options_of(op)
    assert table == "Conv2DOptions"
    assert record["fused_activation_function"] == 2
    assert operator_from(3, (table, record)) == op


def test_an_operator_without_a_class_keeps_its_options():
    record = {"ngram_size": 3, "max_skip_size": 4, "include_all_ngrams": True}
    op = operator_from(30, ("SkipGramOptions", record))
    assert op == Builtin("SKIP_GRAM", 30, "SkipGramOptions", record)
    assert options_of(op) == ("SkipGramOptions", record)


def test_options_that_the_file_leaves_out_are_the_defaults():
    assert operator_from(22, None) == Reshape()


def test_a_new_shape_that_is_an_input_leaves_no_table():
    """Other readers would take an empty shape in it for the wanted one."""
    assert options_of(Reshape()) is None
    assert options_of(Reshape((2, 3))) == ("ReshapeOptions", {"new_shape": (2, 3)})


def test_stablehlo_options_go_to_the_second_union():
    assert union_of("StablehloPadOptions") == "builtin_options_2"
    assert union_of("PadOptions") == "builtin_options"


def test_options_of_another_operator_are_refused():
    with pytest.raises(FormatError, match="CONV_2D carries Pool2DOptions; its options"):
        operator_from(3, ("Pool2DOptions", {}))


def test_a_number_that_its_enum_does_not_know_is_refused():
    table, record = options_of(Conv2D())
    with pytest.raises(FormatError, match="CONV_2D has padding 7; known are 0 same, 1"):
        operator_from(3, (table, record | {"padding": 7}))


def test_a_name_that_its_enum_does_not_know_is_refused():
    op = dataclasses.replace(Conv2D(), padding="full")
    with pytest.raises(GraphError, match="CONV_2D has padding 'full'; known are same"):
        options_of(op)


def test_an_option_that_the_table_has_not_is_refused():
    op = Builtin("EXP", 47, "ExpOptions", {"base": 2})
    with pytest.raises(GraphError, match="has the option 'base', which ExpOptions has"):
        options_of(op)
