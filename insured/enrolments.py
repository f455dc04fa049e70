"""The enrolment file 参保登记: from a month on, somebody is insured as this, on this base, there."""

from django.conf import settings
from django.utils.translation import gettext_noop

from insured.models import DocumentType, RetirementGroup, Status
from insured.protections import DOCUMENT_NUMBER, PHONE_NUMBER
from insured.row_checks import suitable_facility
from insured.selections import choosing
from office.layouts import AMOUNT, MONTH, Change, Check, Column, FileCheck, Layout, Step, choice, code, text
from office.models import Scheme

SCHEMES = {Scheme.EMPLOYEE.value: ("310", "职工"), Scheme.RESIDENT.value: ("390", "居民")}
STATUSES = {
    Status.ACTIVE.value: ("在职",),
    Status.RETIRED.value: ("退休",),
    Status.FLEXIBLE.value: ("灵活就业",),
    Status.UNEMPLOYED_PAID.value: ("失业代缴",),
    Status.INJURY_PAID.value: ("工伤代缴",),
    Status.INPATIENT_ONLY.value: ("住院医保",),
    Status.SPONSORED_RETIREE.value: ("困难企业退休",),
    Status.RESIDENT.value: ("居民",),
}
RETIREMENT_GROUPS = {
    RetirementGroup.ENTERPRISE.value: ("企业",),
    RetirementGroup.INSTITUTION.value: ("机关",),
}

COLUMNS = (
    Column(
        "document_type",
        "证件类型",
        choice({value: (value,) for value in DocumentType.values}),
        default="01",
        about=gettext_noop("left empty it is 01, identity card"),
        example="01",
    ),
    Column(
        "document_number",
        "证件号码",
        DOCUMENT_NUMBER,
        required=True,
        about=gettext_noop("of the person insured"),
    ),
    Column("name", "姓名", text(100), required=True, example="张三"),
    Column(
        "person_number",
        "人员编号",
        code(30),
        about=gettext_noop("number in the insurance system; left empty what is on record stays"),
    ),
    Column("scheme", "险种", choice(SCHEMES), required=True),
    Column("status", "参保身份", choice(STATUSES), required=True),
    Column(
        "retirement_group",
        "退休类别",
        choice(RETIREMENT_GROUPS),
        about=gettext_noop("for retired people only"),
    ),
    Column(
        "employer_code",
        "单位代码",
        code(40),
        about=gettext_noop("unified social credit code or number of the employer"),
    ),
    Column(
        "employer_name",
        "单位名称",
        text(200),
        about=gettext_noop("required when the employer is not on record yet"),
    ),
    Column(
        "base",
        "月缴费基数",
        AMOUNT,
        about=gettext_noop("monthly base of contributions; empty for people who pay none"),
    ),
    Column(
        "first_month",
        "生效年月",
        MONTH,
        required=True,
        about=gettext_noop(
            "from this month the row holds; an open spell of the same scheme ends the month before"
        ),
    ),
    Column(
        "last_month",
        "终止年月",
        MONTH,
        about=gettext_noop("last month included; left empty the spell is open"),
    ),
    Column(
        "county_code",
        "区县代码",
        code(12),
        required=True,
        about=gettext_noop("where the person is insured"),
        example="441602",
    ),
    Column("phone", "手机号码", PHONE_NUMBER),
    Column(
        "facility_code",
        "选点机构代码",
        code(30, upper=True),
        about=gettext_noop("facility selected, where the row selects one"),
        example="H44160200001",
    ),
    Column(
        "selection_month",
        "选点生效年月",
        MONTH,
        about=gettext_noop("required with a facility: from this month the selection holds"),
    ),
)

OTHER_CITY = "county_code ~ '^[0-9]{6}' and left(county_code, 4) <> left(%(city)s, 4)"

