"""What people did besides changing records: whom they looked up, what they took away, how they signed in."""

from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from office.models.agency import Staff


class Act(models.TextChoices):
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Failed to sign in")
    LOCKED_OUT = "locked_out", _("Locked out after failed sign-ins")
    UNLOCKED = "unlocked", _("Unlocked a sign-in")
    SIGN_OUT = "sign_out", _("Signed out")
    SESSION_ENDED = "session_ended", _("Ended a session")
    SECOND_FACTOR = "second_factor", _("Changed a second factor")
    PASSWORD = "password", _("Changed a password")
    SHOW = "show", _("Opened protected data")
    EXPORT = "export", _("Exported a list")
    EXPORT_OPENED = "export_opened", _("Exported a list with protected data")
    DOWNLOAD = "download", _("Downloaded a file")
    OUT_OF_SCOPE = "out_of_scope", _("Asked for a record out of sight")
    REFUSED = "refused", _("Asked for a page without the right to it")


class AccessRecord(models.Model):
    """One act of one person; written once, never changed or removed, by trigger and by right."""

    at = models.DateTimeField(_("at"), auto_now_add=True)
    staff = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("history", "who"),
    )
    username = models.CharField(_("sign-in name"), max_length=150, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    act = models.CharField(_("act"), max_length=20, choices=Act)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access records")
        ordering = ["-id"]
        default_permissions = ["view", "export"]
        indexes = [
            models.Index(fields=["staff", "-id"], name="access_by_staff"),
            models.Index(fields=["subject", "-id"], name="access_to_subject"),
        ]

    @property
    def told(self) -> str:
        """The detail in the reader's language, where it is one of the portal's own words."""
        return gettext(self.detail) if self.detail else ""

    def __str__(self):
        return f"#{self.pk} {self.get_act_display()}"
