"""What facilities report: totals of a month 机构月报 and of a day 机构日报, and single bills 机构对账明细.

Reports are only ever added to. A row that says the same again changes nothing; one that says something else
is the next version, and the one before stays to be seen.
"""

from dataclasses import replace

from django.utils.translation import gettext_noop

from insured.enrolments import SCHEMES
from office.layouts import AMOUNT, DAY, MONTH, Change, Check, Column, Kind, Layout, Step, choice, code
from office.policy import schemes_here
from settlement.models import FIGURES
from settlement.tasks import enqueue_comparison
from settlement.visit_file import MOST, YES_NO

COUNT = Kind(
    cleaning="token",
    form=gettext_noop("whole number"),
    example="120",
    value="{cell}::int",
    faults=(("not_a_count", "{cell} !~ '^[0-9]{{1,9}}$'"),),
)
# Of a period with more given back than taken in.
SIGNED = replace(
    AMOUNT,
    faults=(
        ("separators", "{cell} ~ '^-?[0-9]*,[0-9.,]*$'"),
        ("decimals", "{cell} ~ '^-?[0-9]+\\.[0-9]{{3,}}$'"),
        ("not_an_amount", "{cell} !~ '^-?[0-9]+(\\.[0-9]{{1,2}})?$'"),
        ("too_large", "length(split_part(ltrim({cell}, '-'), '.', 1)) > 12"),
    ),
)
FACILITY = Column(
    "facility_code",
    "机构代码",
    code(30, upper=True),
    required=True,
    about=gettext_noop("facility on record"),
    example="H44160200001",
)
SCHEME = Column(
    "said_scheme", "险种", choice(SCHEMES), about=gettext_noop("needed where the city runs several schemes")
)

OF_ANY = (
    Check(
        name="unknown_facility",
        column="facility_code",
        when="facility_id is null and facility_code is not null",
        message=gettext_noop("there is no facility with the code “%(cell)s”"),
    ),
    Check(
        name="which_scheme",
        column="said_scheme",
        when="scheme is null",
        message=gettext_noop("say which scheme: the city runs several"),
    ),
)


def in_the_future(column: str) -> Check:
    return Check(
        name="in_the_future",
        column=column,
        when=f"{column} > (select agency_today())",
        message=gettext_noop("“%(cell)s” is still to come"),
    )


def repeated(column: str) -> Check:
    return Check(
        name="reported_twice",
        column=column,
        when="repeated is not null",
        message=gettext_noop("rows %(value)s report the same"),
        value="repeated",
    )


PARTS = Check(
    name="parts_below_total",
    column="total",
    when="total <> fund + account + cash",
    message=gettext_noop("统筹支付, 个人账户支付 and 现金支付 come to %(value)s, the total is %(cell)s"),
    value="fund + account + cash",
)


def only_scheme() -> str | None:
    here = schemes_here()
    return here[0] if len(here) == 1 else None


STAYS = gettext_noop("What a facility reported stays on record: bring a file that corrects it.")


def same(*fields: str) -> tuple[Change, ...]:
    return tuple(Change(field=name, old=f"old_{name}", new=name) for name in fields)


def totals(name: str, label: str, period: Column) -> Layout:
    """Totals of a month, or of a day: the same columns but for the period."""
    return Layout(
        name=name,
        label=label,
        columns=(
            FACILITY,
            period,
            SCHEME,
            Column(
                "visits", "人次", COUNT, required=True, about=gettext_noop("without refunds"), example="120"
            ),
            Column("total", "总费用", SIGNED, required=True, about=gettext_noop("less what was refunded")),
            Column("fund", "统筹支付", SIGNED, required=True, about=gettext_noop("less what was refunded")),
            Column(
                "account",
                "个人账户支付",
                SIGNED,
                about=gettext_noop("own and relatives' accounts; left empty, it is not compared"),
            ),
            Column("cash", "现金支付", SIGNED, about=gettext_noop("left empty, it is not compared")),
            Column(
                "refunds",
                "退费人次",
                COUNT,
                about=gettext_noop("refunds made in it, of whenever the visit was"),
                example="0",
            ),
        ),
        facts="settlement/totals_facts",
        checks=(*OF_ANY, in_the_future("period"), repeated("period")),
        notices=(PARTS,),
        changes=same(*FIGURES),
        county="county_code",
        kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
        values=lambda parameters: {"daily": period.kind is DAY, "only_scheme": only_scheme()},
        stays=STAYS,
        afterwards=enqueue_comparison,
        steps=(
            Step(statement="settlement/totals_superseded"),
            Step(statement="settlement/totals_reported", rows="true"),
        ),
    )


MONTHS = totals(
    "reported_months",
    gettext_noop("Facilities' monthly totals"),
    Column("period", "年月", MONTH, required=True),
)
DAYS = totals(
    "reported_days", gettext_noop("Facilities' daily totals"), Column("period", "日期", DAY, required=True)
)

BILLS = Layout(
    name="reported_bills",
    label=gettext_noop("Facilities' bills to reconcile"),
    columns=(
        FACILITY,
        Column(
            "bill",
            "单据号",
            code(38),
            required=True,
            about=gettext_noop("of a refund: the bill that is given back"),
            example="MZ202501310001",
        ),
        Column("day", "就诊日期", DAY, required=True, about=gettext_noop("of a refund: the day it was made")),
        SCHEME,
        Column("total", "总费用", SIGNED, required=True),
        Column("fund", "统筹支付", SIGNED, required=True),
        Column(
            "account",
            "个账支付",
            SIGNED,
            about=gettext_noop("own and relatives' accounts; left empty, it is not compared"),
        ),
        Column("cash", "现金", SIGNED, about=gettext_noop("left empty, it is not compared")),
        Column(
            "refund",
            "退费标志",
            choice(YES_NO),
            default="f",
            about=gettext_noop("a refund is a row of its own beside the bill's; with or without minus"),
        ),
        Column(
            "withdrawn",
            "作废",
            choice(YES_NO),
            default="f",
            about=gettext_noop("the facility reported this row by mistake"),
        ),
    ),
    facts="settlement/bills_facts",
    checks=(
        *OF_ANY,
        in_the_future("day"),
        Check(
            name="minus_without_refund",
            column="refund",
            when="refund = 'f' and least(total, fund, account, cash) < 0",
            message=gettext_noop("negative amounts are those of a refund: write 是"),
        ),
        Check(
            name="too_large_a_bill",
            column="total",
            when=f"greatest(abs(total), abs(fund), abs(account), abs(cash)) > {MOST}",
            message=gettext_noop("“%(cell)s” is more than a bill can come to"),
        ),
        Check(
            name="nothing_to_withdraw",
            column="withdrawn",
            when="is_new and withdrawn = 't'",
            message=gettext_noop("nothing was reported that could be withdrawn"),
        ),
        repeated("bill"),
    ),
    notices=(PARTS,),
    changes=same("day", *FIGURES[2:], "withdrawn"),
    county="county_code",
    kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
    values=lambda parameters: {"only_scheme": only_scheme()},
    stays=STAYS,
    afterwards=enqueue_comparison,
    steps=(
        Step(statement="settlement/bills_superseded"),
        Step(statement="settlement/bills_reported", rows="true"),
    ),
)
