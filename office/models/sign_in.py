"""Who is signed in, the phone they sign in with, and what helps when it is lost."""

import hashlib
import hmac

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from office.models.agency import Staff


class SignIn(models.Model):
    """A session of a member of staff: it lasts as long as this row is there.

    Django's session holds the row's number, so no session key is written down a second time.
    """

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", verbose_name=_("staff"))
    since = models.DateTimeField(_("signed in at"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last active"), auto_now_add=True, db_index=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    browser = models.CharField(_("browser"), max_length=300, blank=True)
    second_factor = models.BooleanField(_("second factor given"), default=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-seen_at"]
        permissions = [("unlock_signin", "Unlock sign-in names and addresses")]

    def __str__(self):
        return f"#{self.pk} {self.staff}"


class Authenticator(TOTPDevice):
    """The authenticator app of a member of staff.

    Its key is made from what the table holds and from a key of the environment: whoever reads the table alone
    can make no codes.
    """

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        return hmac.digest(settings.INDEX_KEY, f"second factor\0{self.user_id}\0{self.key}".encode(), "sha1")


class RecoveryCode(models.Model):
    """A code that takes the place of the phone once; only its digest is kept, and it goes when it is used."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "digest"], name="recovery_code_once"),
        ]

    @staticmethod
    def digest_of(code: str) -> str:
        """Codes hold 80 random bits: a plain digest is not to be guessed."""
        return hashlib.sha256(code.encode()).hexdigest()
