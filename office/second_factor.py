"""The second factor: a one-time code of an authenticator app (django-otp), or a recovery code.

The app's key belongs to one member of staff; a code is taken once (`last_t`), wrong codes are slowed down
more and more. Recovery codes are shown once, kept as digests, and each goes when it is used.
"""

import secrets
from base64 import b32encode

import segno
from django.conf import settings
from django.db import transaction
from django_otp import verify_token

from office.models import Authenticator, RecoveryCode, Staff

RECOVERY_CODES = 10
# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 4, 4

# Whoever may do more with these than look at them moves money, or lets others do so.
GUARDED = {"run", "policyversion", "staff"}
LOOKING = {"view", "export"}


def is_demanded(staff: Staff) -> bool:
    """Whether this person may not work without a second factor."""
    return settings.REQUIRE_SECOND_FACTOR and any(map(moves_money, staff.get_all_permissions()))


def moves_money(permission: str) -> bool:
    verb, _, model = permission.removeprefix("office.").rpartition("_")
    return model in GUARDED and verb not in LOOKING


def device_of(staff: Staff) -> Authenticator | None:
    """The app that is set up and was confirmed by a code."""
    return Authenticator.objects.filter(user=staff, confirmed=True).first()


def device_to_confirm(staff: Staff) -> Authenticator:
    """The app that is being set up; its key stays the same until a code confirms it."""
    unconfirmed = Authenticator.objects.filter(user=staff, confirmed=False)
    return unconfirmed.first() or Authenticator.objects.create(user=staff, confirmed=False)


def confirm(staff: Staff, code: str) -> list[str] | None:
    """Set the app up if the code is its own: the recovery codes, to be shown this once, or None."""
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().filter(user=staff, confirmed=False).first()
        if device is None or not device.verify_token(plain(code)):
            return None
        Authenticator.objects.filter(user=staff).exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return new_recovery_codes(staff)


def is_given(staff: Staff, code: str) -> bool:
    """Whether the code is the app's, and new, or one of the recovery codes; it is used up by this."""
    code = plain(code)
    if len(code) == GROUPS * GROUP:
        return bool(staff.recovery_codes.filter(digest=RecoveryCode.digest_of(code)).delete()[0])
    device = device_of(staff)
    return device is not None and verify_token(staff, device.persistent_id, code) is not None


def new_recovery_codes(staff: Staff) -> list[str]:
    """Fresh codes; the ones before are void."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP)) for _ in range(RECOVERY_CODES)]
    staff.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(staff=staff, digest=RecoveryCode.digest_of(code)) for code in codes
    )
    return ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in codes]


def forget(staff: Staff) -> None:
    """Take the app and its recovery codes away; whoever needs one must then set up a new one."""
    Authenticator.objects.filter(user=staff).delete()
    staff.recovery_codes.all().delete()


def qr_code(device: Authenticator) -> str:
    """The device's key for a phone's camera, as an SVG image."""
    return segno.make(device.config_url, error="m").svg_inline(
        scale=4, border=2, dark="#111827", light="#fff"
    )


def key_to_type(device: Authenticator) -> str:
    """The same key for the hand, in groups of four."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


def plain(code: str) -> str:
    """A code as it was meant, however it was grouped."""
    return "".join(code.split()).replace("-", "").lower()
