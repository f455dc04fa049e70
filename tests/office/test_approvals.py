"""Who approves a run, in which order, what makes it void: refused by the portal and by PostgreSQL."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.models import Transfer
from office import approvals, runs, versions
from office.acting import acting
from office.chunks import post_chunks
from office.models import ApprovalChain, Delegation, Run, RunApproval, RunState, Staff
from policies.month import Month
from tests.population import approved, insure, member, posted, released

MARCH = Month(2023, 3)
ROLES = ("clerk", "reviewer", "auditor", "finance_accountant")


@pytest.fixture
def office(db) -> dict[str, Staff]:
    insure()
    return {role: member(role) for role in ROLES}


def computed(by: Staff | None, *, kind: str = "credit", period: Month = MARCH) -> Run:
    return runs.compute(runs.prepare(kind=kind, scheme="310", period=period, by=by, origin="page").pk)


def chain(*steps: str, kind: str = "credit") -> None:
    ApprovalChain.objects.filter(kind=kind).update(steps=list(steps))


def sign_by_hand(run: Run, person: Staff, *, number: int, step: str, on_behalf_of: Staff | None = None):
    """As somebody at the database would: past everything the portal checks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into office_runapproval"
            " (run_id, computation, number, step, person_id, on_behalf_of_id, at, hash)"
            " select id, computation, %s, %s, %s, %s, now(), office_approval_hash(run)"
            " from office_run run where id = %s",
            [number, step, person.pk, on_behalf_of and on_behalf_of.pk, run.pk],
        )


def set_state(run: Run, state: str) -> None:
    """With all that a run in that state has to have, so that only its approvals can be missing."""
    reviewed_by = Staff.objects.exclude(pk=run.prepared_by_id).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "update office_run set state = %s, reviewed_by_id = %s, booked_in = period where id = %s",
            [state, reviewed_by.pk, run.pk],
        )


def refused_by_database(act, *given, **named) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        act(*given, **named)


def delegate(principal: Staff, to: Staff, *, first: int = 0, last: int = 0) -> Delegation:
    """From so many days after today to so many days after it."""
    today = timezone.localdate()
    return Delegation.objects.create(
        principal=principal,
        delegate=to,
        first_day=today + timedelta(first),
        last_day=today + timedelta(last),
        reason="leave",
        made_by=principal,
    )


def grant(staff: Staff, permission: str) -> Staff:
    staff.user_permissions.add(Permission.objects.get(codename=permission))
    return Staff.objects.get(pk=staff.pk)


@pytest.mark.parametrize("role", [settings.PAGES_ROLE, settings.JOBS_ROLE])
def test_the_database_refuses_a_preparer_who_approves(office, role):
    clerk = grant(office["clerk"], "review_run")
    run = computed(clerk)
    with acting(staff=clerk, origin="page", role=role):
        refused_by_database(sign_by_hand, run, clerk, number=1, step="review")
        refused_by_database(set_state, run, "reviewed")
        refused_by_database(set_state, run, "posting")
        # Not under another preparer's name either: who had it prepared is on record, and the record stays.
        Run.objects.filter(pk=run.pk).update(prepared_by=None)
        refused_by_database(sign_by_hand, run, clerk, number=1, step="review")
        refused_by_database(Run.objects.get(pk=run.pk).events.all().delete)


def test_one_person_with_two_sign_ins_is_one_person(office):
    """Before its roles were told apart, say: exclusive roles are refused too, on their own account."""
    preparer, second = grant(member("reviewer", "first"), "prepare_run"), member("reviewer", "second")
    Staff.objects.filter(pk=second.pk).update(person_key=preparer.person_key)
    run = computed(preparer)
    with pytest.raises(runs.RunRefused):
        runs.approve(run, by=second, origin="page")
    refused_by_database(sign_by_hand, run, second, number=1, step="review")


def test_two_sign_ins_found_to_be_one_person_void_what_they_signed(office):
    run = approved(computed(office["clerk"]))
    approvals.sign(run, by=office["finance_accountant"])
    signer = Staff.objects.filter(pk=run.approvals.earliest("pk").person_id)
    own_key = signer.get().person_key
    signer.update(person_key=office["clerk"].person_key)
    refused_by_database(set_state, run, "posting")
    signer.update(person_key=own_key)
    set_state(run, "posting")


@pytest.mark.parametrize("acting_as", ["clerk", None])
def test_a_page_signs_in_the_name_of_who_asked_only(office, acting_as):
    run = computed(office["clerk"])
    with acting(staff=office.get(acting_as), origin="page", role=settings.PAGES_ROLE):
        refused_by_database(sign_by_hand, run, office["reviewer"], number=1, step="review")
    with acting(staff=office["reviewer"], origin="page", role=settings.PAGES_ROLE):
        sign_by_hand(run, office["reviewer"], number=1, step="review")


