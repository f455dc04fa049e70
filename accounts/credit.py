"""The monthly credit of personal accounts 个账计入 (Heyuan 7, Honghe 15, Shijiazhuang 4, Nanchang 18)."""

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import AccountKind
from accounts.posting import CHUNK_SIZE, clear_lines, cut_into_chunks, post_chunk, totals_of
from accounts.reversal import REVERSAL
from accounts.run_lines import lines_page
from accounts.vouchers import account_of
from insured.documents import DOCUMENT
from insured.models import Status
from office.kinds import Computed, RunKind, Table
from office.models import Run, RunKindName
from office.policy import notices_of, pack_of
from office.refusal import RunRefused
from office.sealing import bound, masked, unseal
from office.statements import execute, statement
from policies.credit import CreditTerm, credit_terms
from policies.pack import Pack
from policies.values import NotInForce

# A retiree's credit is a transfer from the pooled fund; everybody else's is their own contribution.
FUNDED_BY_POOL = [Status.RETIRED]


def compute(run: Run) -> Computed:
    """The lines of a month's credits, and who could not be credited and why."""
    pack = pack_of(run.policy)
    try:
        terms = credit_terms(pack, run.period)
    except NotInForce:
        raise RunRefused(_("No rules are in force for %(period)s.") % {"period": run.period}) from None
    clear_lines(run)
    table = _as_arrays(terms)
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
    execute("accounts/credit_exceptions", run=run.pk, **table, **here)
    cut_into_chunks(run)
    return Computed(totals=totals_of(run), notices=notices_of(run, section="accounts"))


def _as_arrays(terms: list[CreditTerm]) -> dict[str, list]:
    """The terms as columns, the form in which a statement takes them."""
    return {
        "statuses": [term.status for term in terms],
        "groups": [term.group for term in terms],
        "methods": [term.method for term in terms],
        "rates": [term.rate for term in terms],
        "amounts": [term.amount for term in terms],
        "parameters": [term.parameter for term in terms],
        "articles": [term.article for term in terms],
    }


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


CREDIT = RunKind(
    name=RunKindName.CREDIT,
    applies=has_accounts,
    compute=compute,
    post_chunk=post_chunk,
    mirror=REVERSAL,
    export=credit_roll,
    page=lines_page,
)
