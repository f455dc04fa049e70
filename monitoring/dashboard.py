"""The workbench: where the month stands, what waits for the person, what comes next."""

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from facilities.models import Facility
from insured.models import Person
from monitoring.calendar import calendar_of
from monitoring.notices import notices_for
from monitoring.running import running
from office.fields import MonthFormField
from office.imports import importable
from office.models import (
    Run,
    RunKindName,
    RunState,
    Scheme,
    Staff,
)
from office.schedule import next_dates
from office.scope import in_scope
from office.worklist import Waiting, waiting_on
from policies.month import Month
from settlement.models import Prepayment

COUNTED = 100_000
SHOWN = 8


def dashboard(request, context: dict) -> dict:
    """Unfold calls this for the first page; it adds what `templates/admin/index.html` shows."""
    staff, today = request.user, timezone.localdate()
    context |= {"title": _("Workbench"), "is_fullwidth": "1", "today": today}
    month = _month(request.GET.get("month"))
    if staff.has_perm("office.view_run"):
        waiting = waiting_on(request)
        asked = {item.run.pk: item.what for item in waiting if isinstance(item, Waiting) and item.run}
        context |= {
            "month": month,
            "month_before": month - 1,
            "month_after": month + 1,
            "steps": [
                {"step": step, "scheme": _scheme(step.scheme), "late": step.days_late(today)}
                for step in calendar_of(staff, month, waiting=asked)
            ],
            "waiting": waiting[:SHOWN],
            "waiting_count": len(waiting),
            "recent": Run.objects.select_related("reverses").order_by("-id")[:SHOWN],
        }
    else:
        context["next_dates"] = next_dates(today)
    if staff.has_perm("insured.view_person"):
        context["numbers"] = numbers(month, staff)
    context |= {
        "running": running(staff),
        "notices": notices_for(staff),
        "links": links(staff),
    }
    return context


def _scheme(code: str) -> str:
    return str(Scheme(code).label) if code else ""


def links(staff: Staff) -> list[dict]:
    """What somebody begins most often, one click from the first page."""
    offered = [
        (importable(staff), "upload_file", _("Upload a file"), "admin:office_importfile_add"),
        (
            staff.has_perm("settlement.add_visit"),
            "stethoscope",
            _("Enter a visit"),
            "admin:settlement_visit_add",
        ),
        (
            staff.has_perm("settlement.add_claim"),
            "receipt_long",
            _("Take in a reimbursement"),
            "admin:settlement_claim_add",
        ),
        (
            staff.has_perm("settlement.add_paymentorder"),
            "payments",
            _("Make payment orders"),
            "admin:settlement_paymentorder_make",
        ),
        (staff.has_perm("office.view_policyversion"), "calculate", _("Trial calculation"), "trial"),
    ]
    return [{"icon": icon, "label": label, "url": reverse(name)} for may, icon, label, name in offered if may]


def _month(text: str | None) -> Month:
    try:
        return MonthFormField().clean(text)
    except ValidationError:
        return Month.of(timezone.localdate())


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
            "link": reverse("admin:facilities_facility_changelist", query={"p": 1}),  # all of them
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
    if not staff.sees_whole_city:
        return rows  # what runs come to is the whole city's, and would not go with a county's numbers
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