def test_one_person_signs_one_step(office):
    chain("review", "release")
    reviewer = grant(office["reviewer"], "release_run")
    run = computed(office["clerk"])
    runs.approve(run, by=reviewer, origin="page")
    with pytest.raises(runs.RunRefused):
        runs.start_posting(run, by=reviewer, origin="page")
    refused_by_database(sign_by_hand, run, reviewer, number=2, step="release")
    refused_by_database(set_state, run, "posting")


def test_whoever_has_a_run_computed_again_prepared_it_too(office):
    reviewer = grant(office["reviewer"], "prepare_run")
    run = computed(office["clerk"])
    runs.send_back(run, by=office["reviewer"], origin="page", reason="one base is missing")
    runs.compute_again(run, by=reviewer, origin="page")
    with pytest.raises(runs.RunRefused):
        runs.approve(runs.compute(run.pk), by=reviewer, origin="page")


def test_steps_are_signed_in_order(office):
    chain("review", "audit", "release")
    run = computed(office["clerk"])
    with pytest.raises(runs.RunRefused):
        runs.approve(run, by=office["auditor"], origin="page")
    refused_by_database(sign_by_hand, run, office["auditor"], number=2, step="audit")
    refused_by_database(sign_by_hand, run, office["finance_accountant"], number=1, step="release")
    runs.approve(run, by=office["reviewer"], origin="page")
    assert run.state == RunState.COMPUTED
    with pytest.raises(runs.RunRefused):
        runs.start_posting(run, by=office["finance_accountant"], origin="page")
    refused_by_database(set_state, run, "reviewed")
    runs.approve(run, by=office["auditor"], origin="page")
    assert (run.state, run.reviewed_by) == (RunState.REVIEWED, office["auditor"])
    runs.start_posting(run, by=office["finance_accountant"], origin="page")
    assert run.state == RunState.POSTING


def test_nobody_signs_without_the_right_to_it(office):
    run = computed(office["clerk"])
    elsewhere = member("reviewer", "elsewhere", counties=("441602",))
    for person in (office["auditor"], elsewhere):
        with pytest.raises(runs.RunRefused):
            runs.approve(run, by=person, origin="page")
        refused_by_database(sign_by_hand, run, person, number=1, step="review")


def test_signatures_are_only_ever_written(office):
    run = approved(computed(office["clerk"]))
    for statement in (
        "update office_runapproval set hash = 'x'",
        "delete from office_runapproval",
        "truncate office_runapproval",
        "delete from office_runevent",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert run.approvals.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        "update office_run set amount = amount + 1",
        """update office_run set totals = '{"county": []}'""",
        """update office_run set notices = '[{"article": "9"}]'""",
        "update office_run set prepared_by_id = null",
        "update office_runchunk set digest = repeat('0', 64)",
        "update office_runchunk set last_line = last_line + 1",
        "insert into office_runexception (run_id, code, detail, article)"
        " select id, 'no_base', '', '' from office_run",
    ],
)
def test_what_changed_after_it_was_approved_is_not_posted(office, change):
    run = approved(computed(office["clerk"]))
    with connection.cursor() as cursor:
        cursor.execute(change)
    with pytest.raises(runs.RunRefused), transaction.atomic():
        released(run)
    refused_by_database(set_state, run, "posting")
    runs.send_back(run, by=office["reviewer"], origin="page", reason="changed")
    posted(runs.compute(run.pk))
    assert Transfer.objects.count() == 1


def test_other_rules_make_an_approval_void(office):
    """Newly approved rules for the month stop the run; moving it to them by hand voids its signatures."""
    run = approved(computed(office["clerk"]))
    officer = member("policy_officer")
    version = versions.enter_figure(
        scheme="310",
        value="retired_monthly_credit",
        first_month=MARCH,
        article="7(3)",
        figure=Decimal("105.00"),
        source="notice",
        by=officer,
    )
    versions.submit(version, by=officer)
    versions.approve(version, by=office["reviewer"])
    with pytest.raises(runs.RunRefused, match=r"computed again|重新"), transaction.atomic():
        released(run)
    Run.objects.filter(pk=run.pk).update(policy=version)
    refused_by_database(set_state, run, "posting")


