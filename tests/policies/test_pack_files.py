"""Packs as files: what loads, what is refused and where the message points, what holds when."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal

import pytest

from policies.month import Month
from policies.node import PackError
from policies.pack import FOLDER, available_packs, load_pack, pack_for_city, parse_pack
from policies.parameters import with_parameters
from policies.values import MissingParameter, NotInForce
from policies.yamltext import read_yaml

CITIES = {
    "heyuan": ("441600", "310", 7),
    "honghe": ("532500", "310", 14),
    "nanchang": ("360100", "310", 10),
    "shaoguan": ("440200", "390", 11),
    "shijiazhuang": ("130100", "310", 23),
}


def test_the_five_packs():
    assert available_packs() == sorted(CITIES)


@pytest.mark.parametrize("name", CITIES)
def test_a_pack_and_its_city(name):
    code, scheme, counties = CITIES[name]
    pack = pack_for_city(code)
    assert (pack.name, pack.scheme, len(pack.counties)) == (name, scheme, counties)
    assert f"{code[:4]}99" in {county.code for county in pack.counties}
    assert pack_for_city(code, scheme).name == name


def test_no_such_city():
    with pytest.raises(LookupError):
        pack_for_city("110000")
    with pytest.raises(LookupError):
        pack_for_city("441600", "390")


@pytest.mark.parametrize("name", CITIES)
def test_text_and_mapping_are_the_same_path(name):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    packs = (
        load_pack(name),
        load_pack(FOLDER / f"{name}.yaml"),
        parse_pack(text),
        parse_pack(read_yaml(text)),
    )
    assert len({repr(pack) for pack in packs}) == 1


@pytest.mark.parametrize("name", CITIES)
def test_whatever_is_overlooked_is_refused(name):
    """Every mapping of every pack refuses a key that nobody knows; rows of tables are keys as well."""
    data = read_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))

    def mappings(node, path):
        if isinstance(node, dict):
            yield path
            for key, inner in node.items():
                yield from mappings(inner, (*path, key))
        if isinstance(node, list):
            for index, inner in enumerate(node):
                yield from mappings(inner, (*path, index))

    for path in mappings(data, ()):
        changed = copy.deepcopy(data)
        target = changed
        for key in path:
            target = target[key]
        if "uremia" in target or "psychosis" in target:  # codes of diseases are free
            continue
        target["colour"] = "red"
        with pytest.raises(PackError, match="colour"):
            parse_pack(changed)


def entry(**changes):
    return {"from": "2022-08", "article": "12(2)", "value": 80} | changes


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("scheme",), "320", "scheme"),
        (("scheme",), 310, "scheme"),
        (("city", "code"), "44160", "city.code"),
        (("counties", 1, "code"), "441699", "counties"),
        (("counties", 1, "code"), "360102", "counties"),
        (("in_force", "from"), "2022-13", "in_force.from"),
        (("in_force", "until"), "2022-07", "in_force.until"),
        (("benefits",), None, "benefits: missing"),
        (("accounts",), None, "accounts: missing"),
        (("accounts", "credits", "resident"), None, "accounts.credits.resident: missing"),
        (("accounts", "credits", "active", "value"), "visit_limit", "accounts.credits.active.value"),
        (("accounts", "credits", "active", "method"), "double", "accounts.credits.active.method"),
        (("accounts", "credits", "active"), [], "accounts.credits.active: empty"),
        (("gates", "articles", "abroad"), None, "gates.articles.abroad: missing"),
        (("gates", "lifted_by_emergency"), ["not_in_force"], "nothing lifts"),
        (("gates", "lifted_by_emergency"), ["weather"], "weather"),
        (("capitation", "values", "prepay_share"), None, "capitation.values.prepay_share: missing"),
        (("capitation", "terms", "sharing"), "half", "capitation.terms.sharing"),
        (("capitation", "values", "usage_threshold", "unit"), None, "unit: missing"),
        (("capitation", "values", "usage_threshold", "unit"), "dollar", "dollar"),
        (("capitation", "values", "usage_threshold", "values"), [], "values: empty"),
        (
            ("capitation", "values", "usage_threshold", "values"),
            [entry(article=None)],
            "[0].article: missing",
        ),
        (("capitation", "values", "usage_threshold", "values"), [entry(article=12)], "wrong kind"),
        (("capitation", "values", "usage_threshold", "values"), [entry(value=None)], "wants one of"),
        (("capitation", "values", "usage_threshold", "values"), [entry(required=True)], "wants one of"),
        (("capitation", "values", "usage_threshold", "values"), [entry(value="80")], "not a number"),
        (("capitation", "values", "usage_threshold", "values"), [entry(value=True)], "not a number"),
        (("capitation", "values", "usage_threshold", "values"), [entry(value=101)], "percentage"),
        (("capitation", "values", "usage_threshold", "values"), [entry(**{"from": "2022-09"})], "gap"),
        (("capitation", "values", "usage_threshold", "values"), [entry(**{"from": "2022-07"})], "overlap"),
        (("capitation", "values", "usage_threshold", "values"), [entry(until="2023-12")], "gap"),
        (
            ("capitation", "values", "usage_threshold", "values"),
            [entry(until="2023-11"), entry(**{"from": "2024-01"})],
            "gap",
        ),
        (
            ("capitation", "values", "usage_threshold", "values"),
            [entry(until="2024-01"), entry(**{"from": "2024-01"})],
            "overlap",
        ),
        (
            ("capitation", "values", "usage_threshold", "values"),
            [entry(), entry(**{"from": "2022-08"})],
            "overlap",
        ),
        (("capitation", "values", "quota_rate", "values", 0, "value"), Decimal("0.005"), "two decimals"),
        (("capitation", "values", "quota_rate", "values", 0, "value"), -1, "zero or more"),
        (("capitation", "values", "annual_limit"), {"unit": "yuan"}, "values"),
        (
            ("benefits", "values", "outpatient_rate", "values", 0, "value", "active"),
            {"primary": 70, "secondary": 60},
            "value.active: no figure for level tertiary",
        ),
        (
            ("benefits", "values", "outpatient_rate", "values", 0, "value"),
            {"active": {"primary": 70, "secondary": 60, "tertiary": 55}},
            "value: no figure for status retired",
        ),
        (("benefits", "values", "visit_limit", "values", 0, "value"), 60, "table by level"),
        (("benefits", "categories", "outpatient"), None, "outpatient: missing"),
        (("benefits", "categories", "outpatient", "lines"), [], "either lines or awaits"),
        (("benefits", "categories", "outpatient", "lines", 0, "rate"), "rates", "no value is named"),
        (("benefits", "categories", "outpatient", "lines", 0, "rate"), "visit_limit", "not in percent"),
        (("benefits", "categories", "outpatient", "lines", 0, "limits", 0, "kind"), "monthly", "kind"),
        (
            ("benefits", "categories", "outpatient", "lines", 0, "deductible"),
            {"kind": "annual", "value": "annual_limit", "counter": "annual"},
            "both of a deductible and of a limit",
        ),
        (
            ("benefits", "categories", "outpatient", "lines", 0, "deductible"),
            {"kind": "per_visit", "value": "annual_limit", "share": "1/7"},
            "twelfths",
        ),
        (
            ("benefits", "categories", "outpatient", "lines", 0, "beyond"),
            {"rate": "outpatient_rate", "limits": []},
            "none per visit",
        ),
        (("management", "values", "settlement_mode", "values", 0, "value"), "barter", "barter"),
        (("benefits", "categories", "dentist"), {"article": "5", "lines": []}, "dentist"),
        (
            ("management", "values", "visit_limit"),
            {"unit": "yuan", "values": [entry()]},
            "benefits has this name",
        ),
    ],
)
def test_a_fault_in_a_pack_is_named_with_its_path(path, value, message):
    data = read_yaml((FOLDER / "heyuan.yaml").read_text(encoding="utf-8"))
    target = data
    for key in path[:-1]:
        target = target[key]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    with pytest.raises(PackError) as raised:
        parse_pack(data)
    assert message in str(raised.value)


def test_a_limit_that_overflows_is_never_optional():
    data = read_yaml((FOLDER / "honghe.yaml").read_text(encoding="utf-8"))
    optional = {"from": "2022-12-31", "article": "9.3", "optional": True}
    data["benefits"]["values"]["outpatient_limit"]["values"] = [optional]
    with pytest.raises(PackError, match="cannot be optional"):
        parse_pack(data)


def test_text_that_is_no_pack():
    for text in ("", "- 1", "a: [", "a: 1\na: 2", "name: !!python/object:os.system x"):
        with pytest.raises(PackError):
            parse_pack(text)


def test_values_by_day_and_month():
    pack = load_pack("heyuan")
    assert pack.value("annual_limit", date(2022, 8, 1)) == Decimal("1800.00")
    assert pack.value("retired_monthly_credit", Month(2024, 12)) == Decimal("102.79")
    with pytest.raises(MissingParameter) as raised:
        pack.value("retired_monthly_credit", Month(2025, 1))
    assert (raised.value.name, raised.value.article) == ("retired_monthly_credit", "7(3)")
    with pytest.raises(NotInForce):
        pack.value("annual_limit", Month(2022, 7))
    with pytest.raises(KeyError):
        pack.value("colour", Month(2022, 8))
    assert load_pack("shijiazhuang").value("basic_annual_limit", Month(2022, 1)) is None
    with pytest.raises(NotInForce):
        load_pack("shaoguan").value("funding", date(2028, 1, 1))


def test_a_month_is_in_force_by_its_first_day():
    pack = load_pack("honghe")
    assert pack.in_force(date(2022, 12, 31))
    with pytest.raises(NotInForce):
        pack.value("credit_rate", Month(2022, 12))
    assert pack.value("credit_rate", Month(2023, 1)) == 2


def test_notices_stand_until_a_new_figure_is_entered():
    pack = load_pack("heyuan")
    assert pack.notices("benefits", Month(2022, 12)) == []
    [notice] = pack.notices("benefits", Month(2023, 1))
    assert (notice.name, notice.article) == ("annual_limit", "5(2)")
    assert notice.text.zh and notice.text.en
    assert pack.notices("annual_limit", Month(2024, 6)) == [notice]
    [quota] = pack.notices("capitation", Month(2023, 1))
    assert (quota.name, quota.article) == ("quota_rate", "12")
    assert pack.notices("accounts", Month(2023, 1)) == []
    newer = with_parameters(pack, {"annual_limit": {"2023-03": Decimal("1900.00")}})
    assert newer.notices("benefits", Month(2023, 2)) == [notice]
    assert newer.notices("benefits", Month(2023, 3)) == []
    assert newer.notices("capitation", Month(2023, 3)) == [quota]


def test_periods_change_with_the_figures():
    pack = with_parameters(load_pack("heyuan"), {"annual_limit": {"2023-03": Decimal("1900.00")}})
    assert pack.period(date(2023, 2, 28)) == pack.period(date(2022, 8, 1))
    assert pack.period(date(2023, 2, 28)) != pack.period(date(2023, 3, 1))


def test_parameters_of_years_before_the_pack():
    given = {"inpatient_limit": {"2020-01": 100, "2021-01": 200, "2024-01": 300}}
    pack = with_parameters(load_pack("honghe"), given)
    assert pack.value("inpatient_limit", date(2022, 12, 31)) == 200
    assert pack.value("inpatient_limit", date(2023, 12, 31)) == 200
    assert pack.value("inpatient_limit", date(2024, 1, 1)) == 300
    assert load_pack("honghe").entry("inpatient_limit", date(2024, 1, 1)).figure is None


def test_parameters_of_years_after_the_pack_never_apply():
    scale = [{"from": 90, "share": 100}]
    pack = with_parameters(load_pack("shaoguan"), {"deposit_return_scale": {"2028-01": scale}})
    with pytest.raises(MissingParameter):
        pack.value("deposit_return_scale", Month(2027, 12))
