"""The register of printed documents: what left the agency, by which a paper is known to be genuine."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.fields import MoneyField
from office.models.agency import County, Staff

# Neither 0 and O nor 1, I and L: codes are read from paper and typed.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12


def random_code() -> str:
    """Twelve letters that nobody guesses."""
    return "".join(secrets.choice(LETTERS) for _letter in range(CODE_LENGTH))


class Document(models.Model):
    """A paper that was printed of a record; only ever written to.

    It keeps no figures but the amount: the digest tells whether the record still says what was printed.
    """

    code = models.CharField(_("verification code"), max_length=CODE_LENGTH, unique=True, default=random_code)
    kind = models.CharField(_("kind"), max_length=30)  # the name of a PaperKind of the subject's admin
    subject = models.CharField(_("kind of record"), max_length=60)  # the model: "settlement.claim"
    record = models.BigIntegerField(_("number of the record"))
    part = models.CharField(_("part"), max_length=10, blank=True)
    title = models.CharField(pgettext_lazy("document", "document"), max_length=100)
    number = models.CharField(_("number"), max_length=100)
    amount = MoneyField(_("amount"), null=True)
    digest = models.CharField(_("digest"), max_length=64)
    language = models.CharField(_("language"), max_length=10)
    county = models.ForeignKey(County, null=True, on_delete=models.PROTECT, verbose_name=_("county"))
    by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", verbose_name=_("printed by"))
    at = models.DateTimeField(_("printed at"), auto_now_add=True)

    class Meta:
        verbose_name = _("printed document")
        verbose_name_plural = _("printed documents")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=f"^[{LETTERS}]{{{CODE_LENGTH}}}$"), name="document_code_is_readable"
            ),
            models.CheckConstraint(condition=Q(digest__regex="^[0-9a-f]{64}$"), name="document_has_a_digest"),
        ]
        indexes = [models.Index(fields=["subject", "record"], name="document_of_record")]

    def __str__(self):
        return f"{self.title} {self.number}"

    @property
    def spelt_code(self) -> str:
        """In groups of four, as it is printed."""
        return "-".join(self.code[start : start + 4] for start in range(0, CODE_LENGTH, 4))
