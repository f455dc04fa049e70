"""The demo's months are lived through by the portal's own acts, and its books are right afterwards."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.verify import verify_books
from monitoring import fund
from monitoring.models import Alert, BenefitTrial, Fund, FundBudget
from office.models import Run
from office.policy import schemes_here
from policies.month import Month
from settlement.models import PaymentOrder, VisitOutcome

pytestmark = pytest.mark.django_db


def test_the_demo_has_months_of_work_behind_it(tmp_path):
    settings_root, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "uploads"
    try:
        call_command("load_demo", "--people", "400", "--months", "3")
    finally:
        settings.MEDIA_ROOT = settings_root
    this_month = Month.of(timezone.localdate())
    credits = Run.objects.filter(kind="credit", state="posted").order_by("period")
    assert [run.period for run in credits] == [this_month - back for back in (3, 2, 1)]
    assert Run.objects.filter(kind="prepayment", state="posted").exists()
    assert set(VisitOutcome.objects.values_list("state", flat=True)) >= {"paid", "denied"}
    assert PaymentOrder.objects.filter(state="in_transit").exists()
    assert {"open", "accepted"} <= set(Alert.objects.values_list("state", flat=True))
    assert BenefitTrial.objects.filter(state="done").exists()
    assert FundBudget.objects.exists()
    for scheme in schemes_here():
        for each in Fund:
            assert fund.difference(fund=each, scheme=scheme) == 0
            found = fund.amounts_of(fund=each, scheme=scheme, year=(this_month - 1).year)
            assert found and {one.kind for one in found if one.line is None} == set()
    assert [finding.wrong for finding in verify_books() if finding.wrong] == []
