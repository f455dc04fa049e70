"""The page of a person: how they stand now, what may be done with them, and what was done."""

import hashlib
import json
from collections.abc import Iterator

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from facilities.models import Facility
from insured.admin.person_acts import ACTS, PersonAct, Standing, acts_open_to
from insured.models import (
    Employer,
    Enrolment,
    Person,
    PersonChange,
    PersonChangeKind,
    RetirementGroup,
    Selection,
    Status,
)
from insured.recording import INSURANCE, rows_of
from office.admin.pages import page
from office.admin.panels import Panel, linked
from office.models import County, ImportFile, Scheme
from office.sealing import masked
from office.templatetags.figures import yuan
from policies.month import Month

CHANGES_SHOWN = 20
# Panels by which rooms further up weigh a change before it is saved.
CONSEQUENCES = []
# Columns of spells and selections that name something, told in this order.
POINTING = {"county_id": County, "employer_id": Employer, "facility_id": Facility}


class PersonActs:
    """For the admin of people: the head of the page with its buttons, and the form behind each."""

    change_form_outer_before_template = "insured/person_head.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.act)
        return [path("<int:number>/act/<str:name>/", view, name="insured_person_act"), *super().get_urls()]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["head"] = head_of(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def act(self, request, number, name):
        """The form of an act; with what it would do once it is filled in, and done when that is confirmed."""
        person, act = get_object_or_404(self.get_queryset(request), pk=number), ACTS.get(name)
        if act is None:
            raise Http404
        if not request.user.has_perm(act.permission):
            raise PermissionDenied
        given = request.GET.dict()
        form = act.form(request.POST or None, person=person, staff=request.user, initial=given)
        seen, previewed = seen_of(person), []
        if request.method == "POST" and form.is_valid():
            confirmed = "confirm" in request.POST and request.POST.get("seen") == seen
            try:
                if confirmed:
                    act.do(person, by=request.user, **form.cleaned_data)
                    messages.success(request, _("Done: %(act)s.") % {"act": act.label})
                    return redirect(self._after(request, person))
                previewed = preview(request, person, act, form.cleaned_data)
            except ValidationError as error:
                tell(form, error)
        context = {
            "title": f"{act.label} · {person}",
            "act": act,
            "person": person,
            "back": reverse("admin:insured_person_change", args=[person.pk]),
            "form": form,
            "seen": seen,
            "panels": previewed,
            "head": head_of(request, person),
        }
        return page(request, "insured/person_act.html", context)

    def _after(self, request, person) -> str:
        """The person's page, or the list where the change has moved them out of sight."""
        there = self.get_queryset(request).filter(pk=person.pk).exists()
        if there:
            return reverse("admin:insured_person_change", args=[person.pk])
        return reverse("admin:insured_person_changelist")


def seen_of(person: Person) -> str:
    """A digest of what a preview rests on: what is confirmed is what was looked at."""
    rows = json.dumps(rows_of([person.pk], INSURANCE), sort_keys=True)
    return hashlib.sha256(rows.encode()).hexdigest()[:32]


def preview(request, person: Person, act: PersonAct, given: dict) -> list[Panel]:
    """What the act would change and mean: it is really done, looked at, and taken back."""
    with transaction.atomic():
        act.do(person, by=request.user, **given)
        change = PersonChange.objects.filter(person=person).latest("pk")
        panels = [what_changes(change)]
        panels += [consequence(request, person) for consequence in CONSEQUENCES]
        transaction.set_rollback(True)
    person.refresh_from_db()
    return [panel for panel in panels if panel]


def tell(form, error: ValidationError) -> None:
    """Put each message at its field, or above the form."""
    for name, told in (
        error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
    ).items():
        for message in told:
            form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, message)


def head_of(request, person: Person) -> dict:
    """How a person stands, in a line, with the buttons that fit."""
    standing = Standing.of(person)
    month = Month.of(timezone.localdate())
    chosen = person.selections.select_related("facility").filter(
        first_month__lte=month, last_month__gte=month
    )
    return {
        "standing": standing,
        "person": person,
        "kept": person.merged_into,
        "chosen": [linked(selection.facility) for selection in chosen.order_by("slot")],
        "acts": acts_open_to(standing, request.user),
    }


def what_changes(change: PersonChange) -> Panel:
    """The rows of a change side by side, as they were and as they become."""
    return Panel(
        title=_("What changes"),
        columns={_("Record"): "text", _("As it was"): "text", _("As it becomes"): "text"},
        rows=list(lines_of(change, names=names_in([change]))),
        anchor="what-changes",
    )


