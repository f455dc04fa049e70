"""The files of facilities and of their agreements."""

from datetime import date

import pytest

from facilities.models import Agreement, Facility
from tests.files import applied, checked, counts, notices, problems
from tests.population import contract

pytestmark = pytest.mark.django_db

CENTRE, STATION = "H44160200001", "H44160200002"


def facility(**values: str) -> dict[str, str]:
    return {
        "机构代码": CENTRE,
        "机构名称": "中心卫生院",
        "机构等级": "一级",
        "机构类型": "乡镇卫生院",
        "上级机构代码": "",
        "区县代码": "441602",
    } | values


def station(**values: str) -> dict[str, str]:
    given = {"机构代码": STATION, "机构等级": "未定级", "机构类型": "村卫生站", "上级机构代码": CENTRE}
    return facility(**given) | values


def agreement(**values: str) -> dict[str, str]:
    return {
        "机构代码": CENTRE,
        "协议类型": "普通门诊统筹",
        "起始日期": "2023-01-01",
        "终止日期": "2023-12-31",
    } | values


def import_facilities(rows):
    return applied(rows, kind="facilities")


def check_facilities(rows):
    return checked(rows, kind="facilities")


def check_agreements(rows):
    return checked(rows, kind="agreements")


def test_a_station_may_stand_before_its_parent():
    rows = [station(), facility(银行账号="6222021234567890123", 户名="卫生院")]
    assert counts(import_facilities(rows)) == {"new": 2}
    centre, below = Facility.objects.order_by("code")
    assert (centre.level, centre.kind, centre.county.code) == ("primary", "township_centre", "441602")
    assert (centre.bank_account, centre.bank_holder) == ("6222021234567890123", "卫生院")
    assert (below.parent, below.kind) == (centre, "village_station")
    assert counts(check_facilities([*rows, facility(机构代码="H44160200003")])) == {"new": 1, "unchanged": 2}


@pytest.mark.parametrize("county", ["市外", "440300"])
def test_a_facility_outside_the_city_has_no_county(county):
    import_facilities([facility(区县代码=county)])
    assert Facility.objects.get().county is None
    assert counts(check_facilities([facility(区县代码="441621"), facility(机构代码="X1")])) == {
        "new": 1,
        "changed": 1,
    }


@pytest.mark.parametrize(
    ("values", "column", "message"),
    [
        ({"机构名称": ""}, "机构名称", "is required but empty"),
        ({"机构等级": "四级"}, "机构等级", "“四级” is not one of: 三级, 二级, 一级, 未定级"),
        ({"区县代码": "441688"}, "区县代码", "there is no county with the code “441688”"),
        ({"上级机构代码": STATION}, "上级机构代码", "a facility cannot be its own parent"),
        (
            {"上级机构代码": "H1"},
            "上级机构代码",
            "there is no facility with the code “H1”, on record or in this file",
        ),
        ({"机构类型": "村卫生站"}, "上级机构代码", "a village health station needs a parent facility"),
        ({"统一社会信用代码": "9" * 19}, "统一社会信用代码", "is longer than 18 characters"),
        (
            {"银行账号": 6222021234567890123},
            "银行账号",
            "is a number cell, so Excel has lost its last digits: "
            "format the column as text and enter it again",
        ),
    ],
)
def test_each_fault_has_its_message(values, column, message):
    file = check_facilities([facility(), facility(机构代码=STATION) | values])
    assert problems(file) == [(3, column, message)]
    assert not Facility.objects.exists()


def test_an_unusual_code_is_noted_not_refused():
    file = import_facilities([facility(机构代码="441602A1")])
    assert notices(file) == [(2, "机构代码", "“441602A1” is not the usual form: H or P and eleven digits")]


