"""What stands in the columns of an exported list: figures as numbers, all else as the text of the page."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from html import unescape

from django.contrib.admin.utils import label_for_field
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from office.fields import FenField, MoneyField

EMPTY = "–"
# What an admin's method says it returns.
KINDS = {Decimal: "money", int: "number"}


@dataclass(frozen=True)
class Column:
    header: str
    kind: str  # as of `office.kinds.Table`
    value: Callable


def columns_of(model_admin, names, *, opened: dict[str, str]) -> list[Column]:
    """The columns, each a field, a path to one, or what the list's admin shows; `opened` as in `Exported`."""
    found = []
    for name in names:
        column = _shown(model_admin, name) if hasattr(model_admin, name) else _stored(model_admin.model, name)
        found.append(replace(column, value=_at(opened[name].split("__"))) if name in opened else column)
    return found


def _shown(model_admin, name: str) -> Column:
    method = getattr(model_admin, name)
    header = str(capfirst(label_for_field(name, model_admin.model, model_admin)))
    kind = KINDS.get(method.__annotations__.get("return"), "text")
    return Column(header, kind, method if kind != "text" else lambda record: plain(method(record)))


def _stored(model: type[models.Model], path: str) -> Column:
    *along, last = path.split("__")
    names = []
    for name in along:
        relation = model._meta.get_field(name)
        model = relation.related_model
        names.append(str(relation.verbose_name))
    header = str(label_for_field(last, model))
    for name in reversed(names):
        header = _("%(whose)s: %(what)s") % {"whose": name, "what": header}
    header, get = capfirst(header), _at([*along, last])
    try:
        field = model._meta.get_field(last)
    except FieldDoesNotExist:
        return Column(header, "text", lambda record: plain(get(record)))
    if field.flatchoices:
        labels = {value: str(label) for value, label in field.flatchoices}
        return Column(header, "text", lambda record: labels.get(value := get(record), value))
    if isinstance(field, MoneyField | FenField):
        return Column(header, "money", get)
    if isinstance(field, models.IntegerField) and not field.primary_key:
        return Column(header, "number", get)
    return Column(header, "text", lambda record: plain(get(record)))


def _at(names: list[str]) -> Callable:
    """What a record has at the end of a path; None where it breaks off."""

    def get(record):
        for name in names:
            record = getattr(record, name)
            if record is None:
                return None
        return record

    return get


def plain(value) -> str | None:
    """A value as text in the house format, without the markup it has on a page."""
    if value is None or value == EMPTY:
        return None
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__html__"):
        return unescape(strip_tags(str(value)))
    return str(value)
