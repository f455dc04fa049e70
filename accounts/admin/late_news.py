"""Late news of a person, as the pages of people and closed accounts show it."""

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.late_news import differences
from insured.models import Status
from office.admin.exceptions import title_of
from office.admin.panels import Panel
from office.models import RunKindName
from office.policy import schemes_here
from office.templatetags.figures import signed


def late_news(request, person) -> Panel | None:
    """Months whose credit would be another by what is known now; nothing when there are none."""
    if not request.user.has_perm("accounts.view_account"):
        return None
    found = [row for scheme in schemes_here() for row in differences(scheme=scheme, people=[person])]
    if not found:
        return None
    known = [row.adjustment for row in found if row.adjustment is not None]
    return Panel(
        title=_("Late news: proposed adjustments"),
        columns={
            _("For month"): "text",
            _("Insured as, now"): "text",
            _("Credited so far"): "money",
            _("Due by the rules now"): "money",
            _("Adjustment"): "change",
            _("Remark"): "text",
        },
        rows=[
            (
                row.month,
                Status(row.status).label if row.status else _("not insured"),
                row.credited,
                row.due,
                row.adjustment,
                title_of(row.held) if row.held else "",
            )
            for row in found
        ],
        figures=[(_("Adjustments in all"), signed(sum(known, Decimal(0))))],
        note=_(
            "These months are credited or closed: nothing posted is rewritten. An adjustment is posted in a"
            " later run of its own, after review."
        ),
        link=(_("Adjustment runs"), _adjustment_runs()) if request.user.has_perm("office.view_run") else None,
    )


def _adjustment_runs() -> str:
    return reverse("admin:office_run_changelist", query={"kind__exact": RunKindName.ADJUSTMENT.value})