def test_a_station_is_no_parent_and_falls_with_its_own():
    rows = [facility(), station(), station(机构代码="H44160200003", 上级机构代码=STATION)]
    message = f"“{STATION}” is a village health station and cannot be a parent"
    assert problems(check_facilities(rows)) == [(4, "上级机构代码", message)]
    file = check_facilities([station(), facility(机构名称="")])
    assert problems(file) == [
        (2, "Row", "goes together with row 3, which was rejected"),
        (3, "机构名称", "is required but empty"),
    ]


def test_a_facility_twice_in_a_file_is_named_twice():
    message = "rows 2, 3 are for the same facility"
    assert problems(check_facilities([facility(), facility(机构名称="乙")])) == [
        (2, "机构代码", message),
        (3, "机构代码", message),
    ]


def test_a_changed_facility_keeps_what_the_file_leaves_empty():
    import_facilities([facility(户名="卫生院", 开户行="农行"), station()])
    file = import_facilities([facility(机构等级="二级", 开户行="工行")])
    assert counts(file) == {"changed": 1}
    centre = Facility.objects.get(code=CENTRE)
    assert (centre.level, centre.bank_holder, centre.bank_name) == ("secondary", "卫生院", "工行")


def test_agreements_are_new_changed_and_unchanged():
    import_facilities([facility()])
    rows = [agreement(协议编号="A1"), agreement(起始日期="2024-01-01", 终止日期="2024-12-31")]
    assert counts(applied(rows, kind="agreements")) == {"new": 2}
    longer = agreement(终止日期="2023-12-30", 协议编号="A2")
    assert counts(applied([longer, rows[1]], kind="agreements")) == {"changed": 1, "unchanged": 1}
    assert list(Agreement.objects.order_by("first_day").values_list("last_day", "number")) == [
        (date(2023, 12, 30), "A2"),
        (date(2024, 12, 31), ""),
    ]


@pytest.mark.parametrize(
    ("values", "column", "message"),
    [
        ({"机构代码": "H1"}, "机构代码", "there is no facility with the code “H1”"),
        ({"协议类型": "住院"}, "协议类型", "“住院” is not one of: 普通门诊统筹, 个人账户, 门诊慢特病"),
        ({"起始日期": "2024-02-30"}, "起始日期", "“2024-02-30”: there is no such day"),
        ({"起始日期": "2023-02-29"}, "起始日期", "“2023-02-29”: there is no such day"),
        ({"起始日期": "2024-13-01"}, "起始日期", "“2024-13-01”: there is no such day"),
        (
            {"起始日期": "2024/1/1"},
            "起始日期",
            "“2024/1/1” is not a date: write YYYY-MM-DD, like 2023-03-01",
        ),
        (
            {"起始日期": "2024-06-01", "终止日期": "2024-05-31"},
            "终止日期",
            "“2024-05-31” lies before the first day",
        ),
        (
            {"起始日期": "2022-06-01", "终止日期": "2023-01-01"},
            "起始日期",
            "overlaps the agreement on record for 2023-01-01–2023-12-31",
        ),
    ],
)
def test_each_fault_of_an_agreement_has_its_message(values, column, message):
    import_facilities([facility()])
    applied([agreement()], kind="agreements")
    assert problems(check_agreements([agreement(**values)])) == [(2, column, message)]


def test_a_leap_day_and_a_real_date_are_days():
    code = contract(years=[]).code
    row = agreement(机构代码=code, 起始日期="2024-02-29", 终止日期=date(2024, 3, 31))
    assert problems(check_agreements([row])) == []


def test_agreements_of_one_file_that_overlap_are_both_named():
    import_facilities([facility()])
    rows = [agreement(), agreement(起始日期="2023-12-31", 终止日期="2024-12-31")]
    text = "overlaps row {}, which is for the same facility and kind"
    assert problems(check_agreements(rows)) == [
        (2, "起始日期", text.format(3)),
        (3, "起始日期", text.format(2)),
    ]
    assert problems(check_agreements([rows[0], rows[1] | {"协议类型": "个人账户"}])) == []
