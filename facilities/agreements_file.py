"""The file of service agreements 服务协议: of a facility and a kind, from the first to the last day.

What is in the file is signed: on 签订日期, or else on its first day if that has come, or else today. So is
then a draft that begins on the same day.
"""

from django.utils.translation import gettext_noop

from facilities.models import AgreementKind
from office.layouts import DAY, Change, Check, Column, Layout, Step, choice, code, text

KINDS = {
    AgreementKind.OUTPATIENT.value: ("普通门诊统筹",),
    AgreementKind.ACCOUNT.value: ("个人账户",),
    AgreementKind.CHRONIC.value: ("门诊慢特病",),
}

AGREEMENTS = Layout(
    name="agreements",
    label=gettext_noop("Agreements"),
    columns=(
        Column(
            "facility_code",
            "机构代码",
            code(30, upper=True),
            required=True,
            about=gettext_noop("facility on record"),
            example="H44160200001",
        ),
        Column("kind", "协议类型", choice(KINDS), required=True),
        Column("first_day", "起始日期", DAY, required=True),
        Column(
            "last_day",
            "终止日期",
            DAY,
            required=True,
            about=gettext_noop("last day included"),
            example="2025-12-31",
        ),
        Column("agreement_number", "协议编号", text(60)),
        Column("signed_on", "签订日期", DAY),
    ),
    facts="facilities/agreements_facts",
    checks=(
        Check(
            name="unknown_facility",
            column="facility_code",
            when="facility_id is null and facility_code is not null",
            message=gettext_noop("there is no facility with the code “%(cell)s”"),
        ),
        Check(
            name="day_ends_before_it_begins",
            column="last_day",
            when="last_day < first_day",
            message=gettext_noop("“%(cell)s” lies before the first day"),
        ),
        Check(
            name="facility_closed",
            column="facility_code",
            when="facility_closed_on <= last_day",
            message=gettext_noop("the facility is closed from %(value)s on"),
            value="facility_closed_on",
        ),
        Check(
            name="ended_within",
            column="last_day",
            when="last_day < ended_on",
            message=gettext_noop("the agreement on record was ended early on %(value)s"),
            value="ended_on",
        ),
        Check(
            name="not_signed_yet",
            column="signed_on",
            when="signed_on > agency_today()",
            message=gettext_noop("“%(cell)s” has not come yet"),
        ),
        Check(
            name="agreement_crosses",
            column="first_day",
            when="crosses is not null",
            message=gettext_noop("overlaps row %(value)s, which is for the same facility and kind"),
            value="crosses",
        ),
        Check(
            name="agreement_overlaps",
            column="first_day",
            when="clash_first is not null",
            message=gettext_noop("overlaps the agreement on record for %(value)s"),
            value="clash_first || '–' || clash_last",
        ),
    ),
    changes=(
        Change(field="last_day", old="old_last_day", new="last_day"),
        Change(field="agreement_number", old="old_number", new="new_number"),
        Change(field="signed_on", old="old_signed_on", new="new_signed_on"),
    ),
    county="county_code",
    kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
    steps=(
        Step(statement="facilities/agreements_changed", rows="agreement_id is not null"),
        Step(statement="facilities/agreements_new", rows="agreement_id is null"),
    ),
)
