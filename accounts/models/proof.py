"""What keeps the proof of the books: seals over vouchers and accounts, and what each nightly check found."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office.models import Origin


class Seal(models.Model):
    """A SHA-256 over rows that are never changed, on top of the seal before."""

    number = models.PositiveIntegerField(_("seal number"), unique=True)
    digest = models.CharField(_("digest"), max_length=64)
    previous = models.CharField(_("seal before"), max_length=64, blank=True)
    sealed_at = models.DateTimeField(_("sealed at"), default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self):
        return f"#{self.number}"


class VoucherSeal(Seal):
    """Over the vouchers after the last seal's up to `last_voucher`."""

    last_voucher = models.BigIntegerField(_("up to voucher"))
    count = models.IntegerField(_("vouchers"))

    class Meta:
        verbose_name = _("seal of vouchers")
        verbose_name_plural = _("seals of vouchers")


class AccountSeal(Seal):
    """Over whose the accounts after the last seal's up to `last_account` were when they were opened."""

    last_account = models.BigIntegerField(_("up to account"))
    count = models.IntegerField(_("accounts"))

    class Meta:
        verbose_name = _("seal of accounts")
        verbose_name_plural = _("seals of accounts")


class BooksCheck(models.Model):
    """One proof of the books: what each check found, and how far the chains of seals went.

    `findings` are the checks in order, each with what is wrong (empty: it holds) and the seconds it took.
    """

    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), default=timezone.now)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    findings = models.JSONField(_("findings"))
    wrong = models.PositiveSmallIntegerField(_("found wrong"))
    run_seal = models.CharField(_("last seal of runs"), max_length=64, blank=True)
    voucher_seal = models.CharField(_("last seal of vouchers"), max_length=64, blank=True)
    account_seal = models.CharField(_("last seal of accounts"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("check of the books")
        verbose_name_plural = _("checks of the books")

    def __str__(self):
        return f"#{self.pk}"

    @property
    def seconds(self) -> int:
        return round((self.finished_at - self.started_at).total_seconds())
