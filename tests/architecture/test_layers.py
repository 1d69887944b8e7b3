"""Who may import whom; ARCHITECTURE.md says why."""

from __future__ import annotations

import sys
from graphlib import TopologicalSorter

import pytest

from tests.architecture.source import PACKAGE, imports, package_files, part_of

_GRAPH = {"errors", "ir", "ops"}

MAY_IMPORT = {
    "errors": set(),
    "memory": set(),
    "settings": set(),
    "nest": {"errors"},
    "kernels": {"errors", "nest"},
    "ir": {"errors"},
    "ops": {"errors", "ir", "kernels", "nest"},
    "flatbuffer": _GRAPH,
    "frontends": _GRAPH,
    "passes": _GRAPH,
    "quantization": _GRAPH,
    "lowering": _GRAPH | {"kernels", "memory", "nest"},
    "codegen": {"errors", "nest", "settings"},
    "runtime": {"codegen", "errors", "flatbuffer", "ir", "lowering", "memory", "ops"}
    | {"settings"},
    "benchmark": {"codegen", "errors", "ir", "lowering", "memory", "nest", "runtime"},
    "deploy": {"codegen", "errors", "ir", "lowering", "memory", "nest", "runtime"},
    "metadata": {"errors", "flatbuffer", "ir"},
    "provenance": {"ir"},
    "sizes": set(),
    "several": {"errors", "flatbuffer", "ir", "ops", "provenance"},
    "calibration": {"errors", "flatbuffer", "ir", "quantization", "runtime"},
    "assembly": {"calibration", "errors", "flatbuffer", "ir", "passes", "provenance"}
    | {"quantization"},
    "api": {"assembly", "calibration", "errors", "flatbuffer", "frontends", "ir"}
    | {"passes", "quantization", "several"},
    "converter": {"api", "assembly", "calibration", "errors", "frontends", "ir"}
    | {"quantization", "target"},
    "target": {"errors"},
    "training": set(),
    "clustering": {"training"},
    "sparsity": {"training"},
    "quantization_aware": {"frontends", "ir", "passes", "quantization", "training"},
    "explain": {"api", "calibration", "errors", "flatbuffer", "ir", "passes"}
    | {"quantization", "runtime"},
    "compression": {"api", "clustering", "errors", "explain", "flatbuffer"}
    | {"quantization", "quantization_aware", "sizes", "sparsity", "training"},
    "experimental": {"analyzer", "explain"},
    "analyzer": {"errors", "flatbuffer", "ir", "runtime"},
    "cli": {"api", "benchmark", "calibration", "deploy", "errors", "explain"}
    | {"flatbuffer"}
    | {"ir", "lowering", "metadata", "passes", "quantization", "runtime"}
    | {"settings", "sizes"},
    "__init__": set(),
    "__main__": {"cli"},
}

# What a folder may name in annotations, beyond that.
MAY_NAME = {
    "ir": {"kernels", "nest"},
    "runtime": {"kernels", "nest"},
    "__init__": {"api", "calibration", "compression", "converter", "deploy"}
    | {"explain"}
    | {"frontends", "ir"}
    | {"quantization", "runtime", "several", "sizes", "target"},
}

# The third parties of a folder; those marked late are imported inside functions.
NUMPY = {"numpy"}
THIRD_PARTIES = {
    "api": NUMPY,
    "assembly": NUMPY,
    "benchmark": NUMPY,
    "calibration": NUMPY,
    "cli": NUMPY | {"rich", "typer"},
    "clustering": NUMPY,
    "codegen": {"llvmlite"},
    "compression": NUMPY | {"rich"},
    "converter": NUMPY,
    "explain": NUMPY,
    "flatbuffer": NUMPY | {"flatbuffers"},
    "frontends": NUMPY,
    "ir": NUMPY | {"ml_dtypes"},
    "kernels": NUMPY,
    "lowering": NUMPY,
    "memory": NUMPY,
    "metadata": NUMPY,
    "nest": NUMPY,
    "ops": NUMPY,
    "passes": NUMPY,
    "quantization": NUMPY,
    "quantization_aware": NUMPY,
    "runtime": NUMPY,
    "sparsity": NUMPY,
    "training": NUMPY | {"keras"},
}
LATE = {
    "benchmark": {"matplotlib"},
    "cli": {"ai_edge_litert"},
    "codegen": {"llvmlite"},
    "explain": {"matplotlib"},
    "frontends/jax": {"jax"},
    "frontends/keras": {"keras"},
    "frontends/tensorflow": {"tensorflow"},
}
ALWAYS_LATE = set.union(*LATE.values())
TRAINING = {"training"}
"""What only those import who train with Keras may import it at once."""

# What a family of kernels may import; annotations may name any.
_VALUES = {"arithmetic", "elements", "step"}
FAMILIES = {
    "arithmetic": set(),
    "elements": {"arithmetic", "step"},
    "step": {"elements"},
    "tail": {"elements", "step"},
    "products": _VALUES | {"tail"},
    "movement": {"elements", "step"},
    "rows": _VALUES | {"movement"},
    "windows": _VALUES | {"products", "tail"},
    "tiles": _VALUES | {"products", "tail", "windows"},
    "recurrent": _VALUES | {"products"},
}

PARTS = sorted({part_of(file) for file in package_files()})


def of_part(part):
    return [
        each
        for file in package_files()
        if part_of(file) == part
        for each in imports(file)
    ]


def test_the_table_has_every_part_and_no_circle():
    assert sorted(MAY_IMPORT) == PARTS
    list(TopologicalSorter(MAY_IMPORT).static_order())


@pytest.mark.parametrize("part", PARTS)
def test_imports_run_downwards(part):
    allowed = MAY_IMPORT[part] | {part}
    named = allowed | MAY_NAME.get(part, set())
    wrong = [
        str(each)
        for each in of_part(part)
        if each.module.startswith("gossamer.")
        and each.module.split(".")[1] not in (named if each.typing else allowed)
    ]
    assert not wrong


def test_families_of_kernels_build_on_those_above_them():
    wrong = []
    for each in of_part("kernels"):
        family = each.file.relative_to(PACKAGE).parts[1].removesuffix(".py")
        parts = each.module.split(".")
        if parts[:2] != ["gossamer", "kernels"] or each.typing or family == "__init__":
            continue
        if parts[2] not in FAMILIES[family] | {family}:
            wrong.append(str(each))
    assert not wrong


@pytest.mark.parametrize("part", PARTS)
def test_third_parties_stay_in_their_folder(part):
    wrong = []
    for each in of_part(part):
        name = each.module.split(".")[0]
        if name == "gossamer" or name in sys.stdlib_module_names:
            continue
        folder = each.file.parent.relative_to(PACKAGE).as_posix()
        late = name in LATE.get(folder, set()) and each.late
        early = name in THIRD_PARTIES.get(part, set())
        if part not in TRAINING:
            early = early and name not in ALWAYS_LATE
        if not (late or early):
            wrong.append(str(each))
    assert not wrong


def test_a_pass_imports_no_other_pass():
    pipeline = imports(PACKAGE / "passes" / "pipeline.py")
    passes = {
        each.module for each in pipeline if each.module.startswith("gossamer.passes.")
    }
    assert len(passes) > 3
    for module in passes:
        file = PACKAGE.parent / f"{module.replace('.', '/')}.py"
        assert not passes & {each.module for each in imports(file)}
