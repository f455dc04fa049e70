"""The rules' pages: entering a figure of any shape, approving it, the trial, the coverage."""

import json
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from office import versions
from office.admin.figure_form import SCALE_STEPS, can_be_entered
from office.admin.version_acts import ACTS
from office.models import PolicyState, PolicyVersion
from office.policy import newest_version, open_version, pack_of
from policies.coverage import coverage
from policies.month import Month
from policies.pack import available_packs, load_pack
from tests.cities import rules_of
from tests.pages.reading import texts_of

FIGURE = {
    "first_month": "2025-01",
    "article": "7(3)",
    "source": "2025年第1号通知",
    "figure": "105.00",
}
VISIT = {
    "rules": "heyuan",
    "status": "active",
    "birth_date": "1970-01-01",
    "category": "outpatient",
    "date": "2023-05-10",
    "level": "primary",
    "locality": "local",
    "selected": "on",
    "total": "200.00",
    "eligible": "100.00",
}
LANGUAGES = {"简体中文", "English"}
CHINESE = re.compile("[\u4e00-\u9fff]")


def figure_url(value="retired_monthly_credit", scheme="310") -> str:
    return reverse("admin:office_policyversion_figure", args=[scheme]) + f"?value={value}"


def page_of(version) -> str:
    return reverse("admin:office_policyversion_change", args=[version.pk])


def act(client, version, name, **given):
    url = reverse("admin:office_policyversion_act", args=[version.pk, name])
    return client.post(url, {"reason": "请核对", "seen": version.sha256} | given, follow=True)


def cells(data, path=()) -> dict:
    """A figure as the form's fields."""
    if isinstance(data, dict):
        return {
            name: cell for key, inner in data.items() for name, cell in cells(inner, (*path, key)).items()
        }
    if isinstance(data, bool):
        data = str(data).lower()
    if isinstance(data, list):
        data = ", ".join(map(str, data))
    return {"-".join(["figure", *map(str, path)]): data}


def test_a_figure_goes_from_the_form_to_the_rules(sign_in):
    officer, reviewer = sign_in("policy_officer"), sign_in("reviewer")
    assert "退休人员月计入额" in officer.get(reverse("admin:office_policyversion_figure", args=["310"])).text
    draft_page = officer.post(figure_url(), FIGURE, follow=True)
    draft = open_version(scheme="310")
    for told in ("逐条变更", "105.00 元", "2025年第1号通知", "十笔示例就诊", "月计入额"):
        assert told in draft_page.text
    assert draft.state == PolicyState.DRAFT

    act(officer, draft, "submit")
    assert "您录入" not in reviewer.get(page_of(draft)).text
    act(reviewer, draft, "send_back")
    assert "请核对" in officer.get(page_of(draft)).text
    act(officer, draft, "submit")
    act(reviewer, draft, "approve", seen="0" * 64)
    assert newest_version(scheme="310").number == 1
    act(reviewer, draft, "approve")
    assert newest_version(scheme="310") == draft
    assert pack_of(draft).value("retired_monthly_credit", Month(2025, 1)) == Decimal("105.00")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("clerk", set()),
        ("reviewer", {"approve", "send_back"}),
        ("auditor", set()),
        ("finance_accountant", set()),
        ("policy_officer", {"submit", "approve", "send_back", "withdraw"}),
        ("system_administrator", set()),
    ],
)
def test_each_role_reaches_its_own_acts_only(sign_in, role, allowed):
    version = newest_version(scheme="310")
    client = sign_in(role)
    for name in ACTS:
        refused = act(client, version, name).status_code == 403
        assert refused == (name not in allowed), name
        assert client.get(reverse("admin:office_policyversion_act", args=[version.pk, name])).status_code in (
            403,
            405,
        )
    assert client.get(figure_url()).status_code == (200 if role == "policy_officer" else 403)


