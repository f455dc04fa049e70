"""Proof of benefit trials on a year that somebody else has settled."""

import hashlib

from django.apps import apps
from django.db import connection

from monitoring.benefit_sums import FEWEST, Sums, read
from monitoring.benefit_trials import ask, work
from monitoring.models import BenefitTrial
from office.policy import newest_version, pack_of
from policies.otherwise import benefit_figures, entries_of
from tests.monitoring.plain_replay import plain_replay, stored

OURS = ("monitoring_benefittrial", "monitoring_benefittrialpart")


def tried(figures: dict, *, scheme: str, year: int, by) -> tuple[BenefitTrial, Sums]:
    """A trial calculated; nothing else that is stored has changed."""
    before = everything_stored()
    trial = ask(name="试算", policy=newest_version(scheme=scheme), year=year, figures=figures, by=by)
    work(trial.pk)
    trial.refresh_from_db()
    assert everything_stored() == before
    assert not trial.parts.exists()
    return trial, read(trial.result)


def everything_stored() -> str:
    """A hash over all rows of all tables but the trials' own."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}):
            if table not in OURS:
                cursor.execute(f'select md5(string_agg(t::text, chr(10) order by t::text)) from "{table}" t')
                digest.update(f"{table} {cursor.fetchone()}".encode())
    return digest.hexdigest()


def lower(value, *, year: int):
    """The figure of a value halved, wherever it stands."""

    def halved(figure):
        if isinstance(figure, dict):
            return {key: halved(each) for key, each in figure.items()}
        return figure / 2

    return halved(entries_of(value, year=year)[-1].figure)


def check_trials(*, scheme: str, year: int, by) -> None:
    """Unchanged comes to what is stored, to the cent; changed to what the plain replay comes to."""
    policy = newest_version(scheme=scheme)
    _trial, same = tried({}, scheme=scheme, year=year, by=by)
    everybody = same.everybody
    assert (same.differing, same.changed, everybody.gained, everybody.lost) == (0, 0, 0, 0)
    assert everybody.before == everybody.after == stored() > 0
    figures = {
        value.name: lower(value, year=year)
        for value in benefit_figures(pack_of(policy), year=year)
        if entries_of(value, year=year)[-1].figure is not None
    }
    trial, sums = tried(figures, scheme=scheme, year=year, by=by)
    before, after = plain_replay(policy.document), plain_replay(trial.document)
    changes = [after[person] - before[person] for person in before]
    everybody = sums.everybody
    assert (everybody.before, everybody.after) == (stored(), sum(after.values()))
    assert everybody.gained == sum(change for change in changes if change > 0)
    assert everybody.lost == -sum(change for change in changes if change < 0) > 0
    assert everybody.gaining == sum(change > 0 for change in changes)
    assert sum(month.after for month in sums.months.values()) == everybody.after
    assert all(group.people >= FEWEST for group in sums.groups.values())
