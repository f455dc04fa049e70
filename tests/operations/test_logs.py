"""What the logs say of a page and a task, and that nobody's numbers are in them."""

import io
import json
import logging

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from office import tasks
from office.models import Staff
from operations.logs import JsonFormatter, LineFormatter, masked
from tests.population import identity_card, insure, member


@pytest.fixture
def lines():
    """Reads what was logged meanwhile, as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "number",
    [
        "44160219800101001X", "44160219800101001x", "441602198001010011", "441602800101001",
        "13800138000", "138 0013 8000", "138-0013-8000", "6222021234567890123", "6222 0212 3456 7890 123",
        "４４１６０２１９８００１０１００１１", "810000199001010011",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "身份证{}号", "'{}'", "id={}&x=1", "/person/{}/", "P{}", "\n{}\n"])
def test_nobodys_number_is_logged(number, around):
    for record in (
        logging.makeLogRecord({"msg": around.format(number)}),
        logging.makeLogRecord({"msg": "refused: %s", "args": (around.format(number),)}),
        logging.makeLogRecord({"msg": "failed", "exc_info": raised(around.format(number))}),
    ):
        for formatter in (JsonFormatter(), LineFormatter()):
            line = formatter.format(record)
            assert number not in line
            assert "[number]" in line


def raised(text: str) -> tuple:
    """An exception with a cause, both naming somebody."""
    try:
        try:
            raise KeyError(text)
        except KeyError as cause:
            raise ValueError(text) from cause
    except ValueError as error:
        return type(error), error, error.__traceback__


@pytest.mark.parametrize("harmless", ["run 12", "2026-11-22 16:17:33,123", "441600", "2023-03", "1234567.89"])
def test_what_is_no_ones_number_stays_readable(harmless):
    assert masked(harmless) == harmless


def test_a_row_that_the_database_refuses_is_not_repeated(db, lines):
    member("clerk")
    Staff.objects.update(display_name="王小明")
    try:
        with transaction.atomic():
            Staff.objects.update(username=None)
    except IntegrityError as error:
        assert "王小明" in str(error)
        logging.getLogger("test").exception("refused: %s", error)
    assert "[withheld]" in str(lines())
    assert "王小明" not in str(lines())


def test_a_page_is_logged_by_its_route(db, lines):
    person, clerk = insure(), member("clerk")
    client = Client()
    client.force_login(clerk)
    response = client.get(f"/insured/person/{person.pk}/change/?q={identity_card(7)}&name=王小明")
    [line] = [line for line in lines() if line["logger"] == "gongji.page"]
    assert line["route"] == "insured/person/<path:object_id>/change/"
    assert (line["status"], line["staff"], line["record"]) == (200, clerk.pk, person.pk)
    assert line["request"] == response.headers["X-Request-ID"]
    assert line["seconds"] > 0
    assert "王小明" not in str(lines())
    assert identity_card(7) not in str(lines())


def test_the_number_of_a_request_is_the_proxys_only_behind_one(db, client, settings):
    given = {"X-Request-ID": "from-the-proxy-1"}
    assert client.get("/nothing/", headers=given).headers["X-Request-ID"] != "from-the-proxy-1"
    settings.BEHIND_PROXY = True
    assert client.get("/nothing/", headers=given).headers["X-Request-ID"] == "from-the-proxy-1"
    forged = client.get("/nothing/", headers={"X-Request-ID": '"} forged'}).headers["X-Request-ID"]
    assert len(forged) == 32


def test_a_task_is_logged_with_the_run_it_works_on(db, lines):
    tasks.compute_run.apply([4711])
    started, ended = [line for line in lines() if line["logger"] == "gongji.task"]
    assert (started["task"], started["run"]) == ("office.tasks.compute_run", 4711)
    assert (ended["task"], ended["run"], ended["state"]) == ("office.tasks.compute_run", 4711, "FAILURE")
    assert started["request"] == ended["request"] != ""
