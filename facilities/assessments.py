"""Entering what a facility scored in a year, and signing it off."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from facilities.models import Assessment, AssessmentItem, AssessmentScore
from office.models import Staff
from office.statements import fetch


def items_of(assessment: Assessment) -> list[AssessmentItem]:
    """The items of its year, in their order."""
    return list(AssessmentItem.objects.filter(year=assessment.year).order_by("number"))


def points_of(assessment: Assessment) -> dict[int, Decimal]:
    """The points it has, by the number of the item."""
    return dict(assessment.scores.values_list("item__number", "score"))


@transaction.atomic
def enter_points(assessment: Assessment, *, points: dict[int, Decimal | None], by: Staff) -> None:
    """Enter or change points by the number of the item; None takes them away. Raises ValidationError."""
    _must_be_open(assessment)
    known = points_of(assessment)
    for item in items_of(assessment):
        score = points.get(item.number)
        if score == known.get(item.number):
            continue
        if score is None:
            assessment.scores.filter(item=item).delete()
        elif not 0 <= score <= item.most:
            raise ValidationError(
                _("“%(item)s” gives 0 to %(most)s points.") % {"item": item.title, "most": item.most}
            )
        else:
            AssessmentScore.objects.update_or_create(
                assessment=assessment, item=item, defaults={"score": score, "entered_by": by}
            )


def sign_off(assessment: Assessment, *, by: Staff) -> None:
    """Make the assessment final, by somebody who entered none of its points; raises ValidationError."""
    _must_be_open(assessment)
    missing = AssessmentItem.objects.filter(
        ~Exists(assessment.scores.filter(item=OuterRef("pk"))), year=assessment.year
    )
    if titles := list(missing.values_list("title", flat=True)):
        raise ValidationError(_("Points are missing: %(items)s") % {"items": "、".join(titles)})
    scored = Assessment.objects.scored().get(pk=assessment.pk)
    if scored.result is None:
        raise ValidationError(
            _("%(year)s has no result for %(points)s points: the policy officer has to enter it.")
            % {"year": assessment.year, "points": scored.total}
        )
    if assessment.scores.filter(entered_by__person_key=by.person_key).exists():
        raise ValidationError(_("You entered points yourself: somebody else has to sign this off."))
    assessment.signed_by, assessment.signed_at = by, timezone.now()
    assessment.save(update_fields=["signed_by", "signed_at"])


def latest_results() -> dict[int, str]:
    """By facility its last assessment that is signed off: year, points and result."""
    return {
        number: f"{year} · {score} · {result}"
        for number, year, score, result in fetch("facilities/latest_results")
    }


def _must_be_open(assessment: Assessment) -> None:
    if assessment.signed_at is not None:
        raise ValidationError(_("The assessment is signed off and stays as it is."))
