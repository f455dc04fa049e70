"""Receipts of the fund: entered from the bank's slip, decided by a second person, taken back by both."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts import fund_income
from accounts.models import FundReceipt, ReceiptState, Voucher
from facilities.admin.acts import ActsAdmin, RecordAct, reason_field
from office.admin.panels import Panel, badged, linked
from office.admin.records import RecordAdmin
from office.policy import schemes_here
from office.scope import may_in_whole_city
from office.templatetags.figures import yuan

DECIDE = "accounts.decide_fundreceipt"
ADD = "accounts.add_fundreceipt"


class TakeBackForm(forms.Form):
    remark = reason_field()


def _waits(receipt: FundReceipt) -> bool:
    return receipt.state == ReceiptState.PROPOSED


@admin.register(FundReceipt)
class FundReceiptAdmin(ActsAdmin, RecordAdmin):
    empty_note = gettext_lazy("What comes into the fund is entered here, from the treasury's advice.")
    list_display = [
        "number",
        "scheme",
        "kind",
        "day",
        "yuan",
        "reference",
        "badge",
        "entered_by",
        "decided_by",
    ]
    list_display_links = ["number"]
    list_select_related = ["entered_by", "decided_by"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("scheme", ChoicesDropdownFilter),
    ]
    search_fields = ["reference"]
    search_help_text = gettext_lazy("Bank reference")
    sortable_by = ()
    add_label = pgettext_lazy("fund receipt", "Enter a receipt")
    exported = (
        "pk",
        "scheme",
        "kind",
        "day",
        "amount",
        "reference",
        "remark",
        "reverses",
        "state",
        "entered_by",
        "entered_at",
        "decided_by",
        "decided_at",
    )
    fields = [("scheme", "kind"), ("day", "amount"), "reference", "remark"]
    readonly_fields = ["yuan", "taken_back"]
    panels: ClassVar[list] = []
    acts: ClassVar[tuple[RecordAct, ...]] = (
        RecordAct(
            name="agree",
            key="a",
            label=gettext_lazy("Agree and post"),
            explained=gettext_lazy(
                "The amount is booked to the pooled fund in the open month, or taken back from it."
            ),
            done=gettext_lazy("The receipt was posted."),
            form=forms.Form,
            do=fund_income.agree,
            open_to=_waits,
            permission=DECIDE,
        ),
        RecordAct(
            name="reject",
            key="r",
            label=pgettext_lazy("fund receipt", "Reject"),
            explained=gettext_lazy("Nothing is booked; what was entered stays on record."),
            done=gettext_lazy("The receipt was rejected."),
            form=forms.Form,
            do=fund_income.reject,
            open_to=_waits,
            permission=DECIDE,
            danger=True,
        ),
        RecordAct(
            name="take_back",
            label=pgettext_lazy("fund receipt", "Take back"),
            explained=gettext_lazy(
                "For a receipt that was wrong: it is taken back whole once a second person agrees."
            ),
            done=gettext_lazy("Taking it back was proposed: a second person decides on it."),
            form=TakeBackForm,
            do=fund_income.propose_reversal,
            open_to=lambda receipt: (
                receipt.state == ReceiptState.POSTED
                and receipt.reverses_id is None
                and not receipt.reversals.exclude(state=ReceiptState.REJECTED).exists()
            ),
            permission=ADD,
            danger=True,
        ),
    )

    def has_view_permission(self, request, obj=None):
        """The fund is the whole city's."""
        return may_in_whole_city(request.user, "accounts.view_fundreceipt")

    def has_add_permission(self, request):
        return may_in_whole_city(request.user, ADD)

    def has_change_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        if obj is None:
            return self.fields
        return [
            ("scheme", "kind"),
            ("day", "yuan"),
            ("reference", "taken_back"),
            "remark",
            ("entered_by", "entered_at"),
            ("decided_by", "decided_at"),
        ]

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if db_field.name == "scheme":
            field.choices = [choice for choice in field.choices if choice[0] in schemes_here()]
        return field

    def save_model(self, request, receipt, form, change):
        receipt.entered_by = request.user
        super().save_model(request, receipt, form, change)

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, receipt):
        return {
            "state": (receipt.state, receipt.get_state_display()),
            "facts": [receipt.get_kind_display(), f"{yuan(_signed(receipt))} {_('yuan')}"],
        }

    @admin.display(description=pgettext_lazy("fund receipt", "receipt"))
    def number(self, receipt):
        return f"#{receipt.pk}"

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, receipt):
        return yuan(_signed(receipt))

    @admin.display(description=gettext_lazy("takes back"))
    def taken_back(self, receipt):
        return linked(receipt.reverses, f"#{receipt.reverses_id}") if receipt.reverses_id else "–"

    @admin.display(description=gettext_lazy("state"))
    def badge(self, receipt):
        return badged(receipt)


def _signed(receipt: FundReceipt):
    return -receipt.amount if receipt.reverses_id else receipt.amount


def booked(request, receipt) -> Panel | None:
    """The vouchers of the receipt and of what took it back."""
    receipts = [receipt.pk, *receipt.reversals.values_list("pk", flat=True)]
    vouchers = Voucher.objects.filter(source=receipt._meta.label_lower, source_id__in=receipts).order_by("pk")
    taken = receipt.reversals.order_by("pk")
    rows = [(linked(each), each.month, each.amount, each.posted_at) for each in vouchers]
    if not rows:
        return None
    return Panel(
        title=_("Vouchers"),
        columns={
            _("Voucher"): "text",
            _("Accounting month"): "text",
            _("Amount"): "money",
            _("Posted at"): "text",
        },
        rows=rows,
        figures=[
            (_("Taken back by"), linked(each, f"#{each.pk} {each.get_state_display()}")) for each in taken
        ],
    )


FundReceiptAdmin.panels.append(booked)
