"""Benefit trials: asked for on a page, calculated part by part by as many workers as there are.

A part is claimed by whoever comes first; its sums and nothing else are written. A killed worker's part is
simply calculated by another, and nothing is calculated once a trial is cancelled.
"""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.benefit_replay import Rules, replay
from monitoring.benefit_sums import read, told
from monitoring.models import BenefitTrial, BenefitTrialPart, TrialState
from office.acting import acting
from office.failures import in_words, passes_by_itself
from office.models import Origin, PolicyVersion, Staff
from office.policy import pack_of, sha256_of
from office.runs import take_memory
from office.scope import may_in_whole_city
from policies.otherwise import with_figures
from policies.pack import parse_pack
from settlement.models import Visit
from settlement.visits import uncollected

logger = logging.getLogger(__name__)
PART_PEOPLE = 20_000  # some seconds of work


class TrialRefused(Exception):
    """What was asked of a trial cannot be done; the text says why, for the person who asked."""


@transaction.atomic
def ask(*, name: str, policy: PolicyVersion, year: int, figures: dict[str, Any], by: Staff) -> BenefitTrial:
    """Note that somebody wants the year's visits settled under the version with these figures instead.

    Raises TrialRefused without a visit or without the right, PackError for figures the rules cannot hold.
    """
    if not may_in_whole_city(by, "monitoring.add_benefittrial"):
        raise TrialRefused(_("Benefits are tried out for the whole city, by those who work for all of it."))
    people = Visit.objects.filter(scheme=policy.scheme).aggregate(
        first=Min("person_id"), last=Max("person_id")
    )
    if people["first"] is None:
        raise TrialRefused(_("There are no visits to be settled again."))
    pack = pack_of(policy)
    document = with_figures(
        policy.document, pack, figures, year=year, source=name, by=str(by), on=timezone.localdate()
    )
    parse_pack(document)
    trial = BenefitTrial.objects.create(
        name=name,
        scheme=policy.scheme,
        year=year,
        policy=policy,
        document=document,
        changes=list(figures),
        asked_by=by,
    )
    BenefitTrialPart.objects.bulk_create(
        BenefitTrialPart(trial=trial, first=first, after=first + PART_PEOPLE)
        for first in range(people["first"], people["last"] + 1, PART_PEOPLE)
    )
    return trial


def work(trial_id: int) -> None:
    """Calculate every part nobody else has in hand; may be called by several workers at once, and again."""
    trial = BenefitTrial.objects.select_related("asked_by").get(pk=trial_id)
    tried = PolicyVersion(document=trial.document, sha256=sha256_of(trial.document))
    rules = Rules(tried, scheme=trial.scheme)
    try:
        while _work_next(trial, rules):
            pass
        _finish_when_complete(trial)
    except Exception as error:
        if passes_by_itself(error):
            raise  # the sweeper asks again
        logger.exception("benefit trial %s", trial_id)
        _finish(trial, TrialState.FAILED, error=in_words(error)[:500])


def _work_next(trial: BenefitTrial, rules: Rules) -> bool:
    with _acting(trial), uncollected():
        take_memory()
        part = (
            BenefitTrialPart.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(trial=trial, trial__state=TrialState.WORKING, result__isnull=True)
            .order_by("first")
            .first()
        )
        if part is None:
            return False
        rules.forget_cases()
        sums = replay(scheme=trial.scheme, year=trial.year, first=part.first, after=part.after, rules=rules)
        part.result = sums.stored()
        part.save(update_fields=["result"])
    return True


def _finish_when_complete(trial: BenefitTrial) -> None:
    with _acting(trial):
        locked = BenefitTrial.objects.select_for_update().filter(pk=trial.pk, state=TrialState.WORKING)
        if not locked.exists() or trial.parts.filter(result__isnull=True).exists():
            return
        sums = told(read(result) for result in trial.parts.values_list("result", flat=True))
        _finish(trial, TrialState.DONE, result=sums.stored())


def _finish(trial: BenefitTrial, state: TrialState, **told_of_it) -> bool:
    """Whether it was still being calculated; its parts, which say more of people than the whole, are gone."""
    with transaction.atomic():
        working = BenefitTrial.objects.filter(pk=trial.pk, state=TrialState.WORKING)
        done = working.update(state=state, finished_at=timezone.now(), **told_of_it)
        if done:
            BenefitTrialPart.objects.filter(trial=trial).delete()
    return bool(done)


def cancel(trial: BenefitTrial) -> None:
    """Have no further part calculated; raises TrialRefused when it is finished already."""
    if not _finish(trial, TrialState.CANCELLED):
        raise TrialRefused(_("It is finished already."))


def _acting(trial: BenefitTrial):
    return acting(
        staff=trial.asked_by,
        origin=Origin.PAGE,
        because=f"benefit trial {trial.pk}",
        role=settings.JOBS_ROLE,
    )