CHECKS = (
    Check(
        name="short_identity_number",
        column="document_number",
        when="check_digit_wrong and document_length <> 18",
        message=gettext_noop("an identity card number has 18 characters, this one has %(value)s"),
        value="document_length",
    ),
    Check(
        name="check_digit",
        column="document_number",
        when="check_digit_wrong and document_length = 18",
        message=gettext_noop("“%(cell)s” is not a valid identity number: its check digit is wrong"),
    ),
    Check(
        name="no_such_birth_date",
        column="document_number",
        when="born_inside and birth_date is null",
        message=gettext_noop("“%(cell)s”: the birth date inside the number does not exist"),
    ),
    Check(
        name="born_in_future",
        column="document_number",
        when="birth_date > (select agency_today())",
        message=gettext_noop("“%(cell)s”: the birth date inside the number lies in the future"),
    ),
    Check(
        name="merged",
        column="document_number",
        when="merged",
        message=gettext_noop(
            "this person's records were merged: use the document of the record that was kept"
        ),
    ),
    Check(
        name="name_conflict",
        column="name",
        when="name_conflict is not null",
        message=gettext_noop("rows %(value)s give the same document different names"),
        value="name_conflict",
    ),
    Check(
        name="person_number_conflict",
        column="person_number",
        when="number_conflict is not null",
        message=gettext_noop("rows %(value)s give the same person number to different people"),
        value="number_conflict",
    ),
    Check(
        name="person_number_taken",
        column="person_number",
        when="number_taken",
        message=gettext_noop("“%(cell)s” already belongs to another person"),
    ),
    Check(
        name="status_of_scheme",
        column="status",
        when="(scheme = '390') <> (status = 'resident')",
        message=gettext_noop("“%(cell)s” does not exist in this scheme"),
    ),
    Check(
        name="group_without_retirement",
        column="retirement_group",
        when="retirement_group is not null and status not in ('retired', 'sponsored_retiree')",
        message=gettext_noop("is for retired people only"),
    ),
    Check(
        name="employer_without_code",
        column="employer_code",
        when="employer_name is not null and employer_code is null",
        message=gettext_noop("the employer has a name but no code"),
    ),
    Check(
        name="employer_without_name",
        column="employer_name",
        when="employer_code is not null and employer_id is null and employer_name is null",
        message=gettext_noop("the employer is not on record yet: give its name"),
    ),
    Check(
        name="employer_conflict",
        column="employer_name",
        when="employer_conflict is not null",
        message=gettext_noop("row %(value)s gives the same employer another name"),
        value="employer_conflict",
    ),
    Check(
        name="county_elsewhere",
        column="county_code",
        when=f"county_id is null and {OTHER_CITY}",
        message=gettext_noop("“%(cell)s” belongs to another city"),
    ),
    Check(
        name="unknown_county",
        column="county_code",
        when=f"county_id is null and county_code is not null and not ({OTHER_CITY})",
        message=gettext_noop("there is no county with the code “%(cell)s”"),
    ),
    Check(
        name="ends_before_it_begins",
        column="last_month",
        when="last_month < first_month",
        message=gettext_noop("“%(cell)s” lies before the first month"),
    ),
    Check(
        name="died_before",
        column="first_month",
        when="date_trunc('month', died_on) < coalesce(ends, 'infinity')",
        message=gettext_noop("this person died on %(value)s"),
        value="died_on",
    ),
    Check(
        name="repeated",
        column="first_month",
        when="repeated is not null",
        message=gettext_noop("rows %(value)s are the same: delete one of them"),
        value="repeated",
    ),
    Check(
        name="contradicted",
        column="first_month",
        when="contradicted is not null",
        message=gettext_noop("rows %(value)s contradict each other: same person, scheme and month"),
        value="contradicted",
    ),
    Check(
        name="crosses",
        column="first_month",
        when="crosses is not null",
        message=gettext_noop("overlaps row %(value)s, which is for the same person and scheme"),
        value="crosses",
    ),
    Check(
        name="overlaps",
        column="first_month",
        when="clash_scheme = scheme",
        message=gettext_noop("overlaps the enrolment on record for %(value)s"),
        value="to_char(clash_first, 'YYYY-MM') || '–' || coalesce(to_char(clash_last, 'YYYY-MM'), '')",
    ),
    Check(
        name="other_scheme",
        column="scheme",
        when="clash_scheme <> scheme",
        message=gettext_noop("this person is insured in the other scheme for %(value)s: end that first"),
        value="to_char(clash_first, 'YYYY-MM') || '–' || coalesce(to_char(clash_last, 'YYYY-MM'), '')",
    ),
    Check(
        name="both_schemes",
        column="scheme",
        when="scheme_conflict is not null",
        message=gettext_noop("row %(value)s insures the same person in the other scheme in the same months"),
        value="scheme_conflict",
    ),
    Check(
        name="selection_without_facility",
        column="facility_code",
        when="selection_month is not null and facility_code is null",
        message=gettext_noop("a month of selection is given but no facility"),
    ),
    Check(
        name="selection_without_month",
        column="selection_month",
        when="facility_code is not null and selection_month is null",
        message=gettext_noop("a facility is given but no month of selection"),
    ),
    *suitable_facility(month="selection_month"),
    Check(
        name="not_chosen_here",
        column="facility_code",
        when="facility_code is not null and articles is null",
        message=gettext_noop("by the rules of this scheme no facility is chosen"),
    ),
    Check(
        name="selection_not_insured",
        column="selection_month",
        when="facility_id is not null and (selection_month < first_month or selection_month > ends)",
        message=gettext_noop("lies outside the months this row insures"),
    ),
    Check(
        name="choice_conflict",
        column="facility_code",
        when="choice_conflict is not null",
        message=gettext_noop("rows %(value)s choose twice for the same person and year"),
        value="choice_conflict",
    ),
    Check(
        name="already_chosen",
        column="facility_code",
        when="chosen_id is not null and (chosen_facility_id, chosen_month) <> (facility_id, selection_month)",
        message=gettext_noop(
            "%(value)s is already chosen for this year: change it with a file of selections"
        ),
        value="chosen_code",
    ),
    Check(
        name="chosen_later",
        column="selection_month",
        when="later_choice is not null",
        message=gettext_noop("a selection from %(value)s is already on record"),
        value="to_char(later_choice, 'YYYY-MM')",
    ),
)

