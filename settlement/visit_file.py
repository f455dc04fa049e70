"""Facilities' files of visits 门诊费用: applied, their rows are visits, to be settled (`batches.py`)."""

from django.urls import reverse
from django.utils.translation import gettext_noop

from insured.protections import KNOWN_DOCUMENT
from insured.row_checks import ABOUT_SOMEBODY
from office.layouts import AMOUNT, MOMENT, Check, Column, Layout, Step, choice, code
from office.policy import schemes_here
from policies.gates import GATES
from policies.labels import GATE_LABELS
from settlement.batches import CHUNK_ROWS
from settlement.models import VisitBatch, VisitCategory
from settlement.tasks import enqueue_file

CATEGORIES = {
    VisitCategory.OUTPATIENT.value: ("11", "普通门诊"),
    VisitCategory.EMERGENCY.value: ("13", "急诊"),
    VisitCategory.CERTIFIED.value: ("14", "慢特病"),
    VisitCategory.NEGOTIATED_DRUG.value: ("特药",),
    VisitCategory.DAY_SURGERY.value: ("日间手术",),
    VisitCategory.PHARMACY.value: ("41", "药店"),
}
REASONS = {code: (code, GATE_LABELS[code].zh) for code in GATES}
YES_NO = {"t": ("是",), "f": ("否",)}
MOST = 20_000_000  # yuan: what is kept as whole 分 in four bytes


def amount(field: str, header: str, **options) -> Column:
    return Column(field, header, AMOUNT, default="0", **options)


def flag(field: str, header: str, about: str = "") -> Column:
    return Column(field, header, choice(YES_NO), default="f", about=about)


CHECKS = (
    *ABOUT_SOMEBODY,
    Check(
        name="unknown_facility",
        column="facility_code",
        when="facility_id is null and facility_code is not null",
        message=gettext_noop("there is no facility with the code “%(cell)s”"),
    ),
    Check(
        name="unknown_prescriber",
        column="prescriber_code",
        when="prescriber_id is null and prescriber_code is not null",
        message=gettext_noop("there is no facility with the code “%(cell)s”"),
    ),
    Check(
        name="in_the_future",
        column="at",
        when="at > now()",
        message=gettext_noop("“%(cell)s” is still to come"),
    ),
    Check(
        name="parts_and_total",
        column="total",
        when="total <> full_self_paid + over_price + prior_self_paid + eligible",
        message=gettext_noop(
            "全自费, 超限价, 先行自付 and 政策范围内 come to %(value)s, the total is %(cell)s"
        ),
        value="full_self_paid + over_price + prior_self_paid + eligible",
    ),
    Check(
        name="too_large_a_bill",
        column="total",
        when=f"total > {MOST}",
        message=gettext_noop("“%(cell)s” is more than a bill can come to"),
    ),
    Check(
        name="fees_above_eligible",
        column="eligible",
        when="diagnosis_fee + consultation_fee > eligible",
        message=gettext_noop("诊查费 and 一般诊疗费 together are %(value)s, more than the eligible amount"),
        value="diagnosis_fee + consultation_fee",
    ),
    Check(
        name="drug_missing",
        column="drug",
        when="category = 'negotiated_drug' and drug is null",
        message=gettext_noop("is needed for a negotiated drug"),
    ),
    Check(
        name="asked_above_total",
        column="asked",
        when="asked > total",
        message=gettext_noop("“%(cell)s” is more than the total"),
    ),
    Check(
        name="bill_repeated",
        column="bill",
        when="same_bill is not null",
        message=gettext_noop("rows %(value)s have the same bill number of this facility"),
        value="same_bill",
    ),
    Check(
        name="bill_on_record",
        column="bill",
        when="bill_on_record is not null",
        message=gettext_noop("this bill of the facility is on record already, of %(value)s"),
        value="bill_on_record",
    ),
    Check(
        name="unknown_original",
        column="original_bill",
        when="original_bill is not null and original_total is null",
        message=gettext_noop(
            "the facility has no visit with the bill number “%(cell)s” that could be taken back"
        ),
    ),
    Check(
        name="original_unsettled",
        column="original_bill",
        when="original_unsettled",
        message=gettext_noop("“%(cell)s” is still being settled: bring the refund afterwards"),
    ),
    Check(
        name="original_differs",
        column="original_bill",
        when="original_total is not null and (original_total <> total or original_person_id <> person_id)",
        message=gettext_noop(
            "a refund takes back a whole visit of the same person: “%(cell)s” came to %(value)s"
        ),
        value="original_total",
    ),
    Check(
        name="before_original",
        column="at",
        when="at < original_at",
        message=gettext_noop("“%(cell)s” lies before the visit that is taken back"),
    ),
    Check(
        name="taken_back_twice",
        column="original_bill",
        when="same_original is not null",
        message=gettext_noop("rows %(value)s take back the same visit"),
        value="same_original",
    ),
)

