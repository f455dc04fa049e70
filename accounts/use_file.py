"""The file of uses of accounts 个人账户使用: purchases and premiums, paid in the rows' order."""

import json

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.purposes import articles_of, scheme_with_accounts
from insured.protections import KNOWN_DOCUMENT
from insured.row_checks import ABOUT_SOMEBODY
from office.layouts import AMOUNT, DAY, Change, Check, Column, FileCheck, Layout, Step, code, text
from office.periods import month_to_post
from office.policy import newest_version, pack_of
from policies.pack import Pack
from policies.sections import Rule


def asked(parameters: dict) -> dict:
    """The rules of the scheme with accounts, if there is one, and the month that is posted in."""
    scheme, today = scheme_with_accounts(), timezone.localdate()
    if scheme is None:
        return {"scheme": None, "rules": "[]", "articles": "", "starts": today, "ends": today} | _now()
    pack = pack_of(newest_version(scheme=scheme))
    return {
        "scheme": scheme,
        "rules": json.dumps(_rules(pack)),
        "articles": articles_of(pack.account_uses),
        "starts": pack.starts,
        "ends": pack.ends,
    } | _now()


def _now() -> dict:
    return {"today": timezone.localdate(), "month": month_to_post().first_day}


def _rules(pack: Pack) -> list[dict]:
    """Uses and bans, found by their Chinese name, their English one or their code."""
    named: dict[str, set[str]] = {}
    for rule in (*pack.account_uses, *pack.account_bans):
        named.setdefault(rule.code, {rule.code}).update((rule.text.zh, rule.text.en))
    return [
        _told(rule, named=named[rule.code], banned=banned)
        for rules, banned in ((pack.account_uses, False), (pack.account_bans, True))
        for rule in rules
    ]


def _told(rule: Rule, *, named: set[str], banned: bool) -> dict:
    return {
        "code": rule.code,
        "names": sorted(named),
        "article": rule.article,
        "starts": rule.starts and rule.starts.isoformat(),
        "ends": rule.ends and rule.ends.isoformat(),
        "people": list(rule.people),
        "paid_to": list(rule.paid_to),
        "banned": banned,
    }


# Of a purpose that accounts pay for on the day.
ALLOWED = "ban_article is null and use_articles is not null"

CHECKS = (
    *ABOUT_SOMEBODY,
    Check(
        name="day_to_come",
        column="day",
        when="day > %(today)s",
        message=gettext_noop("“%(cell)s” is still to come"),
    ),
    Check(
        name="rules_not_in_force",
        column="day",
        when="day <= %(today)s and not in_force",
        message=gettext_noop("the rules were not in force on “%(cell)s”"),
    ),
    Check(
        name="nothing_asked",
        column="amount",
        when="amount = 0",
        message=gettext_noop("give an amount above zero"),
    ),
    Check(
        name="no_such_purpose",
        column="purpose",
        when="purpose is not null and purpose_code is null",
        message=gettext_noop("“%(cell)s” is not among what accounts may pay for (article %(value)s)"),
        value="%(articles)s",
    ),
    Check(
        name="never_paid",
        column="purpose",
        when="ban_article is not null",
        message=gettext_noop("accounts never pay for “%(cell)s” (article %(value)s)"),
        value="ban_article",
    ),
    Check(
        name="not_paid_then",
        column="purpose",
        when="purpose_code is not null and ban_article is null and use_articles is null and in_force",
        message=gettext_noop("accounts do not pay for “%(cell)s” on this day (article %(value)s)"),
        value="named_article",
    ),
    Check(
        name="no_such_facility",
        column="facility_code",
        when="facility_code is not null and facility_id is null",
        message=gettext_noop("there is no facility with the code “%(cell)s”"),
    ),
    Check(
        name="facility_missing",
        column="facility_code",
        when=f"{ALLOWED} and payee = 'premiums' and not may_be_paid",
        message=gettext_noop("name the facility or pharmacy where this was bought (article %(value)s)"),
        value="use_articles",
    ),
    Check(
        name="not_paid_there",
        column="facility_code",
        when=f"{ALLOWED} and payee <> 'premiums' and not may_be_paid",
        message=gettext_noop("this purpose is not paid to “%(cell)s” (article %(value)s)"),
        value="use_articles",
    ),
    Check(
        name="no_agreement_then",
        column="facility_code",
        when="day is not null and not contracted",
        message=gettext_noop("“%(cell)s” has no agreement in force on this day"),
    ),
    Check(
        name="bill_repeated",
        column="bill_number",
        when="bill_twice",
        message=gettext_noop("another row of the file has this bill"),
    ),
    Check(
        name="bill_on_record",
        column="bill_number",
        when="on_record and not same",
        message=gettext_noop("this bill is entered already, with other contents"),
    ),
    Check(
        name="account_closed",
        column="document_number",
        when="asked and payers = 0 and closed_on is not null",
        message=gettext_noop("the account was closed on %(value)s"),
        value="closed_on",
    ),
    Check(
        name="no_account",
        column="document_number",
        when="asked and payers = 0 and closed_on is null",
        message=gettext_noop("there is no account that may pay this: neither an own one nor a relative's"),
    ),
    Check(
        name="not_enough",
        column="amount",
        when="asked and payers > 0 and held < amount",
        message=gettext_noop("the accounts that may pay this have %(value)s yuan left by this row"),
        value="held",
    ),
    Check(
        name="out_of_sight",
        column="document_number",
        when="asked and not in_sight",
        message=gettext_noop(
            "the accounts that would pay belong to another county: leave it to that county or the city"
        ),
    ),
)

