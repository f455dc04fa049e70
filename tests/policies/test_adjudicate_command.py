"""`manage.py adjudicate` as a stranger would call it: no settings, no database, files in and out."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
VISIT = {
    "id": "1",
    "person": "p",
    "date": "2023-03-01",
    "category": "outpatient",
    "level": "primary",
    "status": "active",
    "total": "200.00",
    "eligible": "200.00",
}


LINE = json.dumps(VISIT)


def adjudicate(folder, *arguments, lines=(LINE,)):
    visits, results = folder / "visits.jsonl", folder / "results.jsonl"
    visits.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "manage.py", "adjudicate", *arguments, "--input", visits, "--output", results],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    return done, [json.loads(line) for line in found]


def test_visits_are_settled_and_bad_lines_do_not_stop_the_others(tmp_path):
    done, results = adjudicate(tmp_path, "honghe", lines=["{", LINE, "", LINE])
    assert (done.returncode, done.stderr) == (0, "")
    assert [(result["state"], result["fund"]) for result in results] == [
        ("error", None),
        ("paid", "102.00"),
        ("error", None),
    ]


def test_what_cannot_be_used_stops_it_with_a_message(tmp_path):
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text("no_such_figure: 1", encoding="utf-8")
    for arguments, message in (
        (["nowhere"], "nowhere"),
        ([str(parameters)], "in_force"),
        (["honghe", "--parameters", str(parameters)], "no_such_figure"),
    ):
        done, results = adjudicate(tmp_path, *arguments)
        assert done.returncode != 0 and message in done.stderr, arguments
        assert results == []