def test_a_signature_does_not_outlive_a_second_computation(office):
    """The same figures again are not what was approved: it was sent back meanwhile, for whatever reason."""
    run = approved(computed(office["clerk"]))
    runs.send_back(run, by=office["finance_accountant"], origin="page", reason="look again")
    assert (run.state, run.reviewed_by) == (RunState.DRAFT, None)
    again = runs.compute(run.pk)
    assert (again.input_hash, approvals.next_step(again).number) == (run.input_hash, 1)
    refused_by_database(set_state, again, "reviewed")
    assert again.approvals.count() == 1  # still on record
    posted(again)


def test_a_run_cannot_be_moved_past_its_chain(office):
    run = computed(office["clerk"])
    for state in ("posting", "posted", "reversed"):
        refused_by_database(set_state, run, state)
    refused_by_database(Run.objects.filter(pk=run.pk).update, chain=["review"])
    done = posted(run)
    refused_by_database(set_state, done, "reversed")
    given_up = computed(office["clerk"], period=MARCH + 1)
    runs.cancel(given_up, by=office["clerk"], origin="page", reason="not needed")
    refused_by_database(set_state, given_up, "draft")


def test_a_run_is_computed_under_the_chain_of_its_kind_only(office):
    run = computed(office["clerk"])
    runs.send_back(run, by=office["reviewer"], origin="page", reason="look again")
    again = Run.objects.filter(pk=run.pk)
    computed_as = {"state": RunState.COMPUTED, "computation": run.computation + 1}
    refused_by_database(again.update, **computed_as, chain=["review"])
    again.update(**computed_as)


def test_an_outdated_page_signs_nothing(office):
    run = computed(office["clerk"])
    seen = approvals.seen_of(run)
    runs.send_back(run, by=office["reviewer"], origin="page", reason="look again")
    runs.compute(run.pk)
    with pytest.raises(runs.RunRefused):
        runs.approve(run, by=office["reviewer"], origin="page", seen=seen)
    assert not RunApproval.objects.exists()


def test_a_page_from_before_somebody_signed_signs_no_further_step(office):
    chain("review", "review", "release")
    run, other = computed(office["clerk"]), member("reviewer", "other")
    seen = approvals.seen_of(run)
    runs.approve(run, by=other, origin="page", seen=seen)
    with pytest.raises(runs.RunRefused):
        runs.approve(run, by=office["reviewer"], origin="page", seen=seen)
    runs.approve(run, by=office["reviewer"], origin="page", seen=approvals.seen_of(run))
    assert run.state == RunState.REVIEWED


def test_a_run_under_way_keeps_its_chain(office):
    run = computed(office["clerk"])
    chain("review", "audit", "release")
    runs.approve(run, by=office["reviewer"], origin="page")
    assert run.state == RunState.REVIEWED
    runs.send_back(run, by=office["reviewer"], origin="page", reason="look again")
    again = runs.compute(run.pk)
    assert again.chain == ["review", "audit", "release"]
    runs.approve(again, by=office["reviewer"], origin="page")
    assert again.state == RunState.COMPUTED


@pytest.mark.parametrize("steps", [[], ["release"], ["release", "review"], ["review", "nonsense"]])
def test_a_chain_makes_sense(office, steps):
    refused_by_database(chain, *steps)


def test_without_a_chain_nothing_is_computed(office):
    ApprovalChain.objects.all().delete()
    with pytest.raises(runs.RunRefused):
        computed(office["clerk"])
    approvals.load_chains()
    posted(computed(None, period=MARCH + 1))


@pytest.mark.parametrize(
    ("first", "last", "counts"), [(1, 2, False), (-1, 1, True), (0, 0, True), (-2, -1, False)]
)
def test_a_delegation_counts_in_its_days(office, first, last, counts):
    chain("audit", "release")
    delegate(office["auditor"], office["reviewer"], first=first, last=last)
    run = computed(office["clerk"])
    if not counts:
        with pytest.raises(runs.RunRefused):
            runs.approve(run, by=office["reviewer"], origin="page")
        for whose in (None, office["auditor"]):
            refused_by_database(
                sign_by_hand, run, office["reviewer"], number=1, step="audit", on_behalf_of=whose
            )
        return
    runs.approve(run, by=office["reviewer"], origin="page")
    signed, event = run.approvals.get(), run.events.last()
    assert (signed.person, signed.on_behalf_of) == (office["reviewer"], office["auditor"])
    assert (event.actor, event.on_behalf_of, event.step) == (office["reviewer"], office["auditor"], "audit")


def test_a_revoked_delegation_counts_no_longer_and_is_not_revived(office):
    given = delegate(office["reviewer"], office["auditor"], last=5)
    given.revoked_at, given.revoked_by = timezone.now(), office["reviewer"]
    given.save()
    with pytest.raises(runs.RunRefused):
        runs.approve(computed(office["clerk"]), by=office["auditor"], origin="page")
    same = Delegation.objects.filter(pk=given.pk)
    refused_by_database(same.update, revoked_at=None)
    refused_by_database(same.update, last_day=given.last_day + timedelta(30))
    refused_by_database(same.delete)