def test_the_author_has_no_button_to_approve(sign_in):
    officer = sign_in("policy_officer")
    officer.post(figure_url(), FIGURE)
    draft = open_version(scheme="310")
    act(officer, draft, "submit")
    assert "act-approve" not in officer.get(page_of(draft)).text
    assert "act-approve" in sign_in("reviewer").get(page_of(draft)).text
    assert "须由另一人审批" in act(officer, draft, "approve").text
    assert PolicyVersion.objects.get(pk=draft.pk).state == PolicyState.SUBMITTED


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"figure": "1.005"}, "小数"),
        ({"figure": "-1"}, "0"),
        ({"figure": ""}, "必填"),
        ({"first_month": "2021-01"}, "该标准无法写入规则"),
        ({"first_month": "soon"}, "YYYY-MM"),
        ({"source": ""}, "必填"),
    ],
)
def test_a_wrong_figure_is_refused_on_its_form(sign_in, wrong, told):
    response = sign_in("policy_officer").post(figure_url(), FIGURE | wrong)
    assert response.status_code == 200
    assert told in response.text
    assert open_version(scheme="310") is None


@pytest.mark.parametrize("city", available_packs())
def test_every_value_of_every_pack_has_a_form_of_its_shape(sign_in, city):
    """What a pack says now, entered again through the form, is the same figure."""
    version = rules_of(city)
    officer, entered = sign_in("policy_officer"), 0
    for value in load_pack(city).values.values():
        if not can_be_entered(value):
            continue
        assert officer.get(figure_url(value.name, version.scheme)).status_code == 200, value.name
        last = value.entries[-1]
        if last.figure is None or value.unit == "scale":
            continue
        given = FIGURE | {"first_month": "2026-01"} | cells(last.figure)
        response = officer.post(figure_url(value.name, version.scheme), given)
        assert response.status_code == 302, (value.name, texts_of(response))
        found = pack_of(open_version(scheme=version.scheme)).values[value.name].entries[-1]
        assert (found.figure, str(found.start)) == (last.figure, "2026-01-01"), value.name
        entered += 1
    assert entered > 5
    assert officer.get(page_of(open_version(scheme=version.scheme))).status_code == 200


def test_a_scale_is_entered_step_by_step(sign_in):
    version, officer = rules_of("shaoguan"), sign_in("policy_officer")
    steps = {f"figure-{number}-{key}": "" for number in range(SCALE_STEPS) for key in ("from", "share")}
    given = FIGURE | {"first_month": "2024-01"} | steps
    half = given | {"figure-0-from": "90"}
    assert "须同时填写" in officer.post(figure_url("deposit_return_scale", "390"), half).text
    assert officer.post(figure_url("deposit_return_scale", "390"), given).status_code == 200
    full = half | {"figure-0-share": "100", "figure-1-from": "80", "figure-1-share": "50"}
    officer.post(figure_url("deposit_return_scale", "390"), full)
    scale = pack_of(open_version(scheme=version.scheme)).value("deposit_return_scale", Month(2024, 6))
    assert scale == [{"from": 90, "share": 100}, {"from": 80, "share": 50}]


def test_posted_months_a_version_reaches_back_to_are_named(office, sign_in, staff):
    version = versions.enter_figure(
        scheme="310",
        value="retired_monthly_credit",
        first_month=Month(2023, 1),
        article="7(3)",
        figure=Decimal("103.00"),
        source="notice",
        by=staff["policy_officer"],
    )
    assert versions.posted_since(version) == [office.february]
    assert str(office.february) in sign_in("reviewer").get(page_of(version)).text


# The trial.


def calculated(client, **given):
    return client.post("/trial/", VISIT | given, follow=True)


def test_a_trial_shows_steps_articles_and_what_is_left(sign_in):
    response = calculated(sign_in("clerk"))
    texts = [text for _tag, text in texts_of(response)]
    for told in ("已结算", "60.00", "5(1)", "按比例支付", "70.00", "5(2)", "单次支付限额", "1,740.00"):
        assert told in texts, told


def test_its_link_repeats_it_and_nothing_is_stored(sign_in):
    clerk = sign_in("clerk")
    response = calculated(clerk)
    link = response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"]
    auditor = sign_in("auditor")
    with CaptureQueriesContext(connection) as queries:
        again = auditor.get(link)
    assert [text for text in texts_of(again) if text[0] == "td"] == [
        text for text in texts_of(response) if text[0] == "td"
    ]
    written = [query["sql"] for query in queries if re.match("INSERT|UPDATE|DELETE", query["sql"])]
    assert not written


