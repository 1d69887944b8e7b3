"""Compilers and emulators, which must be there: a missing one is a failure."""

from __future__ import annotations

import shutil
import subprocess

SECONDS = 120


def require(*names):
    """Fail unless the commands are installed."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise AssertionError(
            f"{', '.join(missing)} not found; run scripts/install-edge.sh"
        )


def run(*words, **options):
    """Run a command and give what it wrote; fail with its errors."""
    require(words[0])
    command = [str(word) for word in words]
    done = subprocess.run(
        command, capture_output=True, timeout=SECONDS, check=False, **options
    )
    assert done.returncode == 0, (command, done.stderr.decode()[-2000:])
    assert not done.stderr, (command, done.stderr.decode()[-2000:])
    return done.stdout
