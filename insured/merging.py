"""Two records of one human being become one: what belongs to one moves to the other, and can be moved back.

The dropped record stays with its document and its history, points to the kept one, and is listed no more.
"""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils.translation import gettext as _

from insured.models import Person, PersonChange, PersonChangeKind, ProposedSelection, Slot
from insured.recording import fields_naming_people, recording
from office.models import Staff

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
    if months := in_both(kept.enrolments.all(), dropped.enrolments.all()):
        raise ValidationError(
            _("The records cannot be merged: both are insured in %(month)s.") % {"month": months}
        )
    for slot in Slot:
        if months := in_both(kept.selections.filter(slot=slot), dropped.selections.filter(slot=slot)):
            raise ValidationError(
                _("The records cannot be merged: both have chosen a facility in %(month)s.")
                % {"month": months}
            )


def in_both(some, others) -> str:
    """In words: the months in which a row of either holds, "2024-01 – 2024-03、2024-05"; none, no words."""
    found = []
    for one in some:
        for other in others:
            first = max(one.first_month, other.first_month)
            last = min(filter(None, [one.last_month, other.last_month]), default=None)
            if last is None or first <= last:
                found.append((first, last))
    spans = [
        str(first) if first == last else f"{first} – {last or ''}".rstrip()
        for first, last in sorted(found, key=lambda span: span[0])
    ]
    return "、".join(spans)
