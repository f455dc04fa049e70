"""The ledger, to be looked at: accounts with their entries, transfers. Nothing here can be edited."""

from decimal import Decimal

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from accounts.admin.after_closing import SETTLE, settled_late
from accounts.admin.late_news import late_news
from accounts.entries import entries_of
from accounts.models import Account, AccountKind, Transfer, TransferKind, Voucher
from facilities.admin import FacilityAdmin
from facilities.admin.acts import ActsAdmin
from insured.admin import CONSEQUENCES, PersonAdmin
from insured.models import Person
from insured.search import search_people
from office.admin.panels import Panel, linked
from office.admin.records import ReadOnlyAdmin
from office.models import Run
from office.scope import counties_of
from office.templatetags.figures import yuan

ON_PERSON_PAGE = 12


@admin.register(Account)
class AccountAdmin(ActsAdmin, ReadOnlyAdmin):
    empty_note = gettext_lazy("Accounts are opened by a person's first credit.")
    list_display = ["owner_name", "kind", "scheme", "shown", "opened_on"]
    exported = (
        "owner_name",
        "person__person_number",
        "facility__code",
        "kind",
        "scheme",
        "balance_shown",
        "opened_on",
        "closed_on",
    )
    list_select_related = ["person", "facility", "employer"]
    list_filter = [("kind", ChoicesDropdownFilter), ("scheme", ChoicesDropdownFilter)]
    sortable_by = ()
    list_note = gettext_lazy(
        "Of a county: facilities' accounts; for people's, filter by that kind or search."
    )
    search_fields = ["person__name"]
    search_help_text = gettext_lazy("Name or number of the person, or code of the facility")
    fields = [("owner_name", "kind"), ("scheme", "shown"), ("opened_on", "closed_on")]
    panels = []
    acts = (SETTLE,)
    counties = ("person__county", "facility__county")

    def given_with(self, request, act):
        return {"by": request.user}

    def head_of(self, request, account):
        state = (
            ("posted", pgettext("account", "Closed"))
            if account.closed_on
            else ("computed", pgettext("account", "Open"))
        )
        return {"state": state, "facts": [f"{_('Balance')} {yuan(account.shown_balance)}"]}

    @admin.display(description=gettext_lazy("owner"))
    def owner_name(self, account):
        return str(account.owner or _("The fund"))

    @admin.display(description=gettext_lazy("balance"))
    def shown(self, account):
        return yuan(account.shown_balance)

    @admin.display(description=gettext_lazy("balance"))
    def balance_shown(self, account) -> Decimal:
        return account.shown_balance

    def get_ordering(self, request):
        of_county = _of_people(request) and not request.user.sees_whole_city
        return ["person", "id"] if of_county else ["id"]

    def get_search_results(self, request, queryset, search_term):
        """Of a county's accounts the people's or the others, each by an index: both at once go by none."""
        if not search_term:
            if request.user.sees_whole_city:
                return queryset, False
            if _of_people(request):
                return queryset.filter(person__county__in=counties_of(request.user)), False
            return queryset.exclude(kind=AccountKind.PERSON), False
        by_facility = queryset.filter(facility__code=search_term.strip().upper())
        if by_facility.exists():
            return by_facility, False
        return queryset.filter(person__in=search_people(request, Person.objects.all(), search_term)), False


def _of_people(request) -> bool:
    return request.GET.get("kind__exact") == AccountKind.PERSON


def entries(request, account) -> Panel:
    """The account's entries with its running balance."""
    return Panel(
        title=_("Entries"),
        columns={
            _("Transfer"): "text",
            _("Accounting month"): "text",
            _("For month"): "text",
            _("Kind"): "text",
            _("Counter-account"): "text",
            _("Amount"): "money",
            _("Balance after"): "money",
            _("Run or voucher"): "text",
        },
        rows=[_row(entry) for entry in entries_of(account)],
        figures=[(_("Balance"), yuan(account.shown_balance))],
        note=""
        if account.owner
        else _("Monthly credits of people are not listed here; their totals are on the runs."),
    )


def _row(entry) -> tuple:
    transfer = entry.transfer
    return (
        linked(transfer, f"#{transfer.pk}"),
        transfer.month,
        transfer.covers,
        transfer.get_kind_display(),
        linked(entry.other) if entry.other else _("An account of another county"),
        entry.amount,
        entry.balance,
        stands_on(transfer),
    )


def stands_on(transfer: Transfer) -> str:
    """The link to the run or the voucher a transfer was posted with."""
    if transfer.run_id:
        return linked(Run(pk=transfer.run_id), _("Run #%(number)s") % {"number": transfer.run_id})
    return linked(Voucher(pk=transfer.voucher_id), _("Voucher #%(number)s") % {"number": transfer.voucher_id})


