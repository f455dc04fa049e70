"""The file of credits at once 个账一次性计入: months prepaid and back-paid, and supplementary shares."""

import json

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import LumpKind
from insured.enrolments import SCHEMES
from insured.protections import KNOWN_DOCUMENT
from insured.row_checks import ABOUT_SOMEBODY
from office.layouts import AMOUNT, MONTH, Check, Column, Layout, Step, choice
from office.policy import pack_of, policy_in_force, schemes_here
from policies.month import Month

KINDS = {
    LumpKind.PREPAID.value: ("预缴",),
    LumpKind.BACK_PAID.value: ("补缴",),
    LumpKind.SUPPLEMENT.value: ("补充划入",),
}
# Nobody pays longer ahead, or later: a year mistyped.
MOST_MONTHS = 120


def rules(parameters: dict) -> dict:
    """Which kinds the rules of each scheme know, as the statement takes them."""
    now = Month.of(timezone.localdate())
    known = [
        {"scheme": scheme, "kinds": list(pack_of(policy_in_force(scheme=scheme, month=now)).at_once)}
        for scheme in schemes_here()
    ]
    return {"rules": json.dumps(known), "most_months": MOST_MONTHS}


CHECKS = (
    *ABOUT_SOMEBODY,
    Check(
        name="not_at_once",
        column="kind",
        when="kind is not null and scheme is not null and not known",
        message=gettext_noop(
            "by the rules here “%(cell)s” is not credited at once: what is paid late is settled by the"
            " adjustment run"
        ),
    ),
    Check(
        name="ends_before_it_begins",
        column="last_month",
        when="last_month < first_month",
        message=gettext_noop("“%(cell)s” lies before the first month"),
    ),
    Check(
        name="too_many_months",
        column="last_month",
        when="months > %(most_months)s",
        message=gettext_noop("these are %(value)s months: look whether the year is right"),
        value="months",
    ),
    Check(
        name="amount_missing",
        column="amount",
        when="kind = 'supplement' and coalesce(amount, 0) = 0"
        " and not exists (select from unnest(problems) told where starts_with(told, 'amount:'))",
        message=gettext_noop("a supplementary share needs its amount for each month"),
    ),
    Check(
        name="amount_not_asked",
        column="amount",
        when="kind <> 'supplement' and amount is not null",
        message=gettext_noop("what is prepaid or back-paid is credited by the rules: leave the amount empty"),
    ),
    Check(
        name="base_not_asked",
        column="base",
        when="kind = 'supplement' and base is not null",
        message=gettext_noop("a supplementary share does not go by a base: leave it empty"),
    ),
    Check(
        name="months_repeated",
        column="first_month",
        when="repeated",
        message=gettext_noop("another row of the file names the same months"),
    ),
    Check(
        name="months_on_record",
        column="first_month",
        when="on_record is not null and not same",
        message=gettext_noop("%(value)s is entered already: withdraw it first, or leave it out"),
        value="to_char(on_record, 'YYYY-MM')",
    ),
)

LUMP_CREDITS = Layout(
    name="lump_credits",
    label=gettext_noop("Credits at once"),
    columns=(
        Column("document_number", "证件号码", KNOWN_DOCUMENT, required=True),
        Column("scheme", "险种", choice(SCHEMES), required=True),
        Column("kind", "类型", choice(KINDS), required=True),
        Column("first_month", "起始年月", MONTH, required=True),
        Column("last_month", "终止年月", MONTH, about=gettext_noop("left empty it is one month")),
        Column(
            "base",
            "月缴费基数",
            AMOUNT,
            about=gettext_noop("what was paid for; left empty it is the base the person is insured with"),
        ),
        Column(
            "amount",
            "每月金额",
            AMOUNT,
            about=gettext_noop("of a supplementary share, for each month"),
        ),
    ),
    facts="accounts/lump_credits_facts",
    checks=CHECKS,
    county="county_code",
    kept_by=("county_id",),
    values=rules,
    steps=(Step(statement="accounts/lump_credits_new"),),
)
