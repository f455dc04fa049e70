"""Vouchers: what one act moved, who posted it and what it belongs to."""

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from accounts.admin.accounts import side_of, with_sides
from accounts.models import Transfer, Voucher
from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin
from office.templatetags.figures import yuan


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    list_display = ["number", "belongs_to", "month", "rows", "yuan", "posted_by", "posted_at"]
    list_display_links = ["number"]
    exported = (
        "number",
        "source",
        "source_id",
        "month",
        "rows",
        "amount",
        "posted_by",
        "posted_at",
        "digest",
    )
    list_select_related = ["posted_by"]
    list_filter = [("scheme", ChoicesDropdownFilter), ("source_id", FieldTextFilter)]
    ordering = ["-id"]
    sortable_by = ()
    fields = [
        ("number", "belongs_to"),
        ("scheme", "month"),
        ("rows", "yuan"),
        ("posted_by", "posted_at"),
        "digest",
    ]
    panels = []

    @admin.display(description=gettext_lazy("voucher"))
    def number(self, voucher):
        return f"#{voucher.pk}"

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, voucher):
        return yuan(voucher.amount)

    @admin.display(description=gettext_lazy("belongs to"))
    def belongs_to(self, voucher):
        model = apps.get_model(voucher.source)
        return linked(model(pk=voucher.source_id), f"{model._meta.verbose_name} #{voucher.source_id}")


def transfers(request, voucher) -> Panel:
    """What it moved."""
    moved = Transfer.objects.filter(voucher_id=voucher.pk).order_by("id")
    return Panel(
        title=_("Transfers"),
        columns={
            _("Transfer"): "text",
            _("Kind"): "text",
            _("Debit"): "text",
            _("Credit"): "text",
            _("For month"): "text",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(transfer, f"#{transfer.pk}"),
                transfer.get_kind_display(),
                side_of(transfer, "debit"),
                side_of(transfer, "credit"),
                transfer.covers,
                transfer.amount,
            )
            for transfer in with_sides(moved)[:200]
        ],
    )


VoucherAdmin.panels.append(transfers)
