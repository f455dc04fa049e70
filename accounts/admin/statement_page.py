"""The yearly statement of a personal account, with its interest day by day; on paper and as a file too."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.admin.accounts import AccountAdmin, stands_on
from accounts.interest import stretches_of_year
from accounts.models import Account, AccountKind, TransferKind
from accounts.statement import Statement, statement_of, statement_table
from office import tables
from office.access import note
from office.admin.pages import page
from office.admin.panels import Panel, linked
from office.models import Act
from office.policy import NoPolicy
from office.scope import in_scope
from office.templatetags.figures import yuan
from policies.interest import CARRIED_OVER, PRODUCT_OF_ONE_FEN, RATE_UNITS, interest_of
from policies.money import to_yuan
from policies.values import MissingParameter


def statement_page(request, number, extension=None):
    """The statement of a personal account: of the last year or `?year=`, with the entries of `?kind=`."""
    seen = in_scope(Account.objects.all(), staff=request.user, by=AccountAdmin.counties)
    of_people = seen.filter(kind=AccountKind.PERSON).select_related("person")
    account = get_object_or_404(of_people, pk=number)
    told = statement_of(account, _number(request.GET.get("year")))
    if extension is not None:
        return _file(request, told, extension)
    kind = request.GET.get("kind", "")
    return page(
        request,
        "accounts/statement.html",
        {
            "title": _("Account statement %(year)s") % {"year": told.year},
            "account": account,
            "told": told,
            "kind": kind,
            "kinds": [(each.value, each.label) for each in {**told.income, **told.expense}],
            "entries": entries_of_year(told, kind),
            "sums": [sums(_("Income"), told.income, told.came), sums(_("Expense"), told.expense, told.went)],
            "interest": interest(told),
            "may_export": request.user.has_perm("office.export_lists"),
        },
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) == 4 and text.isascii() and text.isdigit() else None


def _file(request, told: Statement, extension: str):
    if not request.user.has_perm("office.export_lists"):
        raise PermissionDenied
    if extension not in tables.WRITERS:
        raise Http404
    note(request, Act.EXPORT, subject=told.account, detail=f"{told.year} {extension}")
    return tables.download(statement_table(told), extension)


def entries_of_year(told: Statement, kind: str) -> Panel:
    """The entries in the order in which they were posted."""
    return Panel(
        title=_("Entries"),
        columns={
            _("Posted at"): "text",
            _("Accounting month"): "text",
            _("For month"): "text",
            _("Kind"): "text",
            _("Counter-account"): "text",
            _("Amount"): "money",
            _("Balance after"): "money",
            _("Run or voucher"): "text",
        },
        rows=[
            (
                entry.transfer.created_at,
                entry.transfer.month,
                entry.transfer.covers,
                entry.transfer.get_kind_display(),
                linked(entry.other) if entry.other else _("An account of another county"),
                entry.amount,
                entry.balance,
                stands_on(entry.transfer),
            )
            for entry in told.entries
            if kind in ("", entry.transfer.kind)
        ],
    )


def sums(title: str, by_kind: dict[TransferKind, object], total) -> Panel:
    return Panel(
        title=title,
        columns={_("Kind"): "text", _("Amount"): "money"},
        rows=[(kind.label, amount) for kind, amount in by_kind.items()],
        figures=[(_("Altogether"), yuan(total))],
    )


def interest(told: Statement) -> Panel | None:
    """What the days of the year earn, stretch by stretch; nothing where the rules know no interest."""
    try:
        found = stretches_of_year(told.account, told.year)
    except MissingParameter as missing:
        return Panel(
            title=_("Interest day by day"),
            columns={},
            empty=_("The parameter “%(name)s” (article %(article)s) has no value.")
            % {"name": missing.name, "article": missing.article},
        )
    except NoPolicy:
        return None
    if not found:
        return None
    return Panel(
        title=_("Interest day by day"),
        columns={
            _("From day"): "text",
            _("To day"): "text",
            _("Number of days"): "integer",
            _("Money"): "text",
            _("Balance"): "money",
            _("Rate a year"): "text",
            _("Product"): "money",
            _("Interest, not rounded"): "text",
        },
        rows=[
            (
                stretch.first,
                stretch.last,
                stretch.days,
                _("carried over") if stretch.sort == CARRIED_OVER else _("of the year"),
                to_yuan(stretch.balance),
                f"{stretch.rate / RATE_UNITS:g}%",
                to_yuan(stretch.product),
                f"{stretch.product * stretch.rate / PRODUCT_OF_ONE_FEN / 100:.4f}",
            )
            for stretch in found
        ],
        figures=[(_("Interest of %(year)s") % {"year": told.year}, yuan(interest_of(found)))],
        note=_(
            "Balance × days × rate / 360, rounded once. If nothing moves any more, this is what the year"
            " gives; it is credited in the year after."
        ),
    )


def to_statement(request, account) -> Panel | None:
    """The way to the statement, on a personal account's page."""
    if account.kind != AccountKind.PERSON:
        return None
    told = statement_of(account)
    return Panel(
        title=_("Account statement %(year)s") % {"year": told.year},
        columns={
            _("Opening balance"): "money",
            _("Income"): "money",
            _("Expense"): "money",
            _("Closing balance"): "money",
        },
        rows=[(told.opening, told.came, told.went, told.closing)],
        link=(_("Statement and interest"), reverse("account_statement", args=[account.pk])),
    )


AccountAdmin.panels.insert(0, to_statement)
