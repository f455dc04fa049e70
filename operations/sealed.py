"""Files of a backup: written with their digest, and encrypted where there is a key.

Encrypted, a file is a run of AES-256-GCM frames of one mebibyte. A frame's nonce is the file's random prefix,
the frame's number and whether it is the last one (the STREAM construction), so frames can be neither changed,
swapped, dropped nor cut off, and a file of any size passes through little memory.
"""

import hashlib
import io
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"GONGJI1\n"
FRAME = 2**20
TAG = 16
PREFIX = 7


class Unreadable(Exception):
    """The file is damaged, or the key is another one."""


class Writer:
    """A new file, on the disk for certain once closed; `size` and `sha256` are of what is stored."""

    def __init__(self, path: Path, *, key: bytes | None):
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self._cipher = AESGCM(key) if key else None
        self._name = path.name.encode()
        self._waiting = bytearray()
        self._frames = 0
        self.size = 0
        if self._cipher:
            self._prefix = os.urandom(PREFIX)
            self._store(MAGIC + self._prefix)

    def write(self, data: bytes) -> int:
        if self._cipher is None:
            self._store(data)
            return len(data)
        self._waiting += data
        while len(self._waiting) > FRAME:  # the last frame is known only at the end
            self._seal(last=False)
        return len(data)

    def close(self) -> None:
        if self._cipher:
            self._seal(last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _seal(self, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._frames, last)
        self._store(self._cipher.encrypt(nonce, bytes(self._waiting[:FRAME]), self._name))
        del self._waiting[:FRAME]
        self._frames += 1

    def _store(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)


def reader(path: Path, *, key: bytes | None) -> io.BufferedIOBase:
    """The file as it was before it was encrypted. Reading raises Unreadable where it is not intact."""
    return io.BufferedReader(_Frames(path, key), FRAME) if key else path.open("rb")


class _Frames(io.RawIOBase):
    def __init__(self, path: Path, key: bytes):
        self._file = path.open("rb")
        self._cipher, self._name = AESGCM(key), path.name.encode()
        if self._file.read(len(MAGIC)) != MAGIC:
            raise Unreadable(f"{path.name} is not an encrypted part of a backup.")
        self._prefix = self._file.read(PREFIX)
        self._next = self._file.read(FRAME + TAG)
        self._frames = 0
        self._plain, self._ended = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._plain and not self._ended:
            self._plain = self._opened()
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _opened(self) -> bytes:
        frame, self._next = self._next, self._file.read(FRAME + TAG)
        self._ended = not self._next
        nonce = _nonce(self._prefix, self._frames, self._ended)
        self._frames += 1
        try:
            return self._cipher.decrypt(nonce, frame, self._name)
        except InvalidTag:
            told = f"{self._name.decode()} is damaged, or BACKUP_KEY is not the key it was written with."
            raise Unreadable(told) from None

    def close(self) -> None:
        self._file.close()
        super().close()


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4) + bytes([last])
