"""Adjustments 补退: late news settled by entries of the open month, each naming the month it covers.

A death, a retirement, a changed base or figure told late never rewrites what was posted. The run proposes the
differences of `late_news.py`; approved, it credits what is still due and takes back what was credited too
much. What an account no longer holds becomes a receivable, as in a reversal.
"""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import proposals
from accounts.credited import adjusted_by
from accounts.late_news import asked
from accounts.models import RunLine
from accounts.reversal import REVERSAL, post
from accounts.run_lines import lines_of
from insured.models import PersonChange, Status
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunKindName, RunState
from office.policy import policy_in_force
from office.refusal import RunRefused
from office.statements import fetch


def compute(run: Run) -> Computed:
    """A line for every difference, one for each account of the fund where the money changes sides."""
    return proposals.compute(run, "accounts/proposed_adjustments", asked(run.scheme))


def still_holds(run: Run) -> None:
    """Raises RunRefused when late news no longer says what it said when the run was computed."""
    lines = RunLine.objects.filter(run_id=run.pk).values_list("credit__person", "debit__person")
    people = sorted({credited or debited for credited, debited in lines})
    if fetch("accounts/adjustments_differ", run=run.pk, **asked(run.scheme, people=people)):
        raise RunRefused(
            _("What is due has changed since %(run)s was computed: send it back.") % {"run": run}
        )


def may_be_undone(run: Run) -> None:
    """Raises RunRefused while a later adjustment stands, or what became recoverable is settled."""
    later = [number for number in adjusted_by(run.scheme) if number > run.pk]
    if later:
        raise RunRefused(
            _("%(run)s rests on this one: reverse it first.") % {"run": Run.objects.get(pk=later[0])}
        )
    if fetch("accounts/recovery_settled", run=run.pk):
        raise RunRefused(_("Part of what became recoverable by %(run)s is settled already.") % {"run": run})


def adjustments_page(run: Run, first: int, count: int) -> Table:
    """Some lines: who, which month, what was credited, what is due, and what brought the news."""
    lines = lines_of(run, first, count)
    news = _news(run, lines)
    labels = dict(Status.choices)
    return Table(
        title=_("Proposed adjustments"),
        columns={
            _("Number"): "text",
            pgettext("person", "Name"): "text",
            _("Month"): "text",
            _("Insured as, now"): "text",
            _("Fund account"): "text",
            _("Credited so far"): "money",
            _("Due by the rules now"): "money",
            _("Adjustment"): "change",
            _("Reason of the adjustment"): "text",
        },
        rows=[_row(line, labels=labels, news=news) for line in lines],
    )


def _row(line: RunLine, *, labels: dict, news: dict) -> tuple:
    given = line.credit.kind == "person"
    account, source = (line.credit, line.debit) if given else (line.debit, line.credit)
    change = line.amount if given else -line.amount
    return (
        account.person.person_number,
        account.person.name,
        str(line.covers),
        labels.get(line.status, _("not insured")),
        source.get_kind_display(),
        line.credited,
        line.credited + change,
        change,
        news[line.pk],
    )


def _news(run: Run, lines: list[RunLine]) -> dict[int, str]:
    """Of each line what brought the news: a change of the record, other rules, or else a file."""
    people = {(line.credit.person_id or line.debit.person_id) for line in lines}
    changes = PersonChange.objects.filter(
        person__in=people, undoes=None, undone=None, first_month__isnull=False, at__lte=run.computed_at
    ).order_by("pk")
    told: dict[int, list[PersonChange]] = {}
    for change in changes:
        told.setdefault(change.person_id, []).append(change)
    months = {line.covers for line in lines}
    credited = Run.objects.filter(
        kind=RunKindName.CREDIT, scheme=run.scheme, period__in=months, state=RunState.POSTED
    )
    by_rules = dict(credited.values_list("period", "policy"))
    now = {month: policy_in_force(scheme=run.scheme, month=month).pk for month in months}
    found = {}
    for line in lines:
        mine = told.get(line.credit.person_id or line.debit.person_id, [])
        last = next((change for change in reversed(mine) if change.first_month <= line.covers), None)
        if last is not None:
            found[line.pk] = f"{last.get_kind_display()} {last.day or last.first_month}"
        elif by_rules.get(line.covers, now[line.covers]) != now[line.covers]:
            found[line.pk] = _("Other rules")
        else:
            found[line.pk] = _("Enrolment entered or changed later")
    return found


ADJUSTMENT = RunKind(
    name=RunKindName.ADJUSTMENT,
    applies=lambda pack: any(way.method != "none" for ways in pack.credits.values() for way in ways),
    still_holds=still_holds,
    may_be_undone=may_be_undone,
    compute=compute,
    post_chunk=post,
    mirror=REVERSAL,
    page=adjustments_page,
)