def with_sides(transfers: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """With both accounts, fetched apart: joined, a transfer would vanish when one is of another county."""
    accounts = Account.objects.select_related("person", "facility", "employer")
    return transfers.prefetch_related(*(Prefetch(side, queryset=accounts) for side in ("debit", "credit")))


def side_of(transfer: Transfer, side: str) -> str:
    """The account on one side of a transfer; of another county no more than that it is there."""
    account = getattr(transfer, side, None)
    return linked(account) if account else _("An account of another county")


AccountAdmin.panels += [settled_late, entries]


def accounts_of_owner(request, owner) -> Panel | None:
    """The accounts of a person or a facility, with their balances; one alone is told with its entries."""
    if not request.user.has_perm("accounts.view_account"):
        return None
    accounts = list(owner.accounts.order_by("scheme", "kind"))
    if isinstance(owner, Person) and len(accounts) < 2:
        return None
    return Panel(
        title=_("Accounts"),
        columns={
            _("Account"): "text",
            _("Scheme"): "text",
            _("Opened on"): "text",
            _("Closed on"): "text",
            _("Balance"): "money",
        },
        rows=[
            (
                linked(account, account.get_kind_display()),
                account.get_scheme_display(),
                account.opened_on,
                account.closed_on,
                account.shown_balance,
            )
            for account in accounts
        ],
    )


def entries_of_person(request, person) -> list[Panel]:
    """The latest entries of a person's accounts, each linked to the whole list."""
    if not request.user.has_perm("accounts.view_account"):
        return []
    return [
        Panel(
            title=f"{_('Personal account')} · {account.get_scheme_display()}",
            columns={
                _("For month"): "text",
                _("Kind"): "text",
                _("Amount"): "money",
                _("Balance after"): "money",
                _("Run or voucher"): "text",
            },
            rows=[
                (row[2], row[3], row[5], row[6], row[7])
                for row in map(_row, entries_of(account, ON_PERSON_PAGE))
            ],
            figures=[(_("Balance"), yuan(account.shown_balance))],
            link=(_("All entries"), reverse("admin:accounts_account_change", args=[account.pk])),
        )
        for account in person.accounts.filter(kind="person").order_by("scheme")
    ]


FacilityAdmin.panels.append(accounts_of_owner)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    empty_note = gettext_lazy("Every yuan that moves is written here, once and for ever.")
    list_display = ["number", "kind", "month", "covers", "debit_link", "credit_link", "yuan", "stands_on"]
    list_display_links = ["number"]
    exported = ("number", "kind", "month", "covers", "debit", "credit", "amount", "run_id", "voucher_id")
    list_filter = [("kind", ChoicesDropdownFilter), ("run_id", FieldTextFilter)]
    ordering = ["-id"]
    sortable_by = ()
    list_note = gettext_lazy("Of a county: all but the monthly credits, which stand on people's accounts.")
    fields = [
        ("number", "kind"),
        ("debit_link", "credit_link"),
        ("yuan", "created_at"),
        ("month", "covers"),
        ("stands_on", "reverses"),
    ]
    counties = (
        "debit__person__county",
        "debit__facility__county",
        "credit__person__county",
        "credit__facility__county",
    )

    def get_queryset(self, request):
        return with_sides(super().get_queryset(request))

    def get_search_results(self, request, queryset, search_term):
        """No index leads to a county's among a month's million credits."""
        if request.user.sees_whole_city:
            return queryset, False
        return queryset.exclude(kind=TransferKind.CREDIT), False

    @admin.display(description=gettext_lazy("transfer"))
    def number(self, transfer):
        return f"#{transfer.pk}"

    @admin.display(description=gettext_lazy("amount"))
    def yuan(self, transfer):
        return yuan(transfer.amount)

    @admin.display(description=gettext_lazy("debit"))
    def debit_link(self, transfer):
        return side_of(transfer, "debit")

    @admin.display(description=gettext_lazy("credit"))
    def credit_link(self, transfer):
        return side_of(transfer, "credit")

    @admin.display(description=gettext_lazy("run or voucher"))
    def stands_on(self, transfer):
        return stands_on(transfer)

    @admin.display(description=gettext_lazy("reverses"))
    def reverses(self, transfer):
        number = transfer.reverses_id
        return linked(Transfer(pk=number), f"#{number}") if number else ""


PersonAdmin.panels += [late_news, accounts_of_owner, entries_of_person]
CONSEQUENCES.append(late_news)
