"""What stands in an ELF object."""

from __future__ import annotations

import struct


def undefined(content):
    """The names that an object of a 64- or 32-bit machine needs from elsewhere."""
    wide = content[4] == 2
    (table,) = struct.unpack_from("<Q" if wide else "<I", content, 0x28 if wide else 32)
    size, count = struct.unpack_from("<HH", content, 0x3A if wide else 0x2E)
    form = "<IIQQQQIIQQ" if wide else "<IIIIIIIIII"
    sections = [
        struct.unpack_from(form, content, table + i * size) for i in range(count)
    ]
    found = set()
    for section in sections:
        if section[1] == 2:
            names = sections[section[6]][4]
            found |= set(_undefined_in(content, section, names, wide))
    return found


def _undefined_in(content, section, names, wide):
    form, place = ("<IBBHQQ", 3) if wide else ("<IIIBBH", 5)
    step = struct.calcsize(form)
    for at in range(section[4] + step, section[4] + section[5], step):
        symbol = struct.unpack_from(form, content, at)
        if symbol[place] == 0:
            start = names + symbol[0]
            yield content[start : content.index(b"\0", start)].decode()
