"""Who selected a facility: what this room adds to the facility's page."""

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from facilities.models import Facility
from office.admin.panels import Panel, linked
from office.statements import fetch
from policies.month import Month


def people_who_selected(request, facility: Facility) -> Panel | None:
    """How many people the reader sees who selected it this month, or a station under it."""
    month = Month.of(timezone.localdate())
    counts = dict(fetch("insured/people_of_facility", facility=facility.pk, month=month.first_day))
    shown = [facility, *facility.stations.order_by("code")]
    if not any(counts.values()):
        return None
    selections = reverse("admin:insured_selection_changelist")
    return Panel(
        title=_("Selected in %(month)s") % {"month": month},
        figures=[(_("people in all"), sum(counts.values()))],
        columns={_("Facility"): "text", _("People"): "integer", "": "text"},
        rows=[
            (
                linked(each) if each != facility else each,
                counts.get(each.pk, 0),
                format_html('<a class="link" href="{}?q={}">{}</a>', selections, each.code, _("Selections")),
            )
            for each in shown
        ],
    )
