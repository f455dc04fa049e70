"""Two records of one human being become one: what belongs to one moves to the other, and can be moved back.

The dropped record stays with its document and its history, points to the kept one, and is listed no more.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils.translation import gettext as _

from insured.models import Person, PersonChange, PersonChangeKind, ProposedSelection
from insured.recording import fields_naming_people, recording
from office.models import Staff
from policies.month import Month

# All that names a person moves, of whatever room, but for these: what was told of the record, its own
# pointer, and what a run proposes until it is computed again.
STAYS = (Person, PersonChange, ProposedSelection)


def moving() -> list[models.ForeignKey]:
    """The columns of all tables whose rows move with a person."""
    return [field for field in fields_naming_people() if field.model not in STAYS]


def merge(*, kept: Person, dropped: Person, reason: str, by: Staff | None) -> None:
    """Move all that belongs to `dropped` to `kept`; raises ValidationError, naming the conflict."""
    tables: dict[str, list[str]] = {}
    for field in moving():
        tables.setdefault(field.model._meta.db_table, []).append(field.column)
    with recording(kept, dropped, kind=PersonChangeKind.MERGED, reason=reason, by=by, tables=tables):
        dropped.refresh_from_db()
        _demand_possible(kept, dropped)
        for field in moving():
            try:
                field.model._base_manager.filter(**{field.name: dropped}).update(**{field.name: kept})
            except IntegrityError as error:
                raise ValidationError(
                    _("The records cannot be merged: both have entries that exclude each other (%(kind)s).")
                    % {"kind": field.model._meta.verbose_name}
                ) from error
        Person.objects.filter(pk=dropped.pk).update(merged_into=kept)


def _demand_possible(kept: Person, dropped: Person) -> None:
    if kept.pk == dropped.pk:
        raise ValidationError(_("This is the same record."))
    if dropped.died_on and dropped.died_on != kept.died_on:
        raise ValidationError(
            _("The other record says that the person died on %(day)s: record that here first.")
            % {"day": dropped.died_on}
        )
    for mine in kept.enrolments.all():
        for other in dropped.enrolments.all():
            if month := first_in_both(mine, other):
                raise ValidationError(
                    _("The records cannot be merged: both are insured in %(month)s.") % {"month": month}
                )
    for mine in kept.selections.all():
        for other in dropped.selections.filter(slot=mine.slot):
            if month := first_in_both(mine, other):
                raise ValidationError(
                    _("The records cannot be merged: both have chosen a facility in %(month)s.")
                    % {"month": month}
                )


def first_in_both(one, other) -> Month | None:
    """The first month in which both rows hold, if there is any."""
    first = max(one.first_month, other.first_month)
    ends = [row.last_month for row in (one, other) if row.last_month]
    return first if all(first <= last for last in ends) else None
