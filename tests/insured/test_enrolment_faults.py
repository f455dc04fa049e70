"""The enrolment file: each fault of a row has its own message with row and column; nothing is written."""

import pytest

from insured.models import Enrolment, Person
from office.sealing import masked
from tests.files import PERSON, checked, counts, enrolment, problems
from tests.population import identity_card

pytestmark = pytest.mark.django_db

OTHER = identity_card(2)
WRONG_DIGIT = PERSON[:-1] + ("1" if PERSON[-1] != "1" else "2")


def with_check_digit(body: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


@pytest.mark.parametrize(
    ("values", "column", "message"),
    [
        ({"证件号码": ""}, "证件号码", "is required but empty"),
        (
            {"证件号码": WRONG_DIGIT},
            "证件号码",
            f"“{masked(WRONG_DIGIT)}” is not a valid identity number: its check digit is wrong",
        ),
        (
            {"证件号码": "441602800101001"},
            "证件号码",
            "an identity card number has 18 characters, this one has 15",
        ),
        (
            {"证件号码": (n := with_check_digit("44160220240230001"))},
            "证件号码",
            f"“{masked(n)}”: the birth date inside the number does not exist",
        ),
        (
            {"证件号码": (n := with_check_digit("44160220981301001"))},
            "证件号码",
            f"“{masked(n)}”: the birth date inside the number does not exist",
        ),
        (
            {"证件号码": (n := with_check_digit("44160220980101001"))},
            "证件号码",
            f"“{masked(n)}”: the birth date inside the number lies in the future",
        ),
        ({"证件号码": "A" * 31, "证件类型": "08"}, "证件号码", "is longer than 30 characters"),
        ({"证件类型": "02"}, "证件类型", "“02” is not one of: 01, 04, 05, 06, 07, 08, 16, 17, 90, 99"),
        ({"姓名": "  "}, "姓名", "is required but empty"),
        ({"姓名": "三" * 101}, "姓名", "is longer than 100 characters"),
        ({"姓名": "=HYPERLINK(1)"}, "姓名", "begins with “=”: write the value, not a formula"),
        ({"险种": "城乡"}, "险种", "“城乡” is not one of: 职工, 居民"),
        ({"险种": "390"}, "参保身份", "“在职” does not exist in this scheme"),
        ({"参保身份": "居民"}, "参保身份", "“居民” does not exist in this scheme"),
        (
            {"参保身份": "学生"},
            "参保身份",
            "“学生” is not one of: 在职, 退休, 灵活就业, 失业代缴, 工伤代缴, 住院医保, 困难企业退休, 居民",
        ),
        ({"退休类别": "企业"}, "退休类别", "is for retired people only"),
        ({"单位名称": "某厂"}, "单位代码", "the employer has a name but no code"),
        ({"单位代码": "E1"}, "单位名称", "the employer is not on record yet: give its name"),
        ({"月缴费基数": "-1"}, "月缴费基数", "“-1” is negative"),
        ({"月缴费基数": -0.5}, "月缴费基数", "“-0.5” is negative"),
        ({"月缴费基数": "5000.001"}, "月缴费基数", "“5000.001” has more than two decimals"),
        ({"月缴费基数": 5000.125}, "月缴费基数", "“5000.125” has more than two decimals"),
        ({"月缴费基数": "五千"}, "月缴费基数", "“五千” is not an amount"),
        ({"月缴费基数": "1e5"}, "月缴费基数", "“1e5” is not an amount"),
        (
            {"月缴费基数": "5,000.00"},
            "月缴费基数",
            "“5,000.00” has thousands separators: write digits and a decimal point only",
        ),
        ({"月缴费基数": "9999999999999"}, "月缴费基数", "“9999999999999” is too large"),
        ({"生效年月": ""}, "生效年月", "is required but empty"),
        ({"生效年月": "2023-13"}, "生效年月", "“2023-13”: there is no such month"),
        ({"生效年月": "2023-00"}, "生效年月", "“2023-00”: there is no such month"),
        ({"生效年月": "202301"}, "生效年月", "“202301” is not a month: write YYYY-MM, like 2023-03"),
        ({"生效年月": "2023-1"}, "生效年月", "“2023-1” is not a month: write YYYY-MM, like 2023-03"),
        ({"终止年月": "2022-12"}, "终止年月", "“2022-12” lies before the first month"),
        ({"区县代码": "441688"}, "区县代码", "there is no county with the code “441688”"),
        ({"区县代码": "源城"}, "区县代码", "there is no county with the code “源城”"),
        (
            {"选点机构代码": "H00000000009", "选点生效年月": "2023-01"},
            "选点机构代码",
            "there is no facility with the code “H00000000009”",
        ),
        ({"选点生效年月": "2023-01"}, "选点机构代码", "a month of selection is given but no facility"),
    ],
)
def test_each_fault_has_its_message(values, column, message):
    file = checked([enrolment(证件号码=OTHER), enrolment(**values)])
    assert problems(file) == [(3, column, message)]
    assert counts(file) == {"new": 1, "rejected": 1}
    assert not Person.objects.exists()
    assert not Enrolment.objects.exists()


def test_all_problems_of_a_row_are_told_at_once():
    file = checked(
        [enrolment(证件号码=WRONG_DIGIT, 姓名="", 月缴费基数="1,0", 生效年月="2023-13", 区县代码="1")]
    )
    assert [column for _row, column, _message in problems(file)] == [
        "姓名", "月缴费基数", "生效年月", "证件号码", "区县代码",
    ]  # fmt: skip
