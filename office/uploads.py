"""Files that clerks sent or asked for, sealed at rest: frames of up to a mebibyte, each bound to its place.

A last, empty frame says that the file ends there, so that it cannot be cut short unnoticed.
"""

import contextlib
import itertools
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from office.sealing import Tampered, bound, seal_bytes, unseal_bytes

FRAME = 1 << 20
COLUMN = "upload"


def random_name() -> str:
    """One that tells nothing, for a file yet to be stored."""
    return secrets.token_hex(16)


def store(content: Iterable[bytes], *, name: str | None = None) -> str:
    """Keep the content; returns the random name under which it lies."""
    name = name or random_name()
    path_of(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open(path_of(name), "xb", opener=for_us_alone) as stored:
            write(name, content, stored)
    except BaseException:
        path_of(name).unlink(missing_ok=True)
        raise
    return name


def for_us_alone(path: str, flags: int) -> int:
    """Opens a file nobody else on the machine may read."""
    return os.open(path, flags, mode=0o600)


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The content in the clear: in memory, or where the system cannot, in a file without a name.

    Raises Tampered.
    """
    with unnamed() as clear:
        for block in blocks(name):
            clear.write(block)
        clear.flush()
        clear.seek(0)
        yield clear


def blocks(name: str) -> Iterator[bytes]:
    """The content in the clear; raises Tampered."""
    with open(path_of(name), "rb") as stored:
        place = 0
        while head := stored.read(4):
            frame = unseal_bytes(stored.read(int.from_bytes(head)), binding=bound(COLUMN, f"{name} {place}"))
            if not frame:
                return
            yield frame
            place += 1
    raise Tampered(f"{COLUMN} {name}: it ends too early")


def reseal(name: str) -> None:
    """The same content under the current key, put in the place of the old in one step."""
    again = path_of(name).with_suffix(".new")
    with open(again, "wb", opener=for_us_alone) as stored:
        write(name, blocks(name), stored)
    again.replace(path_of(name))


def beginning_of(name: str) -> bytes:
    """The beginning of the first frame, which tells its key (`sealing.key_of`)."""
    with open(path_of(name), "rb") as stored:
        return stored.read(64)[4:]


def write(name: str, content: Iterable[bytes], stored: BinaryIO) -> None:
    for place, block in enumerate(itertools.chain(_frames(content), [b""])):
        sealed = seal_bytes(block, binding=bound(COLUMN, f"{name} {place}"))
        stored.write(len(sealed).to_bytes(4) + sealed)


def _frames(content: Iterable[bytes]) -> Iterator[bytes]:
    for block in content:
        for start in range(0, len(block), FRAME):
            yield block[start : start + FRAME]


def path_of(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def unnamed() -> BinaryIO:
    """A file that nobody else can open and that is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("upload"), "w+b")
    return tempfile.TemporaryFile()