def test_what_the_delegate_or_the_principal_prepared_is_signed_by_neither(office):
    delegate(office["reviewer"], office["clerk"])
    own = computed(office["clerk"])
    with pytest.raises(runs.RunRefused):
        runs.approve(own, by=office["clerk"], origin="page")
    refused_by_database(
        sign_by_hand, own, office["clerk"], number=1, step="review", on_behalf_of=office["reviewer"]
    )
    delegate(office["reviewer"], office["auditor"])
    of_principal = computed(grant(office["reviewer"], "prepare_run"), period=MARCH + 1)
    with pytest.raises(runs.RunRefused):
        runs.approve(of_principal, by=office["auditor"], origin="page")
    refused_by_database(
        sign_by_hand,
        of_principal,
        office["auditor"],
        number=1,
        step="review",
        on_behalf_of=office["reviewer"],
    )


def test_a_delegate_is_not_two_steps_and_neither_is_the_principal(office):
    chain("review", "audit", "release")
    delegate(office["reviewer"], office["auditor"])
    delegate(office["auditor"], office["reviewer"])
    run = computed(office["clerk"])
    runs.approve(run, by=office["auditor"], origin="page")  # for the reviewer
    for person in (office["auditor"], office["reviewer"]):
        with pytest.raises(runs.RunRefused):
            runs.approve(run, by=person, origin="page")
    refused_by_database(sign_by_hand, run, office["auditor"], number=2, step="audit")
    refused_by_database(
        sign_by_hand, run, office["reviewer"], number=2, step="audit", on_behalf_of=office["auditor"]
    )
    refused_by_database(sign_by_hand, run, grant(office["reviewer"], "audit_run"), number=2, step="audit")


def test_the_right_of_somebody_who_left_is_nobodys(office):
    delegate(office["reviewer"], office["auditor"])
    Staff.objects.filter(pk=office["reviewer"].pk).update(is_active=False)
    run = computed(office["clerk"])
    with pytest.raises(runs.RunRefused):
        runs.approve(run, by=office["auditor"], origin="page")
    refused_by_database(
        sign_by_hand, run, office["auditor"], number=1, step="review", on_behalf_of=office["reviewer"]
    )


def test_a_reversal_is_approved_by_others_before_it_is_posted(office):
    run = posted(computed(office["clerk"]))
    reversal = runs.reverse(run, by=office["reviewer"], origin="page", reason="wrong base")
    assert (reversal.state, reversal.events.first().reason) == (RunState.COMPUTED, "wrong base")
    refused_by_database(set_state, reversal, "posting")
    runs.approve(reversal, by=office["auditor"], origin="page")
    runs.start_posting(reversal, by=office["finance_accountant"], origin="page")
    post_chunks(reversal.pk)
    run.refresh_from_db()
    assert run.state == RunState.REVERSED


@pytest.mark.parametrize("end", ["cancel", "send_back"])
def test_a_reversal_that_ends_frees_its_run(office, end):
    run = posted(computed(office["clerk"]))
    reversal = runs.reverse(run, by=office["reviewer"], origin="page", reason="wrong base")
    with pytest.raises(runs.RunRefused, match=f"#{reversal.pk}"), transaction.atomic():
        runs.reverse(run, by=office["reviewer"], origin="page", reason="again")
    by = {"cancel": office["reviewer"], "send_back": office["auditor"]}[end]
    getattr(runs, end)(reversal, by=by, origin="page", reason="the base was right")
    assert reversal.state == RunState.CANCELLED
    posted(runs.reverse(run, by=office["reviewer"], origin="page", reason="wrong after all"))
    run.refresh_from_db()
    assert run.state == RunState.REVERSED


@pytest.mark.usefixtures("committed")
def test_of_two_who_sign_a_step_at_once_one_does():
    insure()
    clerk = member("clerk")
    reviewers = [member("reviewer", f"reviewer{number}") for number in range(8)]
    chain("review", "review", "release")
    run = computed(clerk)
    seen, outcomes, start = approvals.seen_of(run), [], threading.Barrier(len(reviewers))

    def sign(reviewer):
        try:
            start.wait()
            runs.approve(Run.objects.get(pk=run.pk), by=reviewer, origin="page", seen=seen)
            outcomes.append("signed")
        except runs.RunRefused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sign, args=[reviewer]) for reviewer in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain("review", "release")
    assert sorted(outcomes) == ["refused"] * 7 + ["signed"]
    assert [signed.number for signed in RunApproval.objects.all()] == [1]
