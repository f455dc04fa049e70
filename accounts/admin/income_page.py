"""The fund's income and expenditure of personal accounts: a year by month, a month by county and kind."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.income import Sum, balance_after, income_table, sums_of, totals
from office import tables
from office.access import note
from office.acting import acting
from office.admin.pages import page
from office.admin.panels import Panel
from office.fields import MonthFormField
from office.models import Act, County, Origin, Scheme
from office.policy import schemes_here
from office.saved_filters import county_of
from office.scope import counties_of
from office.templatetags.figures import yuan
from policies.month import Month


def income_page(request):
    """The month or year asked for; of a county's staff only their counties'. `?as=xlsx` gives the file."""
    scheme = request.GET.get("scheme")
    schemes = schemes_here()
    scheme = scheme if scheme in schemes else schemes[0]
    first, last = _asked(request)
    with acting(
        staff=request.user, origin=Origin.PAGE
    ):  # far quicker than row by row; counties are asked for
        sums = sums_of(scheme=scheme, first=first, last=last, counties=counties_of(request.user))
        closing = balance_after(last, scheme=scheme) if request.user.sees_whole_city else None
    if request.GET.get("as") == "xlsx":
        return _file(request, sums, first, last)
    county = county_of(request)
    shown = [each for each in sums if county in ("", each.code)]
    link = _Link(scheme=scheme, first=first, last=last)
    return page(
        request,
        "accounts/income.html",
        {
            "title": _("Income and expenditure of personal accounts"),
            "schemes": [(each, Scheme(each).label, link(scheme=each)) for each in schemes]
            if len(schemes) > 1
            else [],
            "scheme": scheme,
            "period": link.period,
            "steps": link.steps(),
            "file": link(**{"as": "xlsx"}),
            "may_export": request.user.has_perm("office.export_lists"),
            "county": County.objects.filter(code=county).first() if county else None,
            "whole": link(county=""),
            "panels": [
                panel
                for panel in (
                    by_month(shown, link) if first != last else None,
                    by_county(sums, link) if not county else None,
                    by_kind(shown),
                )
                if panel
            ],
            "figures": _figures(sums, closing) if not county else [],
        },
    )


def _asked(request) -> tuple[Month, Month]:
    """A month, or a year; without either the month that is now."""
    year = request.GET.get("year", "")
    if len(year) == 4 and year.isascii() and year.isdigit() and year >= "1000":
        return Month(int(year), 1), Month(int(year), 12)
    try:
        month = MonthFormField().clean(request.GET.get("month"))
    except ValidationError:
        month = Month.of(timezone.localdate())
    return month, month


def _file(request, sums: list[Sum], first: Month, last: Month):
    if not request.user.has_perm("office.export_lists"):
        raise PermissionDenied
    period = str(first) if first == last else str(first.year)
    note(request, Act.EXPORT, subject=request.path, detail=f"{period} xlsx")
    return tables.download(income_table(sums, period=period), "xlsx")


class _Link:
    """Addresses of the page for the period looked at, and for its neighbours."""

    def __init__(self, *, scheme: str, first: Month, last: Month):
        self.scheme, self.first, self.yearly = scheme, first, first != last
        self.period = str(first.year if self.yearly else first)

    def __call__(self, **changed) -> str:
        period = {} if {"month", "year"} & set(changed) else {"year" if self.yearly else "month": self.period}
        return "?" + urlencode({"scheme": self.scheme} | period | changed)

    def steps(self) -> list[tuple]:
        """The period before and after, and the month's year or the year's last month."""
        if self.yearly:
            year = self.first.year
            return [(year - 1, self(year=year - 1)), (year + 1, self(year=year + 1))]
        around = [(month, self(month=month)) for month in (self.first - 1, self.first + 1)]
        return [*around, (self.first.year, self(year=self.first.year))]


def _figures(sums: list[Sum], closing) -> list[tuple]:
    income, expense = totals(sums).get((), (0, 0))
    figures = [(_("Income"), yuan(income)), (_("Expense"), yuan(expense))]
    if closing is None:
        return figures
    opening = closing - income + expense
    return [(_("Opening balance"), yuan(opening)), *figures, (_("Closing balance"), yuan(closing))]


def by_month(sums: list[Sum], link: _Link) -> Panel:
    return Panel(
        title=_("By month"),
        columns={_("Accounting month"): "text", **_money()},
        rows=[
            (
                format_html('<a class="link" href="{}">{}</a>', link(month=month), month),
                income,
                expense,
                income - expense,
            )
            for (month,), (income, expense) in totals(sums, "month").items()
        ],
    )


def by_county(sums: list[Sum], link: _Link) -> Panel:
    ordered = sorted(sums, key=lambda each: each.code)
    return Panel(
        title=_("By county"),
        columns={_("County"): "text", **_money()},
        rows=[
            (
                format_html('<a class="link" href="{}">{}</a>', link(county=code), county or _("none")),
                income,
                expense,
                income - expense,
            )
            for (code, county), (income, expense) in totals(ordered, "code", "county").items()
        ],
        note=_(
            "A transfer belongs to the county in which the person is insured in its accounting month; of who"
            " is not insured then, to the county last known."
        ),
    )


def by_kind(sums: list[Sum]) -> Panel:
    found: dict[tuple, list] = {}
    for each in sums:
        count_and_amount = found.setdefault((not each.income, each.kind), [0, 0])
        count_and_amount[0] += each.count
        count_and_amount[1] += each.amount
    return Panel(
        title=_("By kind"),
        columns={_("Side"): "text", _("Kind"): "text", _("Transfers"): "integer", _("Amount"): "money"},
        rows=[
            (_("Expense") if expense else _("Income"), kind.label, count, amount)
            for (expense, kind), (count, amount) in sorted(found.items())
        ],
        link=(_("Transfers"), reverse("admin:accounts_transfer_changelist")),
    )


def _money() -> dict[str, str]:
    return {_("Income"): "money", _("Expense"): "money", _("Income less expense"): "money"}
