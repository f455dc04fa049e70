"""Figures as people read them: {{ amount|yuan }}, {{ rows|whole }}, {{ difference|signed }}."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import formats
from django.utils.html import conditional_escape, format_html
from django.utils.timezone import localtime

from office.admin import panels

register = template.Library()


@register.filter
def yuan(value) -> str:
    """1234567.8 → 1,234,567.80; nothing → a dash."""
    return "–" if value in (None, "") else f"{Decimal(value):,.2f}"


@register.filter
def whole(value) -> str:
    """1234567 → 1,234,567; nothing → a dash."""
    return "–" if value in (None, "") else f"{int(value):,}"


@register.filter
def percent(value) -> str:
    """0.8123 → 81.23%; nothing → a dash."""
    return "–" if value in (None, "") else f"{Decimal(value) * 100:.2f}%"


@register.filter
def signed(value) -> str:
    """A difference with its sign: +1,200.00, -3.00 or 0.00."""
    if value is None:
        return "–"
    digits = 0 if isinstance(value, int) else 2
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{abs(value):,.{digits}f}"


@register.filter
def cell(value, kind: str) -> str:
    """A table's value by the kind of its column."""
    if isinstance(value, datetime):
        return formats.date_format(localtime(value), "DATETIME_FORMAT")
    if kind in ("text", "number"):
        return "–" if value in (None, "") else conditional_escape(value)
    return {"money": yuan, "integer": whole, "percent": percent, "change": signed}[kind](value)


@register.filter
def at(row, place: int):
    """The value in a place of a row."""
    return row[place]


@register.simple_tag
def linked(record):
    """A link to a record's page."""
    return panels.linked(record)


@register.simple_tag
def badge(state: str, label: str):
    """A state in its colour; the colours are the same on every page."""
    return format_html('<span class="state state-{}">{}</span>', state, label)
