"""Credits at once 一次性计入: months prepaid, back-paid or with a supplementary share, posted together.

Which of these there are is for the rules to say (Shijiazhuang 6 and 7, Nanchang 21); elsewhere what is paid
late becomes an adjustment. Each month is credited by its own rules, and the month's run finds it done.
"""

from django.utils.translation import gettext as _

from accounts import proposals
from accounts.credited import adjusted_by, demand_lines_not_adjusted, demand_not_credited
from accounts.models import LumpCredit, RunLine, TransferKind
from accounts.month_terms import FUNDED_BY_POOL, of_months
from accounts.posting import post_chunk
from accounts.reversal import compute as compute_reversal
from accounts.reversal import post as post_reversal
from accounts.run_lines import lines_page
from office.kinds import Computed, RunKind
from office.models import PolicyState, PolicyVersion, Run, RunChunk, RunKindName
from office.policy import pack_of
from office.refusal import RunRefused
from office.statements import execute, fetch


def waiting(scheme: str):
    """The months that wait to be credited."""
    return LumpCredit.objects.filter(scheme=scheme, credited_by=None, withdrawn_because="")


def compute(run: Run) -> Computed:
    """A line for every month that waits, or the reason why it cannot be credited."""
    months = waiting(run.scheme).values_list("covers", flat=True).distinct()
    asked = {
        "scheme": run.scheme,
        "kinds": list(pack_of(run.policy).at_once),
        "pool_funded": FUNDED_BY_POOL,
        "adjusted_by": adjusted_by(run.scheme),
        **of_months(run.scheme, months),
    }
    return proposals.compute(run, "accounts/proposed_lumps", asked)


def still_holds(run: Run) -> None:
    """Raises RunRefused when the rules, what waits or what is credited have changed since it was computed."""
    approved = PolicyVersion.objects.filter(scheme=run.scheme, state=PolicyState.APPROVED)
    if approved.filter(approved_at__gt=run.computed_at).exists():
        raise RunRefused(_("The rules were changed since %(run)s was computed: send it back.") % {"run": run})
    if fetch("accounts/lump_waiting", run=run.pk) != [(run.rows,)]:
        raise RunRefused(_changed(run))
    demand_lines_not_adjusted(run)
    months = RunLine.objects.filter(run_id=run.pk, kind=TransferKind.CREDIT).values_list("covers", flat=True)
    demand_not_credited(run, months.distinct())


def _changed(run: Run) -> str:
    return _("What waits to be credited has changed since %(run)s was computed: send it back.") % {"run": run}


def post(run: Run, chunk: RunChunk) -> str:
    """Post a chunk and mark its months as credited; both or neither."""
    digest = post_chunk(run, chunk)
    lines = {"run": run.pk, "first_line": chunk.first_line, "last_line": chunk.last_line}
    if execute("accounts/lump_credited", **lines) != chunk.rows:
        raise RunRefused(_changed(run))
    return digest


def post_back(run: Run, chunk: RunChunk) -> str:
    """Give a chunk back; its months wait again."""
    digest = post_reversal(run, chunk)
    lines = {"run": run.pk, "first_line": chunk.first_line, "last_line": chunk.last_line}
    execute("accounts/lump_given_back", reversed=run.reverses_id, **lines)
    return digest


GIVEN_BACK = RunKind(
    name=RunKindName.REVERSAL, compute=compute_reversal, post_chunk=post_back, page=lines_page
)
LUMP_CREDIT = RunKind(
    name=RunKindName.LUMP_CREDIT,
    applies=lambda pack: bool(pack.at_once),
    still_holds=still_holds,
    may_be_undone=demand_lines_not_adjusted,
    compute=compute,
    post_chunk=post,
    mirror=GIVEN_BACK,
    page=lines_page,
)
