"""A page on which one draws a digit, and a network in the page reads it.

Trains the network of `mnist.py` on the bundled digits, converts it to int8, compiles it
to WebAssembly and serves the folder. Any other static server would do as well.

    python examples/mnist_page.py            # or: make mnist-page
    python examples/mnist_page.py --build    # write the folder, and do not serve it
"""

from __future__ import annotations

import argparse
import functools
import http.server
import socketserver
from pathlib import Path

import mnist
from rich.console import Console
from rich.progress import Progress

import gossamer

OUTPUT = Path("build/mnist_page")
PORT = 8000
EPOCHS = 6


def build(folder: Path) -> None:
    """Train, convert and compile."""
    digits = mnist.load_digits()
    with Progress(transient=True) as bars:
        task = bars.add_task("training", total=1)
        model = mnist.train(digits, EPOCHS, lambda part: bars.advance(task, part))
    data = gossamer.convert(model, "int8", digits.train_x[:200])
    gossamer.build(data, "web", folder, name="digits")


def serve(folder: Path, port: int) -> None:
    """Hand out the folder's files until Ctrl-C."""
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(folder)
    )
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), handler) as server:
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--build", action="store_true", help="write, do not serve")
    words = parser.parse_args()
    build(words.output)
    if words.build:
        return
    Console().print(f"Draw a digit at http://127.0.0.1:{words.port} (Ctrl-C ends it)")
    try:
        serve(words.output, words.port)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
