"""The workbench: where the month stands, what waits for the person, what comes next."""

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.proving import OVERDUE, last_check
from facilities.models import Facility
from insured.models import Person
from office.admin.progress import is_working, progress_of
from office.fields import MonthFormField
from office.kinds import kinds_of
from office.models import (
    YEARLY_KINDS,
    ImportFile,
    Run,
    RunKindName,
    RunState,
    Staff,
)
from office.policy import schemes_here
from office.schedule import next_dates
from office.scope import in_scope, may_in_whole_city
from office.worklist import count_for, waiting_for
from policies.month import Month
from settlement.models import Prepayment

COUNTED = 100_000
SHOWN = 8


def dashboard(request, context: dict) -> dict:
    """Unfold calls this for the first page; it adds what `templates/admin/index.html` shows."""
    staff = request.user
    context |= {"title": _("Workbench"), "is_fullwidth": "1"}
    month = _month(request.GET.get("month"))
    if staff.has_perm("office.view_run"):
        context |= {
            "month": month,
            "month_before": month - 1,
            "month_after": month + 1,
            "steps": steps_of(month),
            "waiting": waiting_for(staff)[:SHOWN],
            "waiting_count": count_for(request)[0],
            "working": working(),
            "recent": Run.objects.select_related("reverses").order_by("-id")[:SHOWN],
            "imports": ImportFile.objects.select_related("uploaded_by").order_by("-id")[:SHOWN],
            "may_prepare": may_in_whole_city(staff, "office.prepare_run"),
        }
    if staff.has_perm("insured.view_person"):
        context["numbers"] = numbers(month, staff)
    if staff.has_perm("accounts.view_bookscheck"):
        context["proof"] = proof()
    context["next_dates"] = next_dates(timezone.localdate())
    return context


def proof() -> dict | None:
    """What is not well with the proof of the books: something wrong, or no proof for too long."""
    check = last_check()
    if check is None or not (check.wrong or check.finished_at < timezone.now() - OVERDUE):
        return None
    return {"wrong": check.wrong, "check": check}


def _month(text: str | None) -> Month:
    try:
        return MonthFormField().clean(text)
    except ValidationError:
        return Month.of(timezone.localdate())


def steps_of(month: Month) -> list[dict]:
    """The month's runs, and in their season the year's, for every scheme: the live one, or none yet."""
    periods = {RunKindName.CREDIT: month, RunKindName.PREPAYMENT: month, RunKindName.CLEARING: month - 1}
    if month.number <= 3:
        periods[RunKindName.YEAR_END] = Month(month.year - 1, 1)
    if month.number == 12:
        periods[RunKindName.CARRY_OVER] = Month(month.year, 1)
    asked = Q()
    for kind, period in periods.items():
        asked |= Q(kind=kind, period=period)
    found = {}
    for run in Run.objects.filter(asked).exclude(state=RunState.CANCELLED).order_by("id"):
        found[run.scheme, run.kind] = run
    return [
        _step(found.get((scheme, kind)), kind=kind, scheme=scheme, month=month, period=periods[kind])
        for scheme in schemes_here()
        for kind in kinds_of(scheme=scheme)
        if kind in periods
    ]


def _step(run: Run | None, *, kind: RunKindName, scheme: str, month: Month, period: Month) -> dict:
    yearly = kind in YEARLY_KINDS
    asked = {"kind": kind, "scheme": scheme, "month": month if yearly else period, "year": period.year}
    return {
        "kind": kind.label,
        "period": str(period.year if yearly else period),
        "run": run,
        "progress": progress_of(run) if run else None,
        "prepare": reverse("admin:office_run_add", query=asked),
    }


def working() -> list[dict]:
    """What workers have in hand now."""
    runs = Run.objects.filter(state__in=[RunState.DRAFT, RunState.POSTING], error="").select_related(
        "reverses"
    )
    return [
        {"run": run, "progress": progress_of(run)} for run in runs.order_by("id")[:SHOWN] if is_working(run)
    ]


def numbers(month: Month, staff: Staff) -> list[dict]:
    """The size of things, and what was posted in the month's year."""
    rows = [
        {
            "label": _("Insured people"),
            "count": about(Person, staff),
            "link": reverse("admin:insured_person_changelist"),
        },
        {
            "label": _("Designated facilities"),
            "count": about(Facility, staff),
            "link": reverse("admin:facilities_facility_changelist"),
        },
    ]
    prepaid = (
        Run.objects.filter(kind=RunKindName.PREPAYMENT, state=RunState.POSTED).order_by("-period").first()
    )
    if prepaid:
        heads = Prepayment.objects.filter(run=prepaid).aggregate(heads=Sum("heads"))["heads"]
        rows.append(
            {
                "label": _("Heads in %(period)s") % {"period": prepaid.period_label},
                "count": heads or 0,
                "link": reverse("admin:office_run_change", args=[prepaid.pk]),
            }
        )
    posted_runs = f"{reverse('admin:office_run_changelist')}?state__exact={RunState.POSTED}"
    for kind in (RunKindName.CREDIT, RunKindName.PREPAYMENT):
        posted = Run.objects.filter(kind=kind, state=RunState.POSTED, period__year=month.year)
        if amount := posted.aggregate(amount=Sum("amount"))["amount"]:
            rows.append(
                {
                    "label": _("%(kind)s in %(year)s") % {"kind": kind.label, "year": month.year},
                    "yuan": amount,
                    "link": f"{posted_runs}&kind__exact={kind}",
                }
            )
    return rows


def about(model, staff: Staff) -> int:
    """How many rows somebody sees; of the whole city beyond a hundred thousand as the planner knows it."""
    seen = in_scope(model.objects.order_by(), staff=staff, by=("county",))
    if not staff.sees_whole_city:
        return seen.count()
    counted = seen[: COUNTED + 1].count()
    if counted <= COUNTED:
        return counted
    with connection.cursor() as cursor:
        cursor.execute(
            "select reltuples::bigint from pg_class where oid = %s::regclass", [model._meta.db_table]
        )
        [(known,)] = cursor.fetchall()
    return max(known, counted)
