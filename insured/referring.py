"""Who may refer a patient: the facility selected in the month (Heyuan 17, Shaoguan 9(1)3)."""

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from insured.models import Referral
from office.policy import newest_version, pack_of, schemes_here
from policies.month import Month


def demand_selected(referral: Referral) -> None:
    """Raise ValidationError, with the article, unless the referring facility was selected in the month.

    Where the rules know no selection, any facility refers.
    """
    month = Month.of(referral.issued_on)
    schemes = [
        scheme
        for scheme in schemes_here()
        if referral.person.enrolments.filter(
            Q(last_month=None) | Q(last_month__gte=month), scheme=scheme, first_month__lte=month
        ).exists()
    ]
    packs = [pack_of(newest_version(scheme=scheme)) for scheme in schemes]
    if not packs:
        raise ValidationError({"issued_on": _("This person is not insured in %(month)s.") % {"month": month}})
    asking = [pack for pack in packs if pack.selection]
    if not asking:
        return
    chosen = referral.person.selections.filter(first_month__lte=month, last_month__gte=month)
    names = [str(choice.facility) for choice in chosen.select_related("facility")]
    if not chosen.filter(facility=referral.issued_by).exists():
        raise ValidationError(
            {
                "issued_by": _(
                    "Only the selected facility refers; in %(month)s that is: %(facilities)s"
                    " (article %(article)s)."
                )
                % {
                    "month": month,
                    "facilities": "、".join(names) or _("none chosen"),
                    "article": asking[0].selection.articles["referral"],
                }
            }
        )
