"""People, the spells in which they are insured, their selections and their employers."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from facilities.admin import CONCERNED_BY_CLOSING, FacilityAdmin
from insured.admin.facility_people import people_who_selected
from insured.admin.person_page import PersonActs
from insured.models import Employer, Enrolment, Person
from insured.search import search_people
from office.admin.changes import NAMES
from office.admin.panels import Panel, linked
from office.admin.protected import ProtectedNumbers, keep_unless_typed, typed_or_kept
from office.admin.records import RecordAdmin
from office.sealing import masked, masked_phone

# In the history, by what does not change later: when a spell ends is told by the change that ended it.
NAMES[Enrolment] = lambda spell: f"{spell.get_scheme_display()} {spell.first_month}"


class PersonForm(forms.ModelForm):
    """A person entered by hand, or how to reach one on record; what is sealed is typed anew, never shown."""

    document_number = forms.CharField(
        label=gettext_lazy("document number"), max_length=30, widget=UnfoldAdminTextInputWidget
    )
    phone = forms.CharField(
        label=gettext_lazy("phone"), max_length=30, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Person
        fields = ["document_type", "name", "person_number", "county"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "phone" in self.fields:
            keep_unless_typed(self.fields["phone"], masked_phone(self.instance.phone))

    def clean(self):
        data = super().clean()
        person = self.instance
        if "document_number" in data and "document_type" in data:
            person.identify(document_type=data["document_type"], document_number=data["document_number"])
            same = Person.objects.filter(
                document_type=person.document_type, document_index=person.document_index
            )
            if same.exclude(pk=person.pk).exists():
                raise ValidationError(
                    {"document_number": _("Somebody with this document is entered already.")}
                )
        if "phone" in data and person.document_index:
            person.reach_by(typed_or_kept(data["phone"], person.phone))
        return data


@admin.register(Person)
class PersonAdmin(PersonActs, ProtectedNumbers, RecordAdmin):
    empty_note = gettext_lazy("People come with an enrolment file: upload one under Imports.")
    show_permission = "insured.show_person"
    form = PersonForm
    list_display = ["name", "document", "person_number", "sex", "birth_date", "county", "died_on"]
    list_display_links = ["name"]
    list_select_related = ["county"]
    ordering = ["id"]
    sortable_by = ()
    search_fields = ["name"]  # shows the search box; the search itself is `find_people`
    search_help_text = gettext_lazy(
        "Name or its first letters in pinyin, identity number or its last four characters, or person number"
    )
    panels = []
    history_along = ("enrolments", "selections")
    counties = ("county",)
    exported = (
        "person_number",
        "name",
        "document_type",
        "document",
        "sex",
        "birth_date",
        "phone_masked",
        "county",
        "died_on",
    )
    opened = {"document": "document_number", "phone_masked": "phone"}
    palette_icon = "person"

    @admin.display(description=gettext_lazy("document number"))
    def document(self, person):
        return masked(person.document_number)

    def protected_numbers(self, person):
        return [
            (_("document number"), person.document_number, masked),
            (_("phone"), person.phone, masked_phone),
        ]

    @admin.display(description=gettext_lazy("phone"))
    def phone_masked(self, person):
        return masked_phone(person.phone) or "–"

    def get_search_results(self, request, queryset, search_term):
        listed = queryset.filter(merged_into=None)
        if not search_term:
            return listed, False
        return listed.filter(pk__in=search_people(request, listed, search_term)), False

    def in_brief(self, person):
        told = (masked(person.document_number), person.person_number, person.county and person.county.name)
        return " · ".join(filter(None, told))

    def get_fields(self, request, obj=None):
        if obj is None:
            return [("document_type", "document_number"), ("name", "person_number"), ("phone", "county")]
        return [
            ("name", "person_number"),
            ("document_type", "document"),
            ("sex", "birth_date"),
            ("phone" if self.has_change_permission(request, obj) else "phone_masked", "county"),
        ]

    def get_readonly_fields(self, request, obj=None):
        """Who somebody is comes from the document; what a clerk may correct is how to reach them.

        The county follows the spells; only who has none yet is given one.
        """
        if obj is None:
            return []
        known = ["document_type", "document", "person_number", "sex", "birth_date", "name", "county"]
        # The form asks for the number itself unless it is named here, though the page shows only its mask.
        return [*known, "document_number", "phone_masked"]


def spells(request, person) -> Panel:
    """The months in which the person is insured, and as what."""
    rows = [
        (
            spell.get_scheme_display(),
            linked(spell, spell.get_status_display()),
            spell.get_retirement_group_display(),
            f"{spell.first_month} – {spell.last_month or _('open')}",
            spell.base,
            spell.employer and spell.employer.name,
            spell.county.name,
        )
        for spell in person.enrolments.select_related("county", "employer").order_by("-first_month")
    ]
    return Panel(
        title=_("Enrolment spells"),
        columns={
            _("Scheme"): "text",
            _("Status"): "text",
            _("Retired from"): "text",
            _("Months"): "text",
            _("Monthly base"): "money",
            _("Employer"): "text",
            _("County"): "text",
        },
        rows=rows,
        link=_adding(request, "enrolment", person, _("Add a spell")),
    )


def _adding(request, model: str, person, text: str):
    if not request.user.has_perm(f"insured.add_{model}"):
        return None
    return text, reverse(f"admin:insured_{model}_add", query={"person": person.pk})


PersonAdmin.panels += [spells]
FacilityAdmin.panels.append(people_who_selected)
CONCERNED_BY_CLOSING.append(people_who_selected)


class OfPersonAdmin(RecordAdmin):
    """What belongs to one person: chosen once, afterwards fixed; saving returns to the person."""

    autocomplete_fields = ["person"]
    list_select_related = ["person"]
    ordering = ["person", "-id"]  # as their index goes, from a county's people on
    sortable_by = ()
    search_fields = ["person__name"]
    search_help_text = PersonAdmin.search_help_text
    counties = ("person__county",)
    show_permission = PersonAdmin.show_permission
    opened = {"document": "person__document_number"}

    @admin.display(description=gettext_lazy("document number"))
    def document(self, record):
        return masked(record.person.document_number)

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        return queryset.filter(person__in=search_people(request, Person.objects.all(), search_term)), False

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else ["person_link"]

    def get_fields(self, request, obj=None):
        return [self.fields[0] if obj is None else "person_link", *self.fields[1:]]

    @admin.display(description=gettext_lazy("insured person"))
    def person_link(self, record):
        return linked(record.person)

    def response_post_save_add(self, request, obj):
        return HttpResponseRedirect(reverse("admin:insured_person_change", args=[obj.person_id]))

    response_post_save_change = response_post_save_add


@admin.register(Enrolment)
class EnrolmentAdmin(OfPersonAdmin):
    list_display = ["person", "scheme", "status", "first_month", "last_month", "base", "county"]
    list_select_related = ["person", "county"]
    exported = (
        "person__person_number",
        "person__name",
        "document",
        "scheme",
        "status",
        "first_month",
        "last_month",
        "base",
        "retirement_group",
        "employer__code",
        "employer__name",
        "county",
    )
    list_filter = [("scheme", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter)]
    autocomplete_fields = ["person", "employer"]
    fields = [
        "person",
        ("scheme", "status"),
        ("first_month", "last_month"),
        ("base", "retirement_group"),
        ("county", "employer"),
    ]


@admin.register(Employer)
class EmployerAdmin(RecordAdmin):
    empty_note = gettext_lazy("Employers come with the enrolment file.")
    list_display = ["code", "name"]
    ordering = ["code"]
    sortable_by = ()
    search_fields = ["code__startswith", "name__contains"]
    search_help_text = gettext_lazy("Code or name of the employer")
    fields = [("code", "name")]
