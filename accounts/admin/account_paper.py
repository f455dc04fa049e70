"""The account statement 个人账户对账单 on paper: a year of one person's account."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.accounts import AccountAdmin
from accounts.models import Account, AccountKind
from accounts.statement import statement_of, statement_table
from office.kinds import Table
from office.papers import Paper, PaperKind
from office.sealing import masked


def account_statement(account: Account, part: str) -> Paper:
    """The statement of the year `part`, or of the last one in which anything moved."""
    if part and not (len(part) == 4 and part.isascii() and part.isdigit()):
        raise ValidationError(_("Enter a year as four digits."))
    told = statement_of(account, int(part) if part else None)
    person, table = account.person, statement_table(told)
    sums = [
        (label, str(kind.label), amount)
        for label, by_kind in ((_("Income"), told.income), (_("Expense"), told.expense))
        for kind, amount in by_kind.items()
    ]
    return Paper(
        title=table.title,
        number=f"{person.person_number or account.pk}-{account.scheme}-{told.year}",
        about=account.get_scheme_display(),
        facts={
            _("Insured person"): person.name,
            _("Person number"): person.person_number,
            _("Document number"): masked(person.document_number),
            _("Year"): str(told.year),
            _("Opening balance"): told.opening,
            _("Income"): told.came,
            _("Expense"): told.went,
            _("Closing balance"): told.closing,
        },
        tables=[
            Table(
                title=_("Income and expenditure"),
                columns={_("Side"): "text", _("Kind"): "text", _("Amount (yuan)"): "money"},
                rows=sums,
            ),
            Table(title=_("Entries"), columns=table.columns, rows=table.rows),
        ],
        amount=told.closing,
        seals=[_("Seal of the agency")],
    )


ACCOUNT_STATEMENT = PaperKind(
    name="statement",
    label=gettext_lazy("Account statement"),
    paper=account_statement,
    open_to=lambda account: account.kind == AccountKind.PERSON,
    part_label=gettext_lazy("Year of the statements; empty for the last one"),
)

AccountAdmin.papers = (ACCOUNT_STATEMENT,)
