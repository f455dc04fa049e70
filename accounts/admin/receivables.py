"""Receivables: what is open and since when, what was done about each, and the acts."""

from django import forms
from django.contrib import admin
from django.db.models import Min, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import receivables
from accounts.admin.accounts import AccountAdmin, entries
from accounts.admin.uses import amount_field
from accounts.models import Receivable, RecoveryState, Transfer
from accounts.receivables import recovery_article
from facilities.admin.acts import RecordAct
from insured.admin.person_acts import EmployerField
from office.admin.panels import Panel, badged, linked
from office.templatetags.figures import yuan

BY_RECEIVABLES = "accounts.recover_receivable"
BY_APPROVERS = "accounts.write_off_receivable"


class RecoveryForm(forms.Form):
    amount = amount_field()
    evidence = forms.CharField(
        label=gettext_lazy("evidence number"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Of the bank slip, notice, letter or decision it rests on."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class MoveForm(RecoveryForm):
    employer = EmployerField()
    field_order = ("employer", "amount", "evidence", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["employer"].required = True


class OpenOrSettled(DropdownFilter):
    title = gettext_lazy("What is open")
    parameter_name = "settled"

    def lookups(self, request, model_admin):
        return [("no", pgettext("receivable", "Open")), ("yes", pgettext("receivable", "Settled"))]

    def queryset(self, request, queryset):
        if self.value() == "no":
            return queryset.filter(balance__lt=0)
        return queryset.filter(balance=0) if self.value() == "yes" else queryset


class OfWhom(DropdownFilter):
    title = gettext_lazy("of whom")
    parameter_name = "of"

    def lookups(self, request, model_admin):
        return [
            ("person", pgettext("receivable", "People")),
            ("employer", _("Employers")),
            ("facility", _("Facilities")),
        ]

    def queryset(self, request, queryset):
        chosen = self.value()
        known = {of for of, _label in self.lookup_choices}
        return queryset.filter(**{f"{chosen}__isnull": False}) if chosen in known else queryset


def _proposed(receivable) -> bool:
    return receivable.recoveries.filter(state=RecoveryState.PROPOSED).exists()


def _act(name, label, explained, **given) -> RecordAct:
    defaults = {
        "done": gettext_lazy("Done."),
        "form": RecoveryForm,
        "open_to": lambda receivable: receivable.open_amount > 0,
        "permission": BY_RECEIVABLES,
    }
    return RecordAct(name=name, label=label, explained=explained, **{**defaults, **given})


@admin.register(Receivable)
class ReceivableAdmin(AccountAdmin):
    empty_note = gettext_lazy("What is still owed to the accounts or the fund would stand here.")
    list_display = ["owner_name", "scheme", "shown", "since", "age"]
    exported = ("owner_name", "person__person_number", "scheme", "balance_shown", "since", "age")
    list_filter = [OpenOrSettled, OfWhom]
    list_note = ""
    fields = [("owner_link", "scheme"), ("shown", "since")]
    panels = []
    acts = (
        _act(
            "repaid",
            gettext_lazy("Repaid"),
            gettext_lazy("The money came to the fund's bank account."),
            do=receivables.repaid,
        ),
        _act(
            "offset",
            gettext_lazy("Offset"),
            gettext_lazy("Taken from what the person's own account holds now."),
            do=receivables.offset,
            open_to=lambda receivable: receivable.open_amount > 0 and receivable.person_id is not None,
        ),
        _act(
            "move",
            gettext_lazy("Move to the employer"),
            gettext_lazy("From now on it is the employer who owes this."),
            form=MoveForm,
            do=receivables.move_to_employer,
            open_to=lambda receivable: (
                receivable.open_amount > 0
                and receivable.person_id is not None
                and recovery_article(receivable) is not None
            ),
        ),
        _act(
            "propose",
            gettext_lazy("Propose a write-off"),
            gettext_lazy("Somebody else approves it before anything is posted."),
            do=receivables.propose_write_off,
            open_to=lambda receivable: receivable.open_amount > 0 and not _proposed(receivable),
            danger=True,
        ),
        _act(
            "approve",
            gettext_lazy("Approve the write-off"),
            gettext_lazy("What was proposed is booked as a loss of the fund."),
            form=forms.Form,
            do=receivables.approve_write_off,
            open_to=_proposed,
            permission=BY_APPROVERS,
            danger=True,
        ),
        _act(
            "reject",
            gettext_lazy("Reject the write-off"),
            gettext_lazy("The receivable stays open; the proposal stays on record."),
            form=forms.Form,
            do=receivables.reject_write_off,
            open_to=_proposed,
            permission=BY_APPROVERS,
        ),
    )

    def get_queryset(self, request):
        first = Transfer.objects.filter(debit=OuterRef("pk")).exclude(kind="credit").order_by()
        begun = first.values("debit").annotate(begun=Min("created_at")).values("begun")
        return super().get_queryset(request).annotate(begun=Subquery(begun))

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        return super().get_search_results(request, queryset, search_term)

    def get_ordering(self, request):
        return ["balance", "id"]

    def initial_of(self, act, receivable):
        return {"amount": receivable.open_amount}

    def head_of(self, request, receivable):
        waiting = _proposed(receivable)
        if not receivable.open_amount:
            state = ("posted", pgettext("receivable", "Settled"))
        else:
            state = (
                ("waiting", _("Write-off proposed"))
                if waiting
                else ("computed", pgettext("receivable", "Open"))
            )
        return {"state": state, "facts": [f"{pgettext('receivable', 'Open')} {yuan(receivable.open_amount)}"]}

    def title_of(self, receivable):
        return _("Receivable from %(owner)s") % {"owner": receivable.owner}

    @admin.display(description=gettext_lazy("owner"))
    def owner_link(self, receivable):
        return linked(receivable.owner)

    @admin.display(description=gettext_lazy("open amount"))
    def shown(self, receivable):
        return yuan(receivable.open_amount)

    @admin.display(description=gettext_lazy("since"))
    def since(self, receivable):
        return timezone.localtime(receivable.begun).date() if receivable.begun else None

    @admin.display(description=gettext_lazy("days open"))
    def age(self, receivable) -> int:
        if not (receivable.begun and receivable.open_amount):
            return None
        return (timezone.localdate() - timezone.localtime(receivable.begun).date()).days


def trail(request, receivable) -> Panel | None:
    """What was done about it, by whom and on what it rests."""
    found = receivable.recoveries.select_related("employer", "entered_by", "decided_by", "voucher")
    return Panel(
        title=_("What was done"),
        columns={
            _("At"): "text",
            _("Kind"): "text",
            _("State"): "text",
            _("Amount"): "money",
            _("Reason"): "text",
            _("Evidence number"): "text",
            _("By"): "text",
            _("Decided by"): "text",
            _("Voucher"): "text",
        },
        rows=[
            (
                recovery.entered_at,
                f"{recovery.get_kind_display()} {recovery.employer or ''}",
                badged(recovery),
                recovery.amount,
                recovery.reason,
                recovery.evidence,
                recovery.entered_by or _("The portal"),
                recovery.decided_by,
                linked(recovery.voucher) if recovery.voucher else None,
            )
            for recovery in found.order_by("-pk")
        ],
        empty=_("Nothing was done yet."),
    )


ReceivableAdmin.panels += [trail, entries]