def test_one_visit_under_every_citys_rules(sign_in):
    texts = [text for _tag, text in texts_of(calculated(sign_in("clerk"), compare="on"))]
    # Heyuan 60 a visit; Honghe (100-30)*60%; Nanchang and Shijiazhuang within the deductible; Shaoguan 70 %
    columns = texts[texts.index("同一就诊在各城市的结果（已发布的规则）") :]
    paid = [columns[place + 1] for place, text in enumerate(columns) if text == "统筹支付"]
    assert paid == ["60.00", "42.00", "0.00", "70.00", "0.00"]
    assert [load_pack(name).city.name.zh for name in available_packs()] == [
        text for text in columns if text in {load_pack(name).city.name.zh for name in available_packs()}
    ]


def test_several_visits_share_their_limits_and_bad_lines_are_told(sign_in):
    visit = {
        "person": "A",
        "date": "2023-05-10",
        "category": "outpatient",
        "level": "tertiary",
        "status": "active",
        "selected": True,
        "total": "1000.00",
        "eligible": "1000.00",
    }
    lines = [json.dumps({"id": str(number), **visit}) for number in range(12)]
    lines += [
        json.dumps({"id": "12", **visit}),
        "{",
        json.dumps({"id": "14", **visit, "eligible": "2000.00"}),
    ]
    for language, told in (
        ("zh-hans", ("该行：不是 JSON", "政策范围内费用：大于总费用")),
        ("en", ("line: not JSON", "eligible amount: above the total")),
    ):
        response = calculated(sign_in("clerk", language), lines="\n".join(lines))
        rows = [text for tag, text in texts_of(response)]
        for text in told:
            assert text in rows
        assert "0.00" in rows


def test_held_and_denied_visits_say_why(sign_in):
    clerk = sign_in("clerk")
    held = calculated(clerk, rules="honghe", category="day_surgery").text
    assert "缺" in held and "住院支付比例" in held and "14" in held
    figures = (
        "inpatient_rate: {active: {primary: 90}}\ninpatient_deductible: {primary: 20}\ninpatient_limit: 60000"
    )
    paid = calculated(clerk, rules="honghe", category="day_surgery", parameters=figures).text
    assert "81.00" in paid  # (100 - 20 / 2) * 90 %
    assert "待遇暂停" in calculated(clerk, gate="suspended").text
    assert "no_such: " in calculated(clerk, parameters="no_such: 1").text


def test_a_trial_by_a_stored_version_and_too_much_for_a_link(sign_in):
    clerk = sign_in("clerk")
    stored = newest_version(scheme="310")
    assert "60.00" in calculated(clerk, rules=f"version-{stored.pk}").text
    long = "\n".join("{" * 20 for _line in range(400))
    response = calculated(clerk, lines=long)
    assert response.redirect_chain == []
    assert "无法生成链接" in response.text
    assert calculated(clerk, lines="\n".join("{" for _line in range(501))).status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("given", [{}, {"compare": "on"}, {"rules": "honghe", "category": "special"}])
def test_a_trial_speaks_the_language_chosen(sign_in, language, given):
    labels = {"label", "button", "h2", "legend", "summary", "th", "dt"}
    response = calculated(sign_in("clerk", language), **given)
    texts = [text for tag, text in texts_of(response) if tag in labels and text not in LANGUAGES]
    assert len(texts) > 20
    assert not [text for text in texts if bool(CHINESE.search(text)) != (language == "zh-hans")]


@pytest.mark.parametrize("address", ["/trial/", "/coverage/"])
def test_strangers_see_neither(client, sign_in, address):
    assert client.get(address).status_code == 302
    assert sign_in("system_administrator").get(address).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_article_is_listed_in_both_languages(sign_in, language):
    client = sign_in("auditor", language)
    for name, articles in coverage().items():
        cells = [text for tag, text in texts_of(client.get(f"/coverage/?city={name}")) if tag == "td"]
        expected = [article.number for article in articles]
        assert [text for text in cells if text.isdigit()] == expected
        if language == "en":
            assert not [text for text in cells if CHINESE.search(text)]
