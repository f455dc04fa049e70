"""The trial format: what a line may be, what is refused, and what happens to the lines around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policies.__main__ import main
from policies.pack import load_pack
from policies.trial import adjudicate_file, run_trial

GOOD = {
    "id": "1",
    "person": "p",
    "date": "2023-05-10",
    "category": "outpatient",
    "level": "primary",
    "status": "active",
    "selected": True,
    "total": "10.00",
    "eligible": "10.00",
}


def results(*lines, pack="heyuan", parameters=None):
    texts = [line if isinstance(line, str | bytes) else json.dumps(line) for line in lines]
    return list(run_trial(pack=load_pack(pack), visits=texts, parameters=parameters))


def only(line, pack="heyuan"):
    [result] = results(line, pack=pack)
    return result


def test_a_good_line():
    assert only(GOOD) == {
        "id": "1",
        "state": "paid",
        "reason": None,
        "deductible": "0.00",
        "fund": "7.00",
        "person": "3.00",
        "articles": ["5(1)"],
        "steps": [{"article": "5(1)", "rule": "rate", "amount": "7.00"}],
    }


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"{}",
        b'{"id": 5}',
        b'{"id": ""}',
        b'{"id": null}',
        b'{"id": "\xff"}',
        b'{"id": "1", "id": "2"}',
        b'{"total": NaN}',
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)
def test_a_line_without_a_readable_id(line):
    result = only(line)
    assert (result["id"], result["state"]) == (None, "error")
    assert result["deductible"] is result["fund"] is result["person"] is None
    assert result["reason"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red"),
        ("person", None),
        ("person", 5),
        ("person", ""),
        ("date", None),
        ("date", "2023-02-30"),
        ("date", "2023-5-10"),
        ("date", "20230510"),
        ("date", "2023-W19-3"),
        ("date", "0000-01-01"),
        ("date", "2023-05-10T10:00"),
        ("date", "２０２３-05-10"),
        ("date", 20230510),
        ("category", None),
        ("category", "inpatient"),
        ("level", None),
        ("level", "none"),
        ("level", ["primary"]),
        ("status", None),
        ("status", "resident"),
        ("status", "unemployed_paid"),
        ("facility_kind", "other"),
        ("locality", "abroad"),
        ("locality", ""),
        ("birth_date", "1980-02-30"),
        ("birth_date", "2023-05-11"),
        ("selected", "true"),
        ("selected", 1),
        ("referred", 0),
        ("emergency", "no"),
        ("admitted", []),
        ("newborn", {}),
        ("selected_from", "2022-12"),
        ("selected_from", "2023-06"),
        ("selected_from", "2023-13"),
        ("selected_from", "2023-5"),
        ("selected_from", "2023-05-01"),
        ("selected_from", 2023),
        ("gate", "closed"),
        ("gate", ""),
        ("total", 10),
        ("total", 10.0),
        ("total", "10"),
        ("total", "10.0"),
        ("total", "10.000"),
        ("total", "-10.00"),
        ("total", "+10.00"),
        ("total", "1e2"),
        ("total", " 10.00"),
        ("total", "10.00\n"),
        ("total", "10,00"),
        ("total", "1,000.00"),
        ("total", "１０.00"),
        ("total", ""),
        ("total", ".00"),
        ("total", "NaN"),
        ("total", True),
        ("total", "9" * 5000 + ".00"),
        ("eligible", "10.01"),
        ("eligible", "-0.00"),
        ("diagnosis_fee", "10.01"),
        ("consultation_fee", 1),
        ("drug", 7),
        ("disease", ["x"]),
        ("diseases", "x"),
        ("diseases", [1]),
        ("diseases", [None]),
        ("diseases", {"x": 1}),
        ("reverses", 1),
        ("reverses", ""),
        ("reverses", "1"),
    ],
)
def test_a_bad_field_is_an_error_that_names_it(field, value):
    result = only(GOOD | {field: value})
    assert (result["id"], result["state"]) == ("1", "error")
    assert field in result["reason"]
    assert (result["deductible"], result["fund"], result["person"]) == (None, None, None)
    assert (result["articles"], result["steps"]) == ([], [])


def test_two_fees_together():
    assert only(GOOD | {"diagnosis_fee": "5.00", "consultation_fee": "5.00"})["state"] == "paid"
    assert only(GOOD | {"diagnosis_fee": "5.00", "consultation_fee": "5.01"})["state"] == "error"


def test_a_drug_is_asked_for_in_every_pack():
    line = GOOD | {"category": "negotiated_drug"}
    assert only(line)["state"] == "error"
    assert only(line | {"drug": "d"})["reason"] == "category_not_covered"


def test_null_is_absent():
    nulls = dict.fromkeys(
        [
            "facility_kind",
            "locality",
            "birth_date",
            "selected_from",
            "referred",
            "emergency",
            "admitted",
            "newborn",
            "gate",
            "diagnosis_fee",
            "consultation_fee",
            "drug",
            "disease",
            "diseases",
            "reverses",
        ]
    )
    assert only(GOOD | nulls) == only(GOOD)
    assert only(GOOD | {"eligible": None})["fund"] == "0.00"
    free = only(GOOD | {"eligible": None, "total": None})
    assert (free["state"], free["fund"], free["person"]) == ("paid", "0.00", "0.00")


def test_a_station_is_primary_where_no_level_is_asked_for():
    line = {key: GOOD[key] for key in GOOD if key != "level"} | {"birth_date": "1980-01-01"}
    assert only(line, pack="shijiazhuang")["state"] == "paid"
    assert only(line | {"facility_kind": "village_station"}, pack="shijiazhuang")["state"] == "paid"
    assert (
        only(line | {"level": "primary", "facility_kind": "village_station"}, pack="shijiazhuang")["state"]
        == "paid"
    )


def test_blank_lines_have_no_result_and_order_is_kept():
    got = results("", GOOD, "  \n", "x", "\r\n", GOOD | {"id": "2"})
    assert [result["id"] for result in got] == ["1", None, "2"]


def test_a_byte_order_mark_before_the_first_line():
    assert only(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())["state"] == "paid"


def test_an_id_is_free_again_after_an_error_only():
    got = results(
        GOOD | {"total": 1},
        GOOD,
        GOOD,
        GOOD | {"id": "2", "gate": "abroad"},
        GOOD | {"id": "2"},
        {"id": "3", "reverses": "1"},
        GOOD | {"id": "3"},
        GOOD | {"id": "1"},
    )
    assert [result["state"] for result in got] == [
        "error",
        "paid",
        "error",
        "denied",
        "error",
        "reversed",
        "error",
        "error",
    ]


def test_refused_reversals():
    got = results(
        {"id": "0", "reverses": "1"},
        GOOD,
        {"id": "2", "reverses": "1"},
        {"id": "3", "reverses": "1"},
        {"id": "4", "reverses": "2"},
        {"id": "5", "reverses": "5"},
        {"id": "6", "reverses": "1", "colour": "red"},
        {"reverses": "1"},
        GOOD | {"id": "7", "total": 1},
        {"id": "8", "reverses": "7"},
    )
    states = [result["state"] for result in got]
    assert states == ["error", "paid", "reversed", *["error"] * 7]
    assert got[2] | {"reason": None} == {
        "id": "2",
        "state": "reversed",
        "reason": None,
        "deductible": "0.00",
        "fund": "-7.00",
        "person": "-3.00",
        "articles": [],
        "steps": [],
    }


def test_errors_come_before_gates_and_gates_before_held():
    honghe = {key: GOOD[key] for key in GOOD} | {"category": "emergency"}
    assert only(honghe, pack="honghe")["state"] == "held"
    assert only(honghe | {"gate": "abroad"}, pack="honghe")["state"] == "denied"
    assert only(honghe | {"gate": "abroad", "eligible": "11.00"}, pack="honghe")["state"] == "error"
    assert only(honghe | {"date": "2022-12-30"}, pack="honghe")["reason"] == "not_in_force"


def test_a_held_visit_names_the_parameter_and_its_article():
    result = only(GOOD | {"category": "day_surgery"}, pack="honghe")
    assert result["reason"] == "parameter_missing"
    assert result["steps"] == [
        {"article": "14", "rule": name, "amount": None}
        for name in ("inpatient_rate", "inpatient_deductible", "inpatient_limit")
    ]
    assert result["articles"] == ["14"]


def command(tmp_path, lines: bytes, *more, pack="heyuan"):
    """The command's exit status and the file of its results."""
    source, target = tmp_path / "visits.jsonl", tmp_path / "results.jsonl"
    source.write_bytes(lines)
    arguments = [pack, "--input", source, "--output", target, *more]
    return main([str(argument) for argument in arguments]), target


