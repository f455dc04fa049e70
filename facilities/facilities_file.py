"""The file of designated facilities 定点机构; village stations may stand before their parents.

Another level, parent or responsible office than on record holds from 生效年月 on, or else from this month.
"""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from facilities.models import FacilityKind, Level, Office, opened_account, sealed_account
from facilities.placements import settled_by_city
from office.layouts import (
    MONTH,
    Change,
    Check,
    Column,
    Layout,
    Protection,
    Step,
    choice,
    code,
    protected,
    same_as,
    text,
)
from office.sealing import masked_account
from policies.month import Month

LEVELS = {
    Level.TERTIARY.value: ("三级",),
    Level.SECONDARY.value: ("二级",),
    Level.PRIMARY.value: ("一级",),
    Level.UNGRADED.value: ("未定级",),
}
KINDS = {
    FacilityKind.HOSPITAL.value: ("医院",),
    FacilityKind.COMMUNITY_CENTRE.value: ("社区卫生服务中心",),
    FacilityKind.TOWNSHIP_CENTRE.value: ("乡镇卫生院",),
    FacilityKind.VILLAGE_STATION.value: ("村卫生站",),
    FacilityKind.SCHOOL_CLINIC.value: ("校医院",),
    FacilityKind.CLINIC.value: ("诊所",),
    FacilityKind.PHARMACY.value: ("零售药店",),
}
OFFICES = {
    Office.COUNTY.value: ("县区", "县区经办机构"),
    Office.CITY.value: ("市级", "市级中心"),
}
OUTSIDE = "市外"
BANK_ACCOUNT = protected(
    40,
    Protection(
        mask=masked_account,
        parts={"account_index": "bytea", "account_sealed": "bytea"},
        take=sealed_account,
        bound_to="code",
        opened=opened_account,
    ),
)

COLUMNS = (
    Column(
        "code",
        "机构代码",
        code(30, upper=True),
        required=True,
        about=gettext_noop("H or P and 11 digits"),
        example="H44160200001",
    ),
    Column("name", "机构名称", text(200), required=True),
    Column("level", "机构等级", choice(LEVELS), required=True),
    Column("kind", "机构类型", choice(KINDS), required=True),
    Column(
        "parent_code",
        "上级机构代码",
        code(30, upper=True),
        about=gettext_noop("required for a village station: the facility it belongs to"),
    ),
    Column(
        "county_code",
        "区县代码",
        code(12),
        required=True,
        about=gettext_noop("市外 for a facility outside the city"),
        example="441602",
    ),
    Column("credit_code", "统一社会信用代码", code(18, upper=True)),
    Column("bank_holder", "户名", text(200)),
    Column("bank_name", "开户行", text(200)),
    Column("bank_account", "银行账号", BANK_ACCOUNT),
    Column("office", "经办归属", choice(OFFICES)),
    Column("first_month", "生效年月", MONTH),
)

CHECKS = (
    Check(
        name="facility_repeated",
        column="code",
        when="repeated is not null",
        message=gettext_noop("rows %(value)s are for the same facility"),
        value="repeated",
    ),
    Check(
        name="unknown_county",
        column="county_code",
        when="county_id is null and county_code is not null and not outside",
        message=gettext_noop("there is no county with the code “%(cell)s”"),
    ),
    Check(
        name="station_without_parent",
        column="parent_code",
        when="kind = 'village_station' and parent_code is null",
        message=gettext_noop("a village health station needs a parent facility"),
    ),
    Check(
        name="own_parent",
        column="parent_code",
        when="parent_code = code",
        message=gettext_noop("a facility cannot be its own parent"),
    ),
    Check(
        name="unknown_parent",
        column="parent_code",
        when="parent_code <> code and parent_kind is null",
        message=gettext_noop("there is no facility with the code “%(cell)s”, on record or in this file"),
    ),
    Check(
        name="parent_is_station",
        column="parent_code",
        when="parent_code <> code and parent_kind = 'village_station'",
        message=gettext_noop("“%(cell)s” is a village health station and cannot be a parent"),
    ),
    Check(
        name="becomes_station",
        column="kind",
        when="has_others_under_it",
        message=gettext_noop("other facilities stand or stood under this one: it cannot become a station"),
    ),
    Check(
        name="circle",
        column="parent_code",
        when="circle is not null",
        message=gettext_noop("the facilities would stand under one another in a circle: %(value)s"),
        value="circle",
    ),
    Check(
        name="parent_closed",
        column="parent_code",
        when="parent_closed_on is not null and parent_successor is null",
        message=gettext_noop("the parent has been closed since %(value)s: name another"),
        value="parent_closed_on",
    ),
    Check(
        name="parent_succeeded",
        column="parent_code",
        when="parent_closed_on is not null and parent_successor is not null",
        message=gettext_noop("the parent is closed; its successor is %(value)s"),
        value="parent_successor",
    ),
    Check(
        name="placed_later",
        column="first_month",
        when="placed_later is not null",
        message=gettext_noop(
            "another level, parent or office from %(value)s on is on record: a change cannot begin before it"
        ),
        value="to_char(placed_later, 'YYYY-MM')",
    ),
)

NOTICES = (
    Check(
        name="unusual_code",
        column="code",
        when="code !~ '^[HP][0-9]{11}$'",
        message=gettext_noop("“%(cell)s” is not the usual form: H or P and eleven digits"),
    ),
)

FACILITIES = Layout(
    name="facilities",
    label=gettext_noop("Facilities"),
    columns=COLUMNS,
    facts="facilities/facilities_facts",
    checks=CHECKS,
    notices=NOTICES,
    changes=(
        *same_as("name", "level", "kind", "parent_code"),
        Change(field="county_code", old="old_county_code", new="new_county_code"),
        *same_as("credit_code", "bank_holder", "bank_name"),
        Change(
            field="bank_account",
            old="old_account_index",
            new="new_account_index",
            sealed=("old_account_sealed", "new_account_sealed"),
        ),
        *same_as("office"),
        Change(field="first_month", old="old_first_month", new="coalesce(placed_from, old_first_month)"),
    ),
    county="county_code",
    kept_by=("case when outside then 0 else county_id end", "old_county_id"),
    values=lambda parameters: {
        "city": settings.CITY,
        "outside": OUTSIDE,
        "settled_by_city": settled_by_city(Month.of(timezone.localdate())),
    },
    steps=(
        Step(statement="facilities/facilities_new", rows="facility_id is null and kind <> 'village_station'"),
        Step(
            statement="facilities/facilities_new_stations",
            rows="facility_id is null and kind = 'village_station'",
        ),
        Step(
            statement="facilities/facilities_placed",
            rows="placed_from is not null"
            " or facility_id is null and kind <> 'village_station' and parent_code is not null",
        ),
        Step(statement="facilities/facilities_changed", rows="facility_id is not null"),
    ),
)
