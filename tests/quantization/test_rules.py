from __future__ import annotations

import re

import pytest

from gossamer.errors import QuantizationError
from gossamer.quantization.rules import MODES, Rule, Rules
from tests.quantization import graphs


def modes(rules):
    model = graphs.network()
    return {node.output.name: str(rules.rule(node)) for node in model.main.nodes}


def test_the_first_rule_that_fits_wins():
    found = modes(Rules.of([("^s", "float32"), ("stem|deep", "int8"), ("", "dynamic")]))
    assert found["stem"] == found["scores"] == "float32"
    assert found["deep"] == "int8"
    assert found["total"] == "dynamic"


def test_where_no_rule_fits_the_default_holds():
    rules = Rules.of({"rules": [{"pattern": "deep", "mode": "int16x8"}]})
    assert modes(rules)["deep"] == "int16x8"
    assert modes(rules)["stem"] == "float32"


@pytest.mark.parametrize("mode", [*MODES, "weight_int4:32", "dynamic_int4:256"])
def test_a_mode_alone_is_for_all(mode):
    assert set(modes(Rules.of(mode)).values()) == {mode}


def test_nothing_is_float32():
    assert set(modes(Rules.of(None)).values()) == {"float32"}


def test_operators_and_layers_on_lists_stay_in_float():
    rules = Rules.of(
        {
            "default": "int8",
            "denylisted_ops": ["CONV_2D", "SOFTMAX"],
            "denylisted_nodes": ["pooled"],
        }
    )
    left = {name for name, mode in modes(rules).items() if mode == "float32"}
    assert left == {"stem", "side", "answer", "pooled"}


def test_a_name_on_the_list_is_no_pattern():
    rules = Rules.of("int8").without((), ["s.em", "dee"])
    assert set(modes(rules).values()) == {"int8"}


def test_rules_for_operators():
    rule = {"mode": "float16", "operators": ["FULLY_CONNECTED"]}
    found = modes(Rules.of([rule]))
    assert {name for name, mode in found.items() if mode == "float16"} == {"scores"}


def test_rules_are_told_in_a_line():
    rules = Rules.of([("^head/", "float32"), Rule("", "int8", frozenset({"ADD"}))])
    assert str(rules) == "~^head/=float32 ADD=int8 float32"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("int9", "the mode 'int9' is not known; expected one of float32"),
        ("int8:32", "the mode 'int8' takes no block size"),
        ("weight_int4:48", "blocks of 48 weights are not known"),
        ("weight_int4:x", "has 'x' for a block size"),
        ([("(", "int8")], "the pattern '(' is no regular expression"),
        ([("a", "b", "c")], "is not known; expected a pair"),
        ([{"pattern": "a"}], "expected the field mode"),
        ({"ruless": []}, "'ruless' was given"),
        (3, "quantize=3 is not known"),
    ],
)
def test_what_is_no_rule_is_refused(given, message):
    with pytest.raises(QuantizationError, match=re.escape(message)):
        Rules.of(given)
