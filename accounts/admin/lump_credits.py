"""Credits at once: what files asked to be credited, what of it waits, and withdrawing what is not to be."""

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from accounts.models import LumpCredit
from insured.admin import OfPersonAdmin, PersonAdmin
from insured.models import Person
from office.admin.changes import NAMES
from office.admin.panels import Panel, linked

NAMES[LumpCredit] = str
WAITING = Q(credited_by=None, withdrawn_because="")


class Stands(DropdownFilter):
    """Whether a month waits, is credited or was withdrawn."""

    title = gettext_lazy("how it stands")
    parameter_name = "stands__exact"
    asked = {
        "waiting": WAITING,
        "credited": Q(credited_by__isnull=False),
        "withdrawn": ~Q(withdrawn_because=""),
    }

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("Waiting to be credited")),
            ("credited", pgettext("credit at once", "Credited")),
            ("withdrawn", pgettext("credit at once", "Withdrawn")),
        ]

    def queryset(self, request, queryset):
        return queryset.filter(self.asked.get(self.value(), Q()))


class WithdrawForm(forms.ModelForm):
    """Withdraws a month that waits; the reason is its mark."""

    class Meta:
        model = LumpCredit
        fields = ["withdrawn_because"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "withdrawn_because" in self.fields:
            self.fields["withdrawn_because"].required = True
            self.fields["withdrawn_because"].label = _("withdrawn because")
            self.fields["withdrawn_because"].help_text = _(
                "A month withdrawn is not credited; it may be brought by another file."
            )


@admin.register(LumpCredit)
class LumpCreditAdmin(OfPersonAdmin):
    empty_note = gettext_lazy("Single credits wait here for the run that enters them.")
    form = WithdrawForm
    list_display = ["person", "kind", "covers", "base", "amount", "stands"]
    list_display_links = ["person"]
    list_select_related = ["person", "credited_by"]
    exported = (
        "person__person_number",
        "person__name",
        "document",
        "scheme",
        "kind",
        "covers",
        "base",
        "amount",
        "credited_by_id",
        "withdrawn_because",
    )
    list_filter = [Stands, ("kind", ChoicesDropdownFilter), ("scheme", ChoicesDropdownFilter)]
    ordering = ["person", "covers", "id"]

    @admin.display(description=gettext_lazy("how it stands"))
    def stands(self, lump) -> str:
        if lump.credited_by_id:
            return linked(lump.credited_by, _("Run #%(number)s") % {"number": lump.credited_by_id})
        if lump.withdrawn_because:
            return pgettext("credit at once", "Withdrawn")
        return _("Waiting to be credited")

    def get_fields(self, request, obj=None):
        told = ["person_link", ("scheme", "kind"), ("covers", "stands"), ("base", "amount")]
        return [*told, "withdrawn_because"]

    def get_readonly_fields(self, request, obj=None):
        return ["person_link", "scheme", "kind", "covers", "stands", "base", "amount"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        """What is credited or withdrawn is only looked at."""
        waits = obj is None or not (obj.credited_by_id or obj.withdrawn_because)
        return waits and super().has_change_permission(request, obj)

    def save_model(self, request, obj, form, change):
        obj.save(update_fields=["withdrawn_because"])


def lump_credits(request, person: Person) -> Panel | None:
    """The months of the person that wait to be credited at once."""
    if not request.user.has_perm("accounts.view_lumpcredit"):
        return None
    found = person.lump_credits.filter(WAITING).order_by("covers", "kind")
    if not found:
        return None
    return Panel(
        title=_("Waiting to be credited at once"),
        columns={
            _("For month"): "text",
            _("Kind"): "text",
            _("Scheme"): "text",
            _("Monthly base"): "money",
            _("Amount"): "money",
        },
        rows=[
            (
                linked(lump, str(lump.covers)),
                lump.get_kind_display(),
                lump.get_scheme_display(),
                lump.base,
                lump.amount,
            )
            for lump in found
        ],
        link=(_("Prepare the run"), reverse("admin:office_run_add", query={"kind": "lump_credit"}))
        if request.user.has_perm("office.prepare_run")
        else None,
    )


PersonAdmin.panels.append(lump_credits)
