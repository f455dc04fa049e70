"""Acting from the command line: the same functions as the pages call, under the same rules."""

from django.conf import settings
from django.core.management.base import CommandError

from office import approvals
from office.models import Run, RunState, Staff, StepKind
from office.policy import schemes_here
from policies.month import Month


def acting_staff(username: str) -> Staff:
    """The member of staff a command acts as. Raises CommandError where that is not allowed."""
    if not settings.ALLOW_COMMAND_LINE_USERS:
        raise CommandError("Acting as a user is refused here: set ALLOW_COMMAND_LINE_USERS=1 to allow it.")
    staff = Staff.objects.filter(username=username, is_active=True).first()
    if staff is None:
        raise CommandError(f"There is no active user {username}.")
    return staff


def somebody_to_release(run: Run) -> Staff | None:
    """In the demo, where no user is named: one who may release the run; None where nobody has to."""
    step = approvals.next_step(run)
    if run.state != RunState.REVIEWED or step is None or step.kind != StepKind.RELEASE:
        return None
    if not settings.ALLOW_COMMAND_LINE_USERS:
        raise CommandError("The run has to be released by finance, in the portal.")
    return next(iter(approvals.signers(run, step)), None)


def what_is_next(run: Run) -> str:
    """What a run that was just acted upon waits for, and the command that goes on."""
    step = approvals.next_step(run)
    if run.state == RunState.REVIEWED:
        return f"next: post {run.pk}"
    if run.state != RunState.COMPUTED or step is None:
        return ""
    who = " or ".join(staff.username for staff in approvals.signers(run, step)[:3])
    return f"next: {step.kind} by {who or 'somebody with the right to it'}: review {run.pk} --as USER"


def run_numbered(number: int) -> Run:
    run = Run.objects.filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no run {number}.")
    return run


def add_period_arguments(parser) -> None:
    parser.add_argument("--scheme", help="310 or 390; may be left out where the city runs one scheme")
    period = parser.add_mutually_exclusive_group(required=True)
    period.add_argument("--month", help="YYYY-MM")
    period.add_argument("--year", type=int, help="YYYY, for year_end and carry_over (the year that ends)")


def chosen_scheme(scheme: str | None) -> str:
    """The scheme asked for, or the only one there is."""
    here = schemes_here()
    if scheme is None and len(here) == 1:
        return here[0]
    if scheme not in here:
        raise CommandError(f"Choose one of this city's schemes: --scheme {' | '.join(here) or '(none)'}")
    return scheme


def chosen_period(kind_is_yearly: bool, *, month: str | None, year: int | None) -> Month:
    """The run's period from --month or --year, whichever its kind needs."""
    if kind_is_yearly:
        if year is None or not 2000 <= year <= 2100:
            raise CommandError("This kind of run takes --year YYYY.")
        return Month(year, 1)
    if month is None:
        raise CommandError("This kind of run takes --month YYYY-MM.")
    try:
        return Month.parse(month)
    except ValueError as error:
        raise CommandError(str(error)) from None
