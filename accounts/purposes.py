"""What accounts may pay for, for whom and from which day on, as the rules' `uses` and `never` say."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from facilities.models import Facility, FacilityKind
from office.policy import newest_version, pack_of, schemes_here
from policies.pack import Pack
from policies.sections import Rule


def named(rule: Rule) -> str:
    """A rule in the reader's language."""
    return rule.text.zh if (get_language() or "zh").startswith("zh") else rule.text.en


def scheme_with_accounts() -> str | None:
    """The scheme here whose rules know personal accounts."""
    return next((s for s in schemes_here() if pack_of(newest_version(scheme=s)).account_uses), None)


def purposes_on(pack: Pack, day: date) -> dict[str, dict[str, Rule]]:
    """Every purpose of a day: by relation to the holder of the account, `self` included, the rule."""
    found: dict[str, dict[str, Rule]] = {}
    for use in pack.account_uses:
        if _holds(use, day):
            found.setdefault(use.code, {}).update(dict.fromkeys(use.people, use))
    return found


def demand_purpose(pack: Pack, *, purpose: str, day: date) -> dict[str, Rule]:
    """For whom accounts pay this on the day, with the rule; raises ValidationError with the article."""
    if not pack.in_force(day):
        raise ValidationError({"day": _("The rules were not in force on %(day)s.") % {"day": day}})
    for ban in pack.account_bans:
        if ban.code == purpose and _holds(ban, day):
            raise ValidationError(
                {
                    "purpose": _("Accounts never pay for this: %(purpose)s (article %(article)s).")
                    % {"purpose": named(ban), "article": ban.article}
                }
            )
    allowed = purposes_on(pack, day).get(purpose)
    if allowed:
        return allowed
    dated = [use for use in pack.account_uses if use.code == purpose]
    if dated:
        raise ValidationError(
            {
                "purpose": _("Accounts do not pay for this on %(day)s: %(purpose)s (article %(article)s).")
                % {"day": day, "purpose": named(dated[0]), "article": dated[0].article}
            }
        )
    raise ValidationError(
        {
            "purpose": _("This is not among what accounts may pay for (article %(articles)s).")
            % {"articles": articles_of(pack.account_uses)}
        }
    )


def demand_payee(allowed: dict[str, Rule], *, facility: Facility | None) -> None:
    """Raise ValidationError unless the purpose is paid to such a one; None: the fund collects it."""
    paid_to = {payee for rule in allowed.values() for payee in rule.paid_to}
    if facility is None:
        payee, wrong = (
            "premiums",
            _("Name the facility or pharmacy where this was bought (article %(article)s)."),
        )
    elif facility.kind == FacilityKind.PHARMACY:
        payee, wrong = "pharmacy", _("This purpose is not paid to pharmacies (article %(article)s).")
    else:
        payee, wrong = (
            "facility",
            _("This purpose is not paid to this kind of facility (article %(article)s)."),
        )
    if payee not in paid_to:
        raise ValidationError({"facility": wrong % {"article": articles_of(allowed.values())}})


def articles_of(rules: Iterable[Rule]) -> str:
    return "、".join(dict.fromkeys(rule.article for rule in rules))


def _holds(rule: Rule, day: date) -> bool:
    return (rule.starts is None or rule.starts <= day) and (rule.ends is None or day <= rule.ends)
