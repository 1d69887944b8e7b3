"""The sizes of files."""

from __future__ import annotations

import gzip

import numpy as np

import gossamer
from gossamer.flatbuffer.write import write
from tests.quantization import graphs


def test_sizes_of_bytes_and_of_a_file(tmp_path):
    content = bytes(write(graphs.network()))
    sizes = gossamer.file_sizes(content)
    assert sizes.file == len(content)
    assert sizes.gzip == len(gzip.compress(content, mtime=0))
    path = tmp_path / "network.tflite"
    path.write_bytes(content)
    assert gossamer.file_sizes(path) == gossamer.file_sizes(str(path)) == sizes


def test_what_is_alike_is_shipped_in_less():
    noise = np.random.default_rng(0).bytes(4096)
    sizes = gossamer.file_sizes(noise + bytes(4096))
    assert 4096 < sizes.gzip < 4300
