"""The figures a Prometheus reads."""

import re

import pytest

from office import runs
from office.chunks import post_chunks
from office.models import AccessRecord, Act
from policies.month import Month
from tests.population import approved, insure, member, released

LINE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\S+)')


@pytest.fixture
def scrape(client, settings):
    settings.METRICS_TOKEN = "a-token-of-some-length"

    def scrape() -> dict[str, float]:
        response = client.get("/metrics", headers={"authorization": "Bearer a-token-of-some-length"})
        assert response.status_code == 200
        lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
        matches = [LINE.fullmatch(line) for line in lines]
        assert all(matches), lines
        return {f"{match[1]}{match[2] or ''}": float(match[3]) for match in matches}

    return scrape


def test_without_a_token_in_the_environment_there_is_no_such_page(client, db):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer guess"}, {"authorization": "Bearer é"}])
def test_who_does_not_know_the_token_learns_nothing(client, db, settings, given):
    settings.METRICS_TOKEN = "a-token-of-some-length"
    response = client.get("/metrics", headers=given)
    assert (response.status_code, response.content) == (401, b"")


def test_work_done_and_waiting_is_counted(db, scrape):
    insure(base="5000")
    run = runs.prepare(kind="credit", scheme="310", period=Month(2023, 3), by=member("clerk"), origin="page")
    AccessRecord.objects.create(act=Act.SIGN_IN_FAILED, username="clerk")
    waiting = scrape()
    assert waiting['gongji_runs{kind="credit",state="draft"}'] == 1
    assert waiting['gongji_oldest_waiting_seconds{work="run"}'] > 0
    assert waiting['gongji_oldest_waiting_seconds{work="import"}'] == 0
    assert waiting['gongji_access_total{act="sign_in_failed"}'] == 1
    assert waiting['gongji_part_ok{part="worker"}'] == 0
    run = runs.compute(run.pk)
    released(approved(run))
    assert scrape()["gongji_run_chunks_waiting"] == 1
    post_chunks(run.pk)
    posted = scrape()
    assert posted["gongji_run_chunks_waiting"] == 0
    assert posted['gongji_runs{kind="credit",state="posted"}'] == 1
    assert posted['gongji_last_posting_rows{kind="credit"}'] == 1
    assert posted['gongji_last_posting_seconds{kind="credit"}'] >= 0
    assert posted['gongji_oldest_waiting_seconds{work="run"}'] == 0
    assert posted["gongji_database_size_bytes"] > 1_000_000
    assert len([name for name in posted if name.startswith("gongji_table_size_bytes")]) == 10
