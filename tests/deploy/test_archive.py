"""Static libraries: members and the index of symbols."""

from __future__ import annotations

import struct

import pytest

from gossamer.deploy.archive import archive


def members(content):
    """Names, positions and contents of an archive's members."""
    assert content[:8] == b"!<arch>\n"
    position = 8
    while position < len(content):
        head = content[position : position + 60]
        assert head[58:] == b"`\n"
        size = int(head[48:58])
        name = head[:16].decode().rstrip()
        yield name, position, content[position + 60 : position + 60 + size]
        position += 60 + size + size % 2


@pytest.mark.parametrize("body", [b"even", b"odd"])
def test_the_index_points_to_the_members(body):
    objects = {"one.o": body, "two.o": b"other"}
    symbols = {"one.o": ["first", "second"], "two.o": ["third"]}
    (index, _, table), *rest = members(archive(objects, symbols))
    assert index == "/"
    (count,) = struct.unpack_from(">I", table)
    offsets = struct.unpack_from(f">{count}I", table, 4)
    names = table[4 + 4 * count :].split(b"\0")[:-1]
    starts = {name.rstrip("/"): at for name, at, _ in rest}
    owners = {b"first": "one.o", b"second": "one.o", b"third": "two.o"}
    assert dict(zip(names, offsets, strict=True)) == {
        symbol: starts[owner] for symbol, owner in owners.items()
    }
    assert [content for *_, content in rest] == [body, b"other"]
