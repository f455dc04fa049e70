"""Terms: nothing is paid by default where a pack has no figure, and ages by each of the three rules."""

from __future__ import annotations

from datetime import date

import pytest

from policies.adjudicate import Visit, adjudicate
from policies.pack import FOLDER, load_pack, parse_pack
from policies.terms import Case, TermsBook, age_on, resolve_terms
from policies.yamltext import read_yaml


def pack_data(name):
    return read_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def test_terms_are_resolved_once_per_case_and_period():
    book = TermsBook(load_pack("heyuan"))
    case = book.case(date(2023, 1, 5), category="outpatient", level="primary")
    assert book.terms(date(2023, 1, 5), case) is book.terms(date(2023, 12, 31), case)
    other = book.case(date(2023, 1, 5), category="outpatient", level="secondary")
    assert book.terms(date(2023, 1, 5), other) != book.terms(date(2023, 1, 5), case)


def test_what_a_case_is_when_nothing_is_said():
    plain = Case("outpatient", None, "active", "other", False, None, None, False, None, 0, ())
    assert Case("outpatient") == plain
    facts = {"category": "emergency", "level": None, "disease": "uremia", "diseases": frozenset({"uremia"})}
    assert TermsBook(load_pack("honghe")).case(date(2023, 1, 5), **facts) == plain._replace(
        category="emergency"
    )


def test_a_category_without_lines_of_its_own():
    with pytest.raises(KeyError):
        TermsBook(load_pack("heyuan")).case(date(2023, 1, 5), category="chronic", level="primary")


def test_a_rate_nobody_states_holds_the_visit():
    data = pack_data("honghe")
    special = data["benefits"]["categories"]["special"]["lines"][0]
    special["rate"] = special["rate"][:1]  # only the diseases with a rate of their own
    data["benefits"]["values"]["inpatient_limit"]["values"][0] = {
        "from": "2022-12-31",
        "article": "11",
        "value": 1000,
    }
    pack = parse_pack(data)
    day = date(2023, 1, 5)
    known = resolve_terms(pack, day, Case("special", level="primary", disease="uremia", diseases=1))
    other = resolve_terms(pack, day, Case("special", level="primary", diseases=1))
    assert (known.missing, other.missing) == ((), (("special_rate_of_disease", "11"),))


def test_an_optional_deductible_without_a_figure_is_none():
    data = pack_data("shijiazhuang")
    optional = {"from": "2022-01", "article": "20", "optional": True}
    data["benefits"]["values"]["annual_deductible"]["values"] = [optional]
    terms = resolve_terms(parse_pack(data), date(2023, 1, 5), Case("outpatient", age=30))
    outcome = adjudicate(Visit(100, 100), terms, {})
    assert (outcome.deductible, outcome.fund) == (0, 60)


def test_a_category_that_awaits_its_terms_is_held_even_with_a_value():
    data = pack_data("nanchang")
    data["benefits"]["values"]["chronic_terms"]["values"] = [
        {"from": "2023-01", "article": "16", "value": "as before"}
    ]
    terms = resolve_terms(parse_pack(data), date(2023, 1, 5), Case("chronic", level="primary"))
    outcome = adjudicate(Visit(100, 100), terms, {})
    assert (outcome.state, outcome.missing) == ("held", (("chronic_terms", "16"),))


@pytest.mark.parametrize(
    ("day", "rule", "age"),
    [
        ("2023-06-14", "visit_date", 44),
        ("2023-06-15", "visit_date", 45),
        ("2023-06-15", "01-01", 44),
        ("2024-01-01", "01-01", 45),
        ("2023-01-01", "12-31", 45),
        ("2022-12-31", "12-31", 44),
    ],
)
def test_the_three_rules_of_age(day, rule, age):
    assert age_on(date(1978, 6, 15), date.fromisoformat(day), rule) == age


def test_another_rule_of_age_is_refused():
    with pytest.raises(ValueError, match="visit_date"):
        age_on(date(1978, 6, 15), date(2023, 1, 1), "06-30")


def test_the_pack_chooses_the_rule_of_age():
    data = pack_data("shijiazhuang")
    data["benefits"]["values"]["age_on"]["values"][0]["value"] = "12-31"
    day = date(2023, 1, 5)
    facts = {"category": "outpatient", "level": None, "born": date(1978, 12, 31)}
    assert TermsBook(parse_pack(data)).case(day, **facts).age == 45
    assert TermsBook(load_pack("shijiazhuang")).case(day, **facts).age == 44