USES = Layout(
    name="account_uses",
    label=gettext_noop("Uses of accounts"),
    permission="accounts.add_accountuse",
    columns=(
        Column("document_number", "证件号码", KNOWN_DOCUMENT, required=True),
        Column(
            "purpose",
            "用途",
            text(60),
            required=True,
            about=gettext_noop("as the rules here name what accounts may pay for"),
            example="定点药店购买药品、器械、耗材",
        ),
        Column("day", "日期", DAY, required=True),
        Column(
            "facility_code",
            "机构代码",
            code(30, upper=True),
            about=gettext_noop("where it was bought; left empty for premiums that the fund collects"),
            example="P44160200001",
        ),
        Column(
            "bill_number",
            "单据号",
            code(40),
            required=True,
            about=gettext_noop("of the bill, or of the receipt for a premium"),
            example="SJ20250131001",
        ),
        Column(
            "amount",
            "账户支付金额",
            AMOUNT,
            required=True,
            about=gettext_noop("paid by the own account first, then by those relatives have granted"),
        ),
    ),
    facts="accounts/uses_facts",
    checks=CHECKS,
    file_checks=(
        FileCheck(
            when="count(*) > 0 and %(scheme)s::text is null",
            message=gettext_noop("By the rules here there are no personal accounts."),
        ),
    ),
    # A row that relatives' accounts pay in part says so, and is not applied when it would be otherwise.
    changes=(
        Change(
            field="own_part",
            old="case when not same and family_part > 0 then '0.00' end",
            new="case when not same and family_part > 0 then own_part::text end",
            label=gettext_noop("Own account pays"),
        ),
        Change(
            field="family_part",
            old="case when not same and family_part > 0 then '0.00' end",
            new="case when not same and family_part > 0 then family_part::text end",
            label=gettext_noop("Relatives' accounts pay"),
        ),
    ),
    county="county_code",
    kept_by=("person_county_id",),
    values=asked,
    steps=(
        Step(statement="accounts/uses_held"),
        Step(statement="accounts/uses_new", rows="is_new"),
        Step(statement="accounts/uses_posted", rows="is_new"),
        Step(statement="accounts/use_shares_new"),
    ),
    stays=gettext_noop(
        "What accounts have paid is not taken back by its file: reverse or refund each use on its page."
    ),
)
