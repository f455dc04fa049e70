"""The monthly credit of personal accounts 个账计入 (Heyuan 7, Honghe 15, Shijiazhuang 4, Nanchang 18)."""

from functools import partial

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.credited import demand_not_adjusted, demand_not_credited
from accounts.models import AccountKind
from accounts.month_terms import FUNDED_BY_POOL, of_month
from accounts.posting import CHUNK_SIZE, clear_lines, cut_into_chunks, post_chunk, totals_of
from accounts.reversal import REVERSAL
from accounts.run_lines import lines_page
from accounts.vouchers import account_of
from insured.documents import DOCUMENT
from insured.models import Status
from office.comparison import threshold_of
from office.kinds import Computed, RunKind, Table
from office.models import Dimension, Measure, Run, RunKindName
from office.policy import notices_of, pack_of
from office.refusal import RunRefused
from office.sealing import bound, masked, unseal
from office.statements import execute, statement
from policies.pack import Pack
from policies.values import NotInForce


def compute(run: Run) -> Computed:
    """The lines of a month's credits, and who could not be credited and why.

    A month that a prepayment has credited already is left as it is.
    """
    pack = pack_of(run.policy)
    try:
        table = of_month(pack, run.period)
    except NotInForce:
        raise RunRefused(_("No rules are in force for %(period)s.") % {"period": run.period}) from None
    demand_not_adjusted(run.scheme, [run.period])
    clear_lines(run)
    here = {"scheme": run.scheme, "month": run.period.first_day}
    execute("accounts/open_personal_accounts", statuses=table["statuses"], methods=table["methods"], **here)
    execute(
        "accounts/credit_lines",
        run=run.pk,
        chunk_size=CHUNK_SIZE,
        pool_funded=FUNDED_BY_POOL,
        pool=account_of(None, scheme=run.scheme, kind=AccountKind.POOL).pk,
        contribution=account_of(None, scheme=run.scheme, kind=AccountKind.CONTRIBUTION).pk,
        **table,
        **here,
    )
    watched = threshold_of(RunKindName.CREDIT, Dimension.BASE, Measure.AMOUNT)
    execute(
        "accounts/credit_exceptions",
        run=run.pk,
        base_percent=watched and watched.percent,
        base_least=watched and watched.least,
        **table,
        **here,
    )
    cut_into_chunks(run)
    return Computed(totals=totals_of(run), notices=notices_of(run, section="accounts"))


def credit_roll(run: Run) -> Table:
    """The credit roll 个账计入花名册, one row per person, identity numbers masked; rows are streamed."""
    return Table(
        title=_("Credit roll %(period)s") % {"period": run.period},
        columns={
            _("Person number"): "text",
            pgettext("person", "Name"): "text",
            _("Document number"): "text",
            _("Status"): "text",
            _("Base"): "money",
            _("Credit standard"): "text",
            _("Month"): "text",
            _("Amount"): "money",
            _("County"): "text",
        },
        rows=_roll_rows(run),
    )


def _roll_rows(run: Run):
    labels = {value: str(label) for value, label in Status.choices}
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement("accounts/credit_roll"), {"run": run.pk})
        for number, name, index, sealed, status, base, standard, amount, county in cursor:
            yield (
                number,
                name,
                masked(unseal(sealed, binding=bound(DOCUMENT, index))),
                labels.get(status, status),
                base,
                standard,
                str(run.period),
                amount,
                county,
            )


def has_accounts(pack: Pack) -> bool:
    """Whether the rules open personal accounts for anybody."""
    return any(way.method != "none" for ways in pack.credits.values() for way in ways)


def still_holds(run: Run) -> None:
    """Raises RunRefused when the month was credited or adjusted by another run meanwhile."""
    demand_not_adjusted(run.scheme, [run.period])
    demand_not_credited(run, [run.period])


CREDIT = RunKind(
    name=RunKindName.CREDIT,
    applies=has_accounts,
    still_holds=still_holds,
    may_be_undone=lambda run: demand_not_adjusted(run.scheme, [run.period]),
    compute=compute,
    post_chunk=partial(post_chunk, statement="accounts/post_credits"),
    mirror=REVERSAL,
    export=credit_roll,
    page=lines_page,
)
