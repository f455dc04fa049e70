"""The life of an agreement: drafted, signed, suspended, lifted, ended early, renewed; and when it counts."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from facilities.models import Agreement, AgreementKind, AgreementState, Suspension
from facilities.placements import value_of_rules
from office.statements import fetch
from policies.month import Month

MONTHS_WITHOUT_RULE = 12


def contracted_between(first: date, last: date, *, kind: AgreementKind) -> set[int]:
    """The facilities that work under an agreement of the kind on some day from first to last."""
    rows = fetch("facilities/contracted_between", kind=kind, first=first, last=last)
    return {facility for (facility,) in rows}


def sign(agreement: Agreement, *, on: date) -> None:
    """From now on the draft counts; raises ValidationError."""
    if agreement.signed_on is not None:
        raise ValidationError(_("The agreement is signed already."))
    if on > timezone.localdate():
        raise ValidationError({"on": _("This day has not come yet.")})
    agreement.signed_on = on
    _save(agreement)


def suspend(agreement: Agreement, *, on: date, reason: str) -> Suspension:
    """From a day on the agreement does not hold, until that is lifted; raises ValidationError."""
    _must_be_signed(agreement)
    _must_be_of(agreement, on)
    suspension = Suspension(agreement=agreement, first_day=on, reason=reason)
    _save(suspension)
    return suspension


def lift(agreement: Agreement, *, on: date, reason: str) -> Suspension:
    """From a day on the suspended agreement holds again; raises ValidationError."""
    suspension = agreement.suspensions.filter(lifted_on=None).first()
    if suspension is None:
        raise ValidationError(_("The agreement is not suspended."))
    if on < suspension.first_day:
        raise ValidationError(
            {"on": _("It is suspended only from %(day)s on.") % {"day": suspension.first_day}}
        )
    suspension.lifted_on, suspension.lift_reason = on, reason
    _save(suspension)
    return suspension


def end(agreement: Agreement, *, on: date, reason: str) -> None:
    """The agreement holds on this day for the last time; raises ValidationError."""
    _must_be_signed(agreement)
    _must_be_of(agreement, on)
    agreement.ended_on, agreement.end_reason = on, reason
    _save(agreement)


def to_renew(*, day: date) -> QuerySet[Agreement]:
    """Agreements that hold and end within `AGREEMENT_RENEWAL_DAYS`, with no signed one to follow.

    Each with its `state`, and as `next_draft` the draft that is there to follow it.
    """
    following = Agreement.objects.filter(
        facility=OuterRef("facility"), kind=OuterRef("kind"), first_day__gt=OuterRef("last_day")
    )
    drafts = following.filter(signed_on=None).order_by("first_day")
    return (
        Agreement.objects.with_state(day)
        .filter(
            ~Exists(following.exclude(signed_on=None)),
            state__in=[AgreementState.IN_FORCE, AgreementState.SUSPENDED],
            last_day__gte=day,
            ended_on=None,
            facility__closed_on=None,
            last_day__lte=day + timedelta(days=settings.AGREEMENT_RENEWAL_DAYS),
        )
        .annotate(next_draft=Subquery(drafts.values("pk")[:1]))
        .order_by("last_day", "facility__code", "kind")
    )


@transaction.atomic
def draft_next(agreements: Iterable[Agreement]) -> list[Agreement]:
    """A draft to follow each, from the day after it for as long as agreements run by the rules.

    Raises ValidationError.
    """
    drafts = []
    for agreement in agreements:
        first = agreement.last_day + timedelta(days=1)
        draft = Agreement(
            facility=agreement.facility, kind=agreement.kind, first_day=first, last_day=_last_day_from(first)
        )
        _save(draft)
        drafts.append(draft)
    return drafts


def _last_day_from(first: date) -> date:
    """Agreements run so many months by the rules (Heyuan 14: one year)."""
    months = value_of_rules("agreement_months", Month.of(first)) or MONTHS_WITHOUT_RULE
    after = Month.of(first) + int(months)
    day = min(first.day, after.last_day.day)
    return after.first_day.replace(day=day) - timedelta(days=1)


def _save(record: Agreement | Suspension) -> None:
    record.full_clean()
    record.save()


def _must_be_signed(agreement: Agreement) -> None:
    if agreement.signed_on is None:
        raise ValidationError(_("The agreement is a draft: it counts for nothing yet."))


def _must_be_of(agreement: Agreement, day: date) -> None:
    if not agreement.first_day <= day <= agreement.last_in_force:
        raise ValidationError(
            {
                "on": _("The agreement runs from %(first)s to %(last)s.")
                % {"first": agreement.first_day, "last": agreement.last_in_force}
            }
        )
