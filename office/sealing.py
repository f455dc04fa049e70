"""Values no table may hold in the clear: sealed under a key, found by a keyed index, shown masked.

A sealed value is one byte with the length of the key's id, the id, a nonce of 12 bytes, and AES-256-GCM's
ciphertext with its tag. Its binding, "table.column row", is authenticated with it: what was sealed for one
row or column is refused when read in another. Neither keys nor plain values appear in an error.
"""

import base64
import binascii
import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE = 12
INDEX_BYTES = 16


class Tampered(Exception):
    """A sealed value was changed, stands where it was not sealed for, or is under a key there is not."""


def seal(text: str, *, binding: str) -> bytes:
    """The text under the current key."""
    return seal_bytes(text.encode(), binding=binding)


def unseal(sealed: bytes, *, binding: str) -> str:
    """The text that was sealed with this binding; raises Tampered."""
    return unseal_bytes(sealed, binding=binding).decode()


def bound(column: str, row: bytes | str) -> str:
    """The binding of a value: its `table.column`, and what tells its row before there is a primary key."""
    return f"{column} {row if isinstance(row, str) else bytes(row).hex()}"


def seal_bytes(content: bytes, *, binding: str) -> bytes:
    """The bytes under the current key."""
    head, cipher = _sealing(*next(iter(settings.FIELD_KEYS.items())))
    nonce = os.urandom(NONCE)
    return b"".join((head, nonce, cipher.encrypt(nonce, content, binding.encode())))


def unseal_bytes(sealed: bytes, *, binding: str) -> bytes:
    """The bytes that were sealed with this binding; raises Tampered."""
    sealed = bytes(sealed)
    key_id = key_of(sealed)
    if key_id not in settings.FIELD_KEYS:
        raise Tampered(f"{binding}: no key “{key_id}”")
    start = 1 + sealed[0]
    try:
        return _cipher(settings.FIELD_KEYS[key_id]).decrypt(
            sealed[start : start + NONCE], sealed[start + NONCE :], binding.encode()
        )
    except (InvalidTag, ValueError):
        raise Tampered(binding) from None


def key_of(sealed: bytes) -> str:
    """The id of the key a value is sealed under."""
    return sealed[1 : 1 + sealed[0]].decode("ascii", "replace") if sealed else ""


def current_key() -> str:
    """The id of the key that values are sealed under now."""
    return next(iter(settings.FIELD_KEYS))


def blind_index(text: str, *, purpose: str) -> bytes:
    """What equal texts have in common, and nobody without the key can tell: 16 bytes of HMAC-SHA256."""
    keyed = _keyed(settings.INDEX_KEY, purpose).copy()
    keyed.update(text.encode())
    return keyed.digest()[:INDEX_BYTES]


def masked(number: str) -> str:
    """The number with everything between its first four and last four characters hidden."""
    if len(number) > 8:
        return number[:4] + "*" * (len(number) - 8) + number[-4:]
    return number[:1] + "*" * (len(number) - 1)


def masked_phone(number: str) -> str:
    """138****5678; a number of another length keeps its first three digits, a short one none."""
    if len(number) == 11:
        return f"{number[:3]}****{number[7:]}"
    return number[:3] + "*" * (len(number) - 3) if len(number) > 6 else "*" * len(number)


def masked_account(number: str) -> str:
    """A bank account by its last four digits."""
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 4 else "*" * len(number)


def read_field_keys(text: str) -> dict[str, bytes]:
    """`k2:base64,k1:base64` as keys by id, the current one first; raises ImproperlyConfigured."""
    keys = {}
    for part in text.split(","):
        key_id, _colon, encoded = part.strip().partition(":")
        if not (0 < len(key_id) < 32 and key_id.isascii() and key_id.isalnum()) or key_id in keys:
            raise ImproperlyConfigured("FIELD_KEYS: each key needs an id of its own of letters and digits.")
        keys[key_id] = read_key(encoded, name=f"FIELD_KEYS, key {key_id}")
    return keys


def read_key(encoded: str, *, name: str) -> bytes:
    """32 bytes from base64; raises ImproperlyConfigured, which never quotes them."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name}: must be 32 random bytes in base64 (openssl rand -base64 32).")
    return key


@cache
def _keyed(key: bytes, purpose: str) -> hmac.HMAC:
    """Begun once: a copy goes on where this stands in half the time that a key takes."""
    return hmac.new(key, f"{purpose}\0".encode(), "sha256")


@cache
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


@cache
def _sealing(key_id: str, key: bytes) -> tuple[bytes, AESGCM]:
    """What stands before a value under the key, and the cipher."""
    return bytes([len(key_id)]) + key_id.encode(), _cipher(key)
