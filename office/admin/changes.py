"""History in words: what became of a record, as people call its columns and what it points to."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import models
from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from office.admin.panels import linked
from office.admin.rule_words import WORDS
from office.fields import MoneyField, MonthField
from office.history import COVERED
from office.models import History, ImportFile, Operation, Origin, Run
from office.templatetags.figures import yuan

# What a record is called where that is not its own name; the rooms that know add to it.
NAMES: dict[type[Model], Callable[[Model], object]] = {}
# What a change may belong to, as `office/acting.py` was told.
BUSINESS = {"run": Run, "import": ImportFile}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One changed column in words; what is covered tells that it changed and no more."""

    label: str
    old: str = ""
    new: str = ""
    covered: bool = False

    def __str__(self):
        return f"{self.label} {_('changed (not shown)') if self.covered else f'{self.old} → {self.new}'}"

    def __html__(self):
        if self.covered:
            return format_html("<b>{}</b> {}", self.label, _("changed (not shown)"))
        return format_html("<b>{}</b> <del>{}</del> → <ins>{}</ins>", self.label, self.old, self.new)


def lines_of(changes: Iterable[History]) -> dict[int, list[Line]]:
    """For each change its columns in words; what they point to is looked up once for all."""
    changes = [change for change in changes if change.changes]
    wanted: dict[type[Model], set] = {}
    for change in changes:
        for column, values in change.changes.items():
            if related := getattr(_fields(change.model).get(column), "related_model", None):
                wanted.setdefault(related, set()).update(value for value in values if value is not None)
    called = {
        related: {number: NAMES.get(related, str)(record) for number, record in _in_bulk(related, numbers)}
        for related, numbers in wanted.items()
    }
    return {change.pk: [_line(change, column, called) for column in _shown(change)] for change in changes}


def what(change: History, lines: list[Line]):
    """What was done, and below it each column that changed."""
    act = change.get_operation_display()
    if not lines:
        return act
    return format_html(
        '{}<ul class="changes">{}</ul>', act, format_html_join("", "<li>{}</li>", ((line,) for line in lines))
    )


def who(change: History) -> str:
    if change.staff is not None:
        return str(change.staff)
    if change.origin:
        return _("The portal")
    return _("Directly in the database")


def where_from(change: History) -> str:
    origin = str(Origin(change.origin).label) if change.origin else ""
    return " · ".join(filter(None, [origin, change.address]))


def openable(changes: list[History], *, reader) -> set[str]:
    """Which of the runs and imports that changes belong to the reader may open."""
    asked = {change.because.partition(" ")[::2] for change in changes}
    found = set()
    for kind, model in BUSINESS.items():
        if reader.has_perm(f"office.view_{model._meta.model_name}"):
            numbers = [number for of, number in asked if of == kind]
            found |= {f"{kind} {each.pk}" for each in model.objects.filter(pk__in=numbers).only("pk")}
    return found


def business_of(change: History, *, openable: Collection[str] = ()):
    """The run or import a change belongs to, as a link where it may be opened."""
    kind, _space, number = change.because.partition(" ")
    model = BUSINESS.get(kind)
    if model is None:
        return _("Set-up of the portal") if kind == "migrate" else change.because
    text = f"{model._meta.verbose_name} #{number}"
    return linked(model(pk=number), text) if change.because in openable else text


def because_of(text: str) -> str:
    """What a change belongs to as it is kept, from how `business_of` or the record itself says it."""
    kind, _space, number = text.replace("#", " ").strip().rpartition(" ")
    names = {str(model._meta.verbose_name).lower(): name for name, model in BUSINESS.items()}
    kind = kind.strip().lower()
    return f"{names.get(kind, kind)} {number}" if number.isdecimal() else text


def kind_name(model: str) -> str:
    """What records of a kind are called; a kind there is no more by its code."""
    try:
        return str(apps.get_model(model)._meta.verbose_name)
    except LookupError:
        return model


def subject_in_words(subject: str) -> str:
    """What an access record is about: "insured.person 17" as people say it, a page by its path."""
    model, _space, number = subject.partition(" ")
    if "." not in model or "/" in model:
        return subject
    return f"{kind_name(model)} #{number}" if number else kind_name(model)


@cache
def _fields(model: str) -> dict[str, models.Field]:
    """Fields by the name history knows them by: their column, or for lists of others their own."""
    try:
        meta = apps.get_model(model)._meta
    except LookupError:
        return {}
    return {field.column: field for field in meta.concrete_fields} | {
        field.name: field for field in meta.many_to_many
    }


def _in_bulk(model: type[Model], numbers: set) -> Iterable[tuple]:
    return model._default_manager.in_bulk(numbers).items()


def _shown(change: History) -> list[str]:
    """The columns of a change in the order of the record; of a removed record those that held something."""
    order = list(_fields(change.model))
    columns = sorted(change.changes, key=lambda column: order.index(column) if column in order else 99)
    if change.operation == Operation.DELETE:
        columns = [c for c in columns if change.changes[c][0] not in (None, "") and c != "id"]
    return columns


def _line(change: History, column: str, called: dict) -> Line:
    field = _fields(change.model).get(column)
    covered = COVERED.get(change.model, {}).get(column)
    label = str(covered or (field.verbose_name if field else column))
    if covered or isinstance(field, models.BinaryField):
        return Line(label=label, covered=True)
    old, new = (_in_words(value, field, called) for value in change.changes[column])
    return Line(label=label, old=old, new=new)


def _in_words(value, field: models.Field | None, called: dict) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, list):
        return "、".join(_in_words(each, getattr(field, "base_field", None), called) for each in value)
    if isinstance(value, dict):
        return " ".join(str(WORDS.get(each, each)) for each in value.values())
    if field is None:
        return str(value)
    if isinstance(value, list):
        within = getattr(field, "base_field", None)
        return " · ".join(_in_words(one, within, called) for one in value)
    if field.related_model:
        return str(called[field.related_model].get(value, f"#{value}"))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, MonthField):
        return value[:7]
    if isinstance(field, MoneyField):
        return yuan(value)
    if isinstance(field, models.DateTimeField):
        return date_format(localtime(parse_datetime(value)), "DATETIME_FORMAT")
    return str(value)