CHANGES = (
    Change(field="name", old="old_name", new="new_name"),
    Change(field="person_number", old="old_person_number", new="new_person_number"),
    Change(
        field="phone",
        old="old_phone_index",
        new="new_phone_index",
        sealed=("old_phone_sealed", "new_phone_sealed"),
    ),
    Change(field="status", old="old_status", new="status"),
    Change(field="retirement_group", old="old_retirement_group", new="new_retirement_group"),
    Change(field="employer_code", old="old_employer_code", new="employer_code"),
    Change(
        field="employer_name", old="coalesce(old_employer_name, new_employer_name)", new="new_employer_name"
    ),
    Change(field="base", old="old_base", new="base"),
    Change(field="county_code", old="old_county_code", new="county_code"),
    Change(field="last_month", old="old_last_month", new="new_last_month"),
    Change(
        field="ended",
        old="null",
        new="case when ended_id is not null then (first_month - interval '1 month')::date end",
        label=gettext_noop("Earlier enrolment ends"),
    ),
    Change(
        field="facility_code",
        old="chosen_code",
        new="case when selection_month is not null then facility_code else chosen_code end",
    ),
)

ENROLMENTS = Layout(
    name="enrolments",
    label=gettext_noop("Enrolments"),
    columns=COLUMNS,
    facts="insured/enrolments_facts",
    checks=CHECKS,
    changes=CHANGES,
    county="county_code",
    kept_by=("county_id", "person_county_id"),
    values=lambda parameters: {"city": settings.CITY, **choosing(parameters)},
    file_checks=(
        FileCheck(
            when=f"2 * count(*) filter (where {OTHER_CITY}) > count(*)",
            message=gettext_noop(
                "This is a file of another city: most of its county codes belong elsewhere."
            ),
        ),
    ),
    steps=(
        Step(statement="insured/enrolments_employers"),
        Step(statement="insured/enrolments_new_people"),
        Step(statement="insured/enrolments_people"),
        Step(statement="insured/enrolments_ended", rows="ended_id is not null"),
        Step(statement="insured/enrolments_restated", rows="same_id is not null"),
        Step(statement="insured/enrolments_new", rows="same_id is null"),
        Step(statement="insured/enrolments_selections"),
    ),
)
