"""Who may use a relative's account: the relations and days that the rules of the account allow."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from insured.models import FamilyLink, Person, Relation
from office.policy import newest_version, pack_of, schemes_here
from policies.pack import Pack
from policies.sections import Rule


def pack_of_scheme(person: Person) -> Pack | None:
    """The rules of the scheme in which the person is, or was last, insured."""
    spell = person.enrolments.filter(scheme__in=schemes_here()).order_by("-first_month").first()
    return pack_of(newest_version(scheme=spell.scheme)) if spell else None


def uses_of(pack: Pack, *, relation: str, day: date) -> list[Rule]:
    """What an account may pay for this relative on a day."""
    return [
        use
        for use in pack.account_uses
        if relation in use.people
        and (use.starts is None or use.starts <= day)
        and (use.ends is None or day <= use.ends)
    ]


def demand_link(link: FamilyLink) -> None:
    """Raise ValidationError, with the article, unless the rules allow the link from its first day on."""
    pack = pack_of_scheme(link.person)
    if pack is None:
        raise ValidationError({"person": _("This person was never insured here and has no account.")})
    if not pack.account_uses:
        article = pack.credits["resident"][0].article
        raise ValidationError(
            {"person": _("There are no personal accounts in this scheme (article %s).") % article}
        )
    if not uses_of(pack, relation=link.relation, day=link.first_day):
        articles = "、".join(dict.fromkeys(use.article for use in pack.account_uses))
        raise ValidationError(
            {
                "relation": _("An account may not be used for: %(relation)s (article %(articles)s).")
                % {"relation": Relation(link.relation).label, "articles": articles}
            }
        )
    if link.relative is None and pack.family_elsewhere is None:
        raise ValidationError(
            {"relative": _("By the rules here the relative has to be insured in this city: name the record.")}
        )
    for side, field in ((link.person, "person"), (link.relative, "relative")):
        last = link.last_day or link.first_day
        if side is not None and side.died_on is not None and side.died_on < last:
            raise ValidationError(
                {field: _("Died on %(day)s: no link lasts beyond that.") % {"day": side.died_on}}
            )