def test_the_command_writes_one_result_per_line(tmp_path, capsys):
    odd = json.dumps(GOOD | {"id": "\ud800"}).encode()
    lines = [json.dumps(GOOD | {"id": "甲"}, ensure_ascii=False).encode(), b"", b"\xff", odd]
    status, target = command(tmp_path, b"\n".join(lines))
    assert (status, capsys.readouterr()) == (0, ("", ""))
    got = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert [result["id"] for result in got] == ["甲", None, "\ud800"]


def test_the_command_runs_as_a_module(tmp_path):
    (tmp_path / "visits.jsonl").write_text(json.dumps(GOOD), encoding="utf-8")
    files = ["--input", tmp_path / "visits.jsonl", "--output", tmp_path / "results.jsonl"]
    subprocess.run(
        [sys.executable, "-m", "policies", "heyuan", *files], cwd=Path(__file__).parents[2], check=True
    )
    assert json.loads((tmp_path / "results.jsonl").read_bytes())["fund"] == "7.00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour: 5", "colour"),
        ("chronic_terms: 5", "chronic_terms"),
        ("annual_limit: '1900'", "annual_limit"),
        ("annual_limit: -1", "annual_limit"),
        ("annual_limit: 1.005", "annual_limit"),
        ("annual_limit: true", "annual_limit"),
        ("annual_limit: .inf", "annual_limit"),
        ("annual_limit: ", "annual_limit"),
        ("annual_limit: {2023-13: 5}", "annual_limit"),
        ("annual_limit: {2023-01: 5, primary: 5}", "annual_limit"),
        ("annual_limit: {2023-01: {2023-01: 5}}", "annual_limit"),
        ("inpatient_rate: {active: {primary: 101}}", "inpatient_rate.active.primary"),
        ("inpatient_rate: {active: 90}", "inpatient_rate.active"),
        ("inpatient_rate: {primary: 90}", "inpatient_rate"),
        ("inpatient_rate: {flexible: {primary: 90}}", "inpatient_rate"),
        ("inpatient_deductible: {primary: }", "inpatient_deductible.primary"),
        ("retired_monthly_credit: {worker: 5}", "retired_monthly_credit"),
        ("deposit_return_scale: 5", "deposit_return_scale"),
        ("deposit_return_scale: [{from: 90}]", "deposit_return_scale[0].share"),
        ("- 5", "parameters"),
        ("a: [", "parameters"),
        ("annual_limit: 5\nannual_limit: 6", "annual_limit"),
    ],
)
def test_a_bad_parameters_file_stops_the_command(tmp_path, capsys, text, message):
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(text, encoding="utf-8")
    status, target = command(tmp_path, b"", "--parameters", parameters)
    assert status == 1
    assert message in capsys.readouterr().err
    assert not target.exists()


