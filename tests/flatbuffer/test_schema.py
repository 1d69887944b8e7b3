"""The schema's data against the code that Google generates from schema.fbs."""

from __future__ import annotations

import inspect
import re

import ai_edge_litert.schema_py_generated as generated
import numpy as np
import pytest
from flatbuffers import number_types

from gossamer.flatbuffer import schema
from gossamer.flatbuffer.operators import OPERATOR_NAMES
from gossamer.flatbuffer.schema import ENUMS, UNIONS, Kind

ENUM_NAMES = {
    "Activation": "ActivationFunctionType",
    "WeightsFormat": "FullyConnectedOptionsWeightsFormat",
    "Precision": "StablehloPrecisionConfig",
    "Comparison": "StablehloComparisonDirection",
    "ComparisonType": "StablehloComparisonType",
}
"""Our names of the enums that are called otherwise in schema.fbs."""


def numbers(name: str) -> dict[str, int]:
    found = vars(getattr(generated, name))
    return {key: value for key, value in found.items() if isinstance(value, int)}


def generated_tables() -> set[str]:
    return {
        name
        for name, value in vars(generated).items()
        if inspect.isclass(value) and hasattr(value, "GetRootAs")
    }


def test_every_table_is_there_and_no_other():
    assert set(schema.table_names()) == generated_tables()


@pytest.mark.parametrize("name", schema.table_names())
def test_slots_names_types_and_defaults(name):
    """The source of each accessor tells the slot, the type and the default."""
    accessors = [
        inspect.getsource(function)
        for key, function in vars(getattr(generated, name)).items()
        if inspect.isfunction(function) and key != "Init"
    ]
    found = {}
    for source in accessors:
        slot = int(re.search(r"Offset\((\d+)\)", source)[1]) // 2 - 2
        accessor = re.search(r"def (\w+)\(", source)[1]
        if not accessor.endswith(("AsNumpy", "IsNone")) and "VectorLen" not in source:
            found[slot] = (accessor.lower(), source)
    ours = {}
    for field in schema.table(name).fields:
        key = field.name.replace("_", "")
        if field.kind is Kind.UNION:
            accessor = found[field.slot][0]
            ours[field.slot] = f"{key}type"
            ours[field.slot + 1] = key
            assert accessor == f"{key}type"
        else:
            ours[field.slot] = key
            check_type_and_default(field, found[field.slot][1])
    assert ours == {slot: accessor for slot, (accessor, _) in found.items()}


def check_type_and_default(field, source):
    flags = re.search(r"number_types\.(\w+), [oa]\b", source)
    if field.scalar is None:
        assert flags is None or field.kind in (Kind.TABLES, Kind.TABLE)
        expected = {Kind.STRING: "String("}.get(field.kind, f"obj = {field.type}()")
        assert expected in source
        return
    stored = np.dtype(getattr(number_types, flags[1]).name)
    assert stored == np.dtype(field.scalar.numpy)
    if field.kind is Kind.SCALAR:
        default = re.findall(r"return (\S+)", source)[-1]
        assert field.default == {"True": True, "False": False}.get(
            default, float(default) if default[-1].isdigit() else None
        )


@pytest.mark.parametrize("name", UNIONS)
def test_unions_have_the_same_members(name):
    expected = sorted(numbers(name).items(), key=lambda item: item[1])
    assert ["NONE", *UNIONS[name]] == [member for member, _ in expected]


@pytest.mark.parametrize("name", ENUMS)
def test_enums_have_the_same_values(name):
    theirs = ENUM_NAMES.get(name, name)
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", theirs).upper() + "_"
    expected = {
        key.removeprefix(prefix).lower(): n for key, n in numbers(theirs).items()
    }
    assert {text: n for n, text in enumerate(ENUMS[name].names)} == expected


def test_operators_have_the_same_numbers():
    ours = {name: number for number, name in enumerate(OPERATOR_NAMES)}
    assert ours == numbers("BuiltinOperator")
