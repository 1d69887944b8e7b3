"""A page for browsers: the network as WebAssembly behind a JavaScript module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gossamer.deploy.compiled import Package, filled, template, written
from gossamer.deploy.wasm.link import link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gossamer.deploy.compiled import Compiled
    from gossamer.deploy.ports import Interface, Port

_ARRAYS = {
    "float32": "Float32Array",
    "float64": "Float64Array",
    "float16": "Uint16Array",
    "bfloat16": "Uint16Array",
    "int8": "Int8Array",
    "uint8": "Uint8Array",
    "bool": "Uint8Array",
    "int16": "Int16Array",
    "uint16": "Uint16Array",
    "int32": "Int32Array",
    "uint32": "Uint32Array",
    "int64": "BigInt64Array",
    "uint64": "BigUint64Array",
}
_DIGITS = ("drawing.js",)
"""Files that only the page has on which one draws."""
_VECTORS = bytes.fromhex("0061736d01000000010401600000030201000a090107004100fd0f1a0b")
"""A module with one vector instruction: engines without vectors do not validate it."""
_PIXELS = ((28, 28), (28, 28, 1), (784,), (1, 784))
_DRAWN = ("float32", "int8", "uint8")
_CLASSES = 10


def web_package(compiled: Sequence[Compiled], folder: Path) -> Package:
    """Write modules of WebAssembly with vectors and without, and a page around them.

    `compiled` has the network with vectors first.

    Raises:
        CompilationError: the code needs something from outside.
    """
    vectors, plain = compiled
    interface = vectors.interface
    name = interface.name
    texts = _texts(interface)
    contents: dict[str, bytes | str] = {
        f"{name}.wasm": module(vectors),
        f"{name}.scalar.wasm": module(plain),
        **texts,
    }
    files = [written(folder / file, content) for file, content in contents.items()]
    return Package(tuple(files), None)


def module(compiled: Compiled) -> bytes:
    """The module of a network; its functions are called `init`, `invoke` and so on."""
    interface = compiled.interface
    start = f"{interface.name}_"
    (code,) = compiled.objects
    exports = {name.removeprefix(start): name for name in code.functions}
    return link(code.content, exports, interface.memory_bytes, interface.alignment)


def _texts(interface: Interface) -> dict[str, str]:
    name = interface.name
    is_drawn = takes_digits(interface)
    page = "digits" if is_drawn else "values"
    sources = {
        f"{name}.js": "model.js",
        f"{name}.d.ts": "model.d.ts",
        "index.html": f"{page}/index.html",
        "page.js": f"{page}/page.js",
        "timing.js": "timing.js",
        "style.css": "style.css",
        "package.json": "package.json",
    }
    for file in _DIGITS if is_drawn else ():
        sources[file] = f"digits/{file}"
    loaded = [x for x in sources if x.endswith((".js", ".html", ".css"))]
    sources["offline.js"] = "offline.js"
    words = _words(interface, loaded)
    return {
        file: filled(template(f"web/{source}"), words)
        for file, source in sources.items()
    }


def takes_digits(interface: Interface) -> bool:
    """Whether the network takes a picture of 28 by 28 and gives ten scores."""
    if len(interface.inputs) != 1 or len(interface.outputs) != 1:
        return False
    (given,), (made,) = interface.inputs, interface.outputs
    shape = given.shape[1:] if given.shape[:1] == (1,) else given.shape
    is_picture = shape in _PIXELS and given.dtype in _DRAWN
    return is_picture and made.count == _CLASSES and made.shape[-1:] == (_CLASSES,)


def _words(interface: Interface, loaded: Sequence[str]) -> Mapping[str, str]:
    """What the templates ask for."""
    results = [_result(port) for port in interface.outputs]
    raw = [_ARRAYS[port.dtype] for port in interface.outputs]
    return {
        "NAME": interface.name,
        "PACKAGE": re.sub("_+", "-", interface.name.lower()).strip("-") or "model",
        "VECTORS": ", ".join(map(str, _VECTORS)),
        "FILES": ", ".join(f'"{file}"' for file in ("./", *loaded)),
        "INPUTS": _list(interface.inputs),
        "OUTPUTS": _list(interface.outputs),
        "RESULT": results[0] if len(results) == 1 else _record(results),
        "RAW": raw[0] if len(raw) == 1 else _record(raw),
    }


def _result(port: Port) -> str:
    return "Float32Array" if port.scale else _ARRAYS[port.dtype]


def _record(arrays: Sequence[str]) -> str:
    return f"Record<string, {' | '.join(dict.fromkeys(arrays))}>"


def _list(ports: Sequence[Port]) -> str:
    """Types and shapes, without names, which may hold what ends a comment."""
    return ", ".join(f"{port.dtype} {list(port.shape)}" for port in ports) or "nothing"
