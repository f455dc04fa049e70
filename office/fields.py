"""Columns the whole house shares: calendar months, money and sets of record numbers."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from policies.month import Month


class MonthFormField(forms.Field):
    """A month typed as YYYY-MM; browsers show their own month picker."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "YYYY-MM"})

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(str(value).strip())
        except ValueError:
            raise ValidationError(_("Enter a month as YYYY-MM.")) from None

    def prepare_value(self, value):
        return str(value) if isinstance(value, Month) else value


class MonthField(models.DateField):
    """A Month, stored as its first day; pair it with `first_of_month` so that the database agrees."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Month.of(value)

    def to_python(self, value):
        if value is None or isinstance(value, Month):
            return value
        if isinstance(value, date):
            return Month.of(value)
        try:
            return Month.parse(str(value))
        except ValueError:
            raise ValidationError(_("Enter a month as YYYY-MM.")) from None

    def get_prep_value(self, value):
        value = self.to_python(value) if isinstance(value, str) else value
        return value.first_day if isinstance(value, Month) else value

    def value_to_string(self, obj):
        return str(self.value_from_object(obj) or "")

    def formfield(self, **kwargs):
        return models.Field.formfield(self, **{"form_class": MonthFormField, **kwargs})


def first_of_month(*fields: str, name: str) -> models.CheckConstraint:
    """The constraint that the named month columns hold first days only."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__day": 1 for field in fields}), name=name)


class MoneyField(models.DecimalField):
    """Yuan, exact to 0.01: `numeric(14,2)`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_digits": 14, "decimal_places": 2, **kwargs})


class FenField(models.IntegerField):
    """Yuan, exact to 0.01 and below 21 474 836.48, kept as whole 分 in four bytes; for tables of millions."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Decimal(value).scaleb(-2)

    def to_python(self, value):
        return None if value is None else Decimal(value)

    def get_prep_value(self, value):
        return None if value is None else int(Decimal(value).scaleb(2))

    def formfield(self, **kwargs):
        options = {"max_digits": 9, "decimal_places": 2, "min_value": 0}
        return models.Field.formfield(self, **{"form_class": forms.DecimalField, **options, **kwargs})


class NumbersField(models.Field):
    """A set of record numbers as a few ranges, however many they are: `int8multirange`."""

    def db_type(self, connection):
        return "int8multirange"

    def get_placeholder(self, value, compiler, connection):
        return "%s::int8multirange"


@NumbersField.register_lookup
class Meets(models.Lookup):
    """`numbers__meets=[1, 2]`: the set holds at least one of these."""

    lookup_name = "meets"

    def get_prep_lookup(self):
        return numbers(self.rhs)

    def as_sql(self, compiler, connection):
        left, values = self.process_lhs(compiler, connection)
        return f"{left} && %s::int8multirange", [*values, self.rhs]


def numbers(of: Iterable[int]) -> Multirange:
    """The set of these numbers."""
    return Multirange(Range(number, number, "[]") for number in of)