def lines_of(change: PersonChange, *, names: dict) -> Iterator[tuple[str, str, str]]:
    """For each row touched: of what kind it is, and how it reads before and after; a dash for none."""
    for table in sorted({*change.before, *change.after}):
        model = next(model for model in apps.get_models() if model._meta.db_table == table)
        was, became = change.before.get(table, {}), change.after.get(table, {})
        rows = [(was.get(number), became.get(number)) for number in {*was, *became}]
        for pair in sorted(rows, key=lambda pair: _place(pair[0] or pair[1])):
            old, new = ("–" if row is None else in_words(model, row, names=names) for row in pair)
            yield str(model._meta.verbose_name), old, new


def _place(row: dict) -> tuple:
    return row.get("first_month") or "", row["id"]


def names_in(found: list[PersonChange]) -> dict[str, dict[int, object]]:
    """What the rows of changes point to, by column, each kind looked up at once."""
    rows = [
        row
        for change in found
        for tables in (change.before, change.after)
        for by_number in tables.values()
        for row in by_number.values()
    ]
    names = {
        column: model.objects.in_bulk({row[column] for row in rows if row.get(column)})
        for column, model in POINTING.items()
    }
    people = {row["id"] for row in rows if "merged_into_id" in row}
    return names | {"id": Person.objects.in_bulk(people)}


def who(person: Person) -> str:
    """A person told apart from others of the same name."""
    return " ".join(filter(None, [person.name, masked(person.document_number), person.person_number]))


def in_words(model, row: dict, *, names: dict) -> str:
    """A row as people read it."""
    if model is Person:
        person = names["id"].get(row["id"])
        told = [who(person) if person else f"#{row['id']}"]
        told += [f"{_('died on')} {row['died_on']}"] if row["died_on"] else []
        told += [_("merged into another record")] if row["merged_into_id"] else []
        return " · ".join(told)
    if model not in (Enrolment, Selection):
        return f"#{row['id']}"
    told = [f"{row['first_month'][:7]} – {(row['last_month'] or '')[:7] or _('open')}"]
    if model is Enrolment:
        told += [Scheme(row["scheme"]).label, Status(row["status"]).label]
        told += [RetirementGroup(row["retirement_group"]).label] if row["retirement_group"] else []
        told += [yuan(row["base"])] if row["base"] else []
    told += [names[column][row[column]] for column in POINTING if row.get(column) in names[column]]
    return " · ".join(map(str, told))


def changes(request, person) -> Panel | None:
    """What was done to the person's record, newest first, each with its undoing where that is still open."""
    found = list(person.changes.select_related("by", "undone", "undoes")[:CHANGES_SHOWN])
    if not found:
        return None
    names = names_in(found)
    files = _files_of(request.user, found)
    latest = next((c for c in found if c.kind != PersonChangeKind.UNDONE and not hasattr(c, "undone")), None)
    return Panel(
        title=_("Changes of the record"),
        columns={
            _("At"): "text",
            _("Kind"): "text",
            _("Effective"): "text",
            _("Reason"): "text",
            _("By"): "text",
            "": "text",
        },
        anchor="changes",
        rows=[
            (
                change.at,
                _called(change, names),
                change.day or change.first_month,
                _because(change, files),
                change.by or _("The portal"),
                _undoing(request, change) if change == latest else "",
            )
            for change in found
        ],
    )


def _called(change: PersonChange, names: dict):
    """What was done, and below it each row it touched."""
    act = change.get_kind_display()
    if change.undoes:
        act = format_html("{} · {}", act, change.undoes)
    elif hasattr(change, "undone"):
        act = format_html("<del>{}</del> {}", act, _("undone"))
    rows = format_html_join(
        "", "<li><b>{}</b> <del>{}</del> → <ins>{}</ins></li>", lines_of(change, names=names)
    )
    return format_html('<details><summary>{}</summary><ul class="changes">{}</ul></details>', act, rows)


def _files_of(staff, changes: list[PersonChange]) -> set[int]:
    """The imports that changed something, as far as whoever asks may look at them."""
    numbers = [change.import_id for change in changes if change.import_id]
    may = staff.has_perm("office.view_importfile")
    return set(ImportFile.objects.filter(pk__in=numbers).values_list("pk", flat=True)) if may else set()


def _because(change: PersonChange, files: set[int]):
    if change.import_id is None:
        return change.reason
    text = f"{ImportFile._meta.verbose_name} #{change.import_id}"
    return linked(ImportFile(pk=change.import_id), text) if change.import_id in files else text


def _undoing(request, change: PersonChange):
    name = "unmerge" if change.kind == PersonChangeKind.MERGED else "undo"
    if not request.user.has_perm(ACTS[name].permission) or change.person.merged_into_id:
        return ""
    url = reverse("admin:insured_person_act", args=[change.person_id, name], query={"change": change.pk})
    return format_html('<a class="link" href="{}">{}</a>', url, _("Undo"))
