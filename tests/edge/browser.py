"""Headless Chromium, told what to do by the W3C's WebDriver protocol."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from tests.edge.tools import require

SECONDS = 60
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key by which the protocol names an element."""


class Page:
    """A page that is open in a browser."""

    def __init__(self, session):
        self._session = session

    def open(self, address):
        self._post("url", {"url": address})

    def run(self, script, *values):
        """What the body of a function gives, which may wait for something."""
        return self._post("execute/sync", {"script": script, "args": list(values)})

    def wait(self, expression):
        """Wait until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.run(f"return Boolean({expression})"):
            assert time.monotonic() < end, (expression, self.run(TEXT))
            time.sleep(0.05)

    def text(self, element):
        return self.run(
            "return document.getElementById(arguments[0]).innerText", element
        )

    def click(self, element):
        found = self._post("element", {"using": "css selector", "value": f"#{element}"})
        self._post(f"element/{found[ELEMENT]}/click", {})

    def drag(self, element, points):
        """Move the pressed pointer along points, from 0 to 1, of an element."""
        box = self.run(BOX, element)
        moves = [
            {
                "type": "pointerMove",
                "duration": 20,
                "x": round(box["x"] + x * box["width"]),
                "y": round(box["y"] + y * box["height"]),
            }
            for x, y in points
        ]
        down, up = ({"type": f"pointer{word}", "button": 0} for word in ("Down", "Up"))
        steps = [moves[0], down, *moves[1:], up]
        mouse = {"type": "pointer", "id": "mouse", "actions": steps}
        self._post("actions", {"actions": [mouse]})

    def complaints(self):
        """What the browser wrote to its console, of warnings and errors."""
        rows = self._post("se/log", {"type": "browser"})
        return [row["message"] for row in rows]

    def picture(self, path):
        path.write_bytes(base64.b64decode(_call(f"{self._session}/screenshot")))

    def _post(self, command, body):
        return _call(f"{self._session}/{command}", body)


TEXT = "return document.body.innerText"
BOX = "return document.getElementById(arguments[0]).getBoundingClientRect().toJSON()"


def _call(address, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error


@contextlib.contextmanager
def browser(*flags):
    """A page of a browser that is closed in the end."""
    require("chromium", "chromedriver")
    port = free_port()
    command = ["chromedriver", f"--port={port}", "--log-level=OFF"]
    options = {"args": [*FLAGS, *flags]}
    wanted = {
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "WARNING"},
    }
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as driver:
        try:
            address = f"http://127.0.0.1:{port}"
            _ready(address)
            body = {"capabilities": {"alwaysMatch": wanted}}
            made = _call(f"{address}/session", body)
            session = f"{address}/session/{made['sessionId']}"
            yield Page(session)
            _call(session, method="DELETE")
        finally:
            driver.terminate()


def _ready(address):
    end = time.monotonic() + SECONDS
    while True:
        try:
            if _call(f"{address}/status")["ready"]:
                return
        except OSError:
            assert time.monotonic() < end, "chromedriver does not answer"
            time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """The address of a plain file server for a folder."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
