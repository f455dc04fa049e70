"""What codes are called in Chinese and English, and the explanation of a settlement in words."""

from __future__ import annotations

from collections.abc import Mapping

from policies.adjudicate import Step
from policies.money import text_of
from policies.values import Text

GATE_LABELS: Mapping[str, Text] = {
    "not_in_force": Text("不在政策施行期内", "outside the time in force"),
    "not_insured": Text("未参保", "not insured"),
    "suspended": Text("待遇暂停", "benefits suspended"),
    "facility_not_contracted": Text("非定点机构", "facility not contracted"),
    "not_selected": Text("非选定机构且未转诊", "facility not selected, no referral"),
    "out_of_area_unfiled": Text("异地就医未备案", "out of area without filing"),
    "during_inpatient_stay": Text("住院期间", "during an inpatient stay"),
    "work_injury": Text("应由工伤保险支付", "work injury insurance pays"),
    "third_party": Text("应由第三人负担", "a third party pays"),
    "public_health": Text("应由公共卫生负担", "public health pays"),
    "abroad": Text("境外就医", "treatment abroad"),
    "maternity": Text("应由生育保险支付", "maternity insurance pays"),
    "too_late": Text("超过手工报销期限", "claimed too late"),
    "not_certified": Text("病种未认定", "disease not on record"),
    "category_not_covered": Text("医疗类别不在保障范围", "category not covered"),
}

STEP_LABELS: Mapping[str, Text] = {
    "fee_cap": Text("诊疗费可支付上限", "fee payable up to"),
    "deductible": Text("起付标准", "deductible"),
    "rate": Text("按比例支付", "paid at the rate"),
    "visit_limit": Text("单次支付限额", "limit per visit"),
    "annual_limit": Text("年度最高支付限额", "annual limit"),
    "out_of_city_limit": Text("市外年度支付限额", "annual limit outside the city"),
    "outpatient_limit": Text("普通门诊年度支付限额", "annual outpatient limit"),
    "chronic_limit": Text("慢性病年度支付限额", "annual limit for chronic diseases"),
    "inpatient_limit": Text("住院年度支付限额", "annual inpatient limit"),
    "basic_limit": Text("基本医保年度支付限额", "annual limit of the basic insurance"),
    "combined_limit": Text("基本与大病合计年度限额", "annual limit with the catastrophic segment"),
    "beyond_limit": Text("超限部分按住院比例", "beyond the limit at the inpatient rate"),
}

PARAMETER_LABELS: Mapping[str, Text] = {
    "inpatient_rate": Text("住院支付比例", "inpatient rates"),
    "inpatient_deductible": Text("住院起付标准", "inpatient deductibles"),
    "inpatient_limit": Text("住院年度最高支付限额", "annual inpatient limit"),
    "annual_limit": Text("年度最高支付限额", "annual limit"),
    "quota_rate": Text("定额包干标准", "capitation rate"),
    "basic_annual_limit": Text("基本医保年度最高支付限额", "annual limit of the basic insurance"),
    "combined_annual_limit": Text("基本与大病合计年度限额", "annual limit with the catastrophic segment"),
    "retired_monthly_credit": Text("退休人员月计入额", "monthly credit of retirees"),
    "retired_credit_rate": Text("退休人员计入比例", "credit rate of retirees"),
    "deposit_return_scale": Text("质量保证金返还比例", "scale of deposits returned"),
    "interest_rate": Text("个人账户利率", "interest rate of personal accounts"),
    "interest_rate_carried_over": Text("个人账户历年结转资金利率", "interest rate of money carried over"),
    "chronic_terms": Text("门诊慢特病待遇标准", "terms of chronic and special diseases"),
}


def explain(step: Step) -> Text:
    """One step in words, with its article and its amount in yuan."""
    label = STEP_LABELS.get(step.rule) or GATE_LABELS[step.rule]
    amount = text_of(step.amount)
    return Text(
        f"第{step.article}条 {label.zh}：{amount}元", f"Article {step.article}, {label.en}: {amount} yuan"
    )


def explain_missing(name: str, article: str) -> Text:
    """Why a visit or a credit is held: the parameter to enter and the article that leaves it out."""
    label = PARAMETER_LABELS[name]
    return Text(
        f"第{article}条所需参数“{label.zh}”尚未录入",
        f"Article {article} needs a parameter nobody has entered: {label.en}",
    )
