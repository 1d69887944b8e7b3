"""`examples/mnist_page.py` writes a page and serves it; tests/edge draws on it."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request

import pytest


@pytest.fixture
def example(load_example):
    return load_example("mnist_page")


def test_the_page_is_written(example, tmp_path, monkeypatch):
    monkeypatch.setattr(example, "EPOCHS", 1)
    example.build(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"index.html", "digits.js", "digits.wasm", "drawing.js"} <= names


def test_the_folder_is_served(example, tmp_path):
    (tmp_path / "index.html").write_text("a page")
    (tmp_path / "digits.wasm").write_bytes(b"\0asm")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    thread = threading.Thread(target=example.serve, args=(tmp_path, port), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    assert _read(f"{address}/")[0] == b"a page"
    assert _read(f"{address}/digits.wasm")[1] == "application/wasm"


def _read(address):
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read(), answer.headers["Content-Type"]
        except OSError:
            time.sleep(0.05)
    raise AssertionError(address)