NOTICES = (
    Check(
        name="resembles",
        column="bill",
        when="resembles is not null",
        message=gettext_noop("perhaps a duplicate: same person, time and amount (%(value)s)"),
        value="resembles",
    ),
    Check(
        name="no_referral",
        column="referred",
        when="referred = 't' and not referral_on_record",
        message=gettext_noop("no referral on record: only what is on record counts"),
    ),
)


def batches_of(import_id: int) -> list[tuple[str, str]]:
    """The pages where its visits are settled."""
    return [
        (str(batch), reverse("admin:settlement_visitbatch_change", args=[batch.pk]))
        for batch in VisitBatch.objects.filter(import_file=import_id).order_by("pk")
    ]


VISITS = Layout(
    name="visits",
    label=gettext_noop("Visits"),
    columns=(
        Column("bill", "单据号", code(38), required=True, example="MZ202501310001"),
        Column(
            "facility_code",
            "机构代码",
            code(30, upper=True),
            required=True,
            about=gettext_noop("facility on record"),
            example="H44160200001",
        ),
        Column("document_number", "证件号码", KNOWN_DOCUMENT, required=True),
        Column("at", "就诊时间", MOMENT, required=True),
        Column("category", "医疗类别", choice(CATEGORIES), required=True),
        Column("total", "总费用", AMOUNT, required=True),
        amount("full_self_paid", "全自费"),
        amount("over_price", "超限价"),
        amount("prior_self_paid", "先行自付"),
        Column("eligible", "政策范围内", AMOUNT, required=True),
        amount("diagnosis_fee", "诊查费", about=gettext_noop("part of the eligible amount")),
        amount("consultation_fee", "一般诊疗费", about=gettext_noop("part of the eligible amount")),
        amount("examination_fee", "检查费"),
        Column("disease", "病种代码", code(40)),
        Column("drug", "药品代码", code(40)),
        Column(
            "prescriber_code",
            "处方机构代码",
            code(30, upper=True),
            about=gettext_noop("facility whose level counts, where it is another one"),
        ),
        flag("referred", "转诊", gettext_noop("what counts is the referral on record")),
        flag("emergency", "急诊"),
        flag("admitted", "收住院"),
        Column("gate", "不予支付原因", choice(REASONS)),
        Column(
            "asked",
            "个人账户支付",
            AMOUNT,
            about=gettext_noop("left empty, accounts pay the person's part as far as they have money"),
        ),
        Column(
            "original_bill", "原单据号", code(38), about=gettext_noop("of a refund: the bill it takes back")
        ),
    ),
    facts="settlement/visits_facts",
    checks=CHECKS,
    notices=NOTICES,
    county="county_code",
    # Whoever works for the facility: its patients may be insured in any county.
    kept_by=("case when facility_id is not null then coalesce(facility_county_id, 0) end",),
    values=lambda parameters: {
        "schemes": schemes_here(),
        "size": CHUNK_ROWS,
    },
    stays=gettext_noop(
        "Visits are settled: take them back on the page of their batch, single ones on theirs or by a file of"
        " refunds."
    ),
    afterwards=enqueue_file,
    leads_to=batches_of,
    steps=(
        Step(statement="settlement/visits_batches"),
        Step(statement="settlement/visits_numbered"),
        Step(statement="settlement/visits_entered", rows="true"),
        Step(statement="settlement/visits_taken_back", rows="original_bill is not null"),
        Step(statement="settlement/visits_chunks"),
        Step(statement="settlement/visits_done"),
    ),
)
