"""The file of designated facilities 定点机构; village stations may stand before their parents."""

from django.conf import settings
from django.utils.translation import gettext_noop

from facilities.models import FacilityKind, Level, opened_account, sealed_account
from office.layouts import (
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
    ),
    county="county_code",
    kept_by=("case when outside then 0 else county_id end", "old_county_id"),
    values=lambda parameters: {"city": settings.CITY, "outside": OUTSIDE},
    steps=(
        Step(statement="facilities/facilities_new", rows="facility_id is null and kind <> 'village_station'"),
        Step(
            statement="facilities/facilities_new_stations",
            rows="facility_id is null and kind = 'village_station'",
        ),
        Step(
            statement="facilities/facilities_changed",
            rows="parent_code is not null or facility_id is not null",
        ),
    ),
)
