"""Vouchers 记账凭证: what moves money outside runs, one act at a time."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from office.fields import MoneyField, MonthField, first_of_month
from office.models import Origin, Scheme, Staff


class Voucher(models.Model):
    """The transfers of one act (a purchase, a payout, a part of a visit file), posted together, and by whom.

    `source` and `source_id` name the record the act belongs to, as "room.model" and its number. `digest` is
    taken over the transfers when they are posted. Written by `vouchers.post` alone, and only ever once.
    """

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    month = MonthField(_("accounting month"))
    source = models.CharField(_("belongs to"), max_length=40)
    source_id = models.BigIntegerField(_("number of what it belongs to"))
    rows = models.IntegerField(_("rows"))
    amount = MoneyField(_("amount"))
    digest = models.CharField(_("digest"), max_length=64)
    posted_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("by")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    posted_at = models.DateTimeField(_("posted at"), default=timezone.now)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            first_of_month("month", name="voucher_first_of_month"),
            models.CheckConstraint(condition=Q(rows__gt=0, amount__gt=0), name="voucher_moves_money"),
        ]
        indexes = [models.Index(fields=["source", "source_id"], name="voucher_of_source")]

    def __str__(self):
        return f"#{self.pk}"