def test_an_unknown_pack_or_missing_file_stops_the_command(tmp_path, capsys):
    assert command(tmp_path, b"", pack="atlantis")[0] == 1
    assert "atlantis" in capsys.readouterr().err
    assert command(tmp_path, b"", "--parameters", tmp_path / "none.yaml")[0] == 1
    assert "none.yaml" in capsys.readouterr().err


def test_the_results_never_overwrite_the_visits(tmp_path):
    visits = tmp_path / "visits.jsonl"
    visits.write_text(json.dumps(GOOD), encoding="utf-8")
    with pytest.raises(ValueError, match="overwrite"):
        adjudicate_file(pack="heyuan", source=visits, target=tmp_path / "." / "visits.jsonl")
    assert visits.read_text(encoding="utf-8") == json.dumps(GOOD)


def test_every_known_name_is_known_in_every_pack(tmp_path):
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(
        """
inpatient_rate: {active: {primary: 90, secondary: 85, tertiary: 80}, retired: {primary: 92.5}}
inpatient_deductible: {primary: 200.00}
inpatient_limit: {2023-01: 60000.00}
annual_limit: {2023-01: 1900.00}
quota_rate: {2023-01: 330.00}
basic_annual_limit: 100000
combined_annual_limit: 1e5
retired_monthly_credit: {2023-01: {enterprise: 60.5, institution: 90}}
retired_credit_rate: 3.8
deposit_return_scale: [{from: 90, share: 100}, {from: 80, share: 50}]
""",
        encoding="utf-8",
    )
    for pack in ("heyuan", "honghe", "nanchang", "shaoguan", "shijiazhuang"):
        assert command(tmp_path, b"", "--parameters", parameters, pack=pack)[0] == 0


def test_a_pack_by_path(tmp_path):
    path = Path(__file__).parents[2] / "policies" / "packs" / "heyuan.yaml"
    assert command(tmp_path, json.dumps(GOOD).encode(), pack=path)[0] == 0
