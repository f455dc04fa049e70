"""Endings 终止: somebody dies, emigrates, is conscripted or moves away; by hand, and as a file 死亡/终止.

The month of the day is the last one insured: nothing is credited after the month of death (common readings).
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from insured.models import Person, PersonChange, PersonChangeKind
from insured.protections import KNOWN_DOCUMENT
from insured.recording import recording, undo
from insured.row_checks import ABOUT_SOMEBODY
from insured.spells import replace
from office.layouts import DAY, Change, Check, Column, Layout, Step, choice
from office.models import Staff
from policies.month import Month


def end(person: Person, *, kind: PersonChangeKind, day: date, reason: str, by: Staff | None) -> None:
    """Close all spells and selections after the month of the day; a death is noted on the person.

    Raises ValidationError.
    """
    last = Month.of(day)
    with recording(person, kind=kind, first_month=last + 1, day=day, reason=reason, by=by):
        _demand_possible(person, kind=kind, day=day)
        replace(person, last + 1, None, instead=lambda spell: None)
        person.selections.filter(first_month__gt=last).delete()
        person.selections.filter(last_month__gt=last).update(last_month=last)
        if kind == PersonChangeKind.DIED:
            Person.objects.filter(pk=person.pk).update(died_on=day)


def _demand_possible(person: Person, *, kind: PersonChangeKind, day: date) -> None:
    spells = list(person.enrolments.order_by("first_month"))
    if day > timezone.localdate():
        raise ValidationError({"day": _("This day is still to come.")})
    if person.birth_date and day < person.birth_date:
        raise ValidationError({"day": _("The person was born on %(day)s.") % {"day": person.birth_date}})
    if person.died_on:
        raise ValidationError(_("This person died on %(day)s.") % {"day": person.died_on})
    if spells and Month.of(day) < spells[0].first_month:
        raise ValidationError(
            {"day": _("The person is insured from %(month)s only.") % {"month": spells[0].first_month}}
        )
    ended = all(spell.last_month and spell.last_month <= Month.of(day) for spell in spells)
    if kind != PersonChangeKind.DIED and ended:
        raise ValidationError(_("The person is not insured after this month: there is nothing to end."))


def take_back(import_id: int, *, by: Staff | None, reason: str) -> None:
    """Undo every ending of a file; raises ValidationError, naming the person, where something came after."""
    endings = PersonChange.objects.filter(import_id=import_id, undone=None).select_related("person")
    for change in endings.order_by("-pk"):
        try:
            undo(change, by=by, reason=reason)
        except ValidationError as refused:
            raise ValidationError([f"{change.person}：{told}" for told in refused.messages]) from refused


KINDS = {
    PersonChangeKind.DIED.value: ("死亡",),
    PersonChangeKind.EMIGRATED.value: ("出境定居",),
    PersonChangeKind.CONSCRIPTED.value: ("应征入伍",),
    PersonChangeKind.MOVED_OUT.value: ("跨省转移",),
    PersonChangeKind.MOVED_INSIDE.value: ("省内转移",),
    PersonChangeKind.ENDED.value: ("其他",),
}

ENDINGS = Layout(
    name="endings",
    label=gettext_noop("Endings"),
    columns=(
        Column("document_number", "证件号码", KNOWN_DOCUMENT, required=True),
        Column("day", "日期", DAY, required=True),
        Column("kind", "原因", choice(KINDS), required=True),
    ),
    facts="insured/endings_facts",
    checks=(
        *ABOUT_SOMEBODY,
        Check(
            name="ended_twice",
            column="document_number",
            when="twice is not null",
            message=gettext_noop("rows %(value)s end the same person"),
            value="twice",
        ),
        Check(
            name="in_the_future",
            column="day",
            when="day > (select agency_today())",
            message=gettext_noop("“%(cell)s” is still to come"),
        ),
        Check(
            name="before_birth",
            column="day",
            when="day < birth_date",
            message=gettext_noop("“%(cell)s” lies before the birth on %(value)s"),
            value="birth_date",
        ),
        Check(
            name="dead_already",
            column="day",
            when="died_on is not null and not same",
            message=gettext_noop("this person died on %(value)s"),
            value="died_on",
        ),
        Check(
            name="before_insured",
            column="day",
            when="first_month > last_month",
            message=gettext_noop("“%(cell)s” lies before the first month insured, %(value)s"),
            value="to_char(first_month, 'YYYY-MM')",
        ),
        Check(
            name="nothing_to_end",
            column="day",
            when="people = 1 and kind <> 'died' and died_on is null and spells_met = 0 and not same",
            message=gettext_noop("this person is not insured after %(value)s: there is nothing to end"),
            value="to_char(last_month, 'YYYY-MM')",
        ),
    ),
    changes=(
        Change(
            field="insured_until",
            old="case when not same and spells_met > 0 then insured_until end",
            new="case when not same and spells_met > 0 then last_month end",
            label=gettext_noop("Insured until"),
        ),
        Change(
            field="selected_until",
            old="case when not same and choices_met > 0 then selected_until end",
            new="case when not same and choices_met > 0 then last_month end",
            label=gettext_noop("Selection until"),
        ),
        Change(field="day", old="died_on", new="case when kind = 'died' then day else died_on end"),
    ),
    county="county_code",
    kept_by=("county_id",),
    take_back=take_back,
    steps=(
        Step(statement="insured/endings_record", rows="true"),
        Step(statement="insured/endings_spells_removed"),
        Step(statement="insured/endings_spells_cut"),
        Step(statement="insured/endings_selections_removed"),
        Step(statement="insured/endings_selections_cut"),
        Step(statement="insured/endings_died", rows="kind = 'died'"),
    ),
)
