"""The ledger. Every yuan that moves is one transfer from a debited to a credited account.

`balance` is what an account has been credited less what it has been debited: positive is money the fund
owes (a person, a facility) or holds for a purpose; accounts of assets (bank, advances, receivables) are
therefore negative here and are shown with their sign turned (`Account.shown_balance`).

    credit of an active member     contribution income -> person
    credit of a retiree            pool -> person
    prepayment                     facility advance -> facility payable
    clearing, what is payable      pool -> facility advance
    clearing, what is kept         pool -> facility deposit
    year end, as far as prepaid    pool -> facility advance
    year end, the rest             pool -> facility payable
    deposit given back             facility deposit -> facility payable
    deposit kept for good          facility deposit -> pool
    year end, paid too much        facility advance -> pool
    visits of an agreed statement  pool -> facility payable
    manual reimbursement           pool -> owed to person
    misused, to be recovered       receivable of facility or person -> pool
    spending                       person (own, or who grants family use) -> facility payable
    interest                       interest -> person
    payout                         person -> owed to person
    move to another area           person -> moving; from there: moving -> person
    income of the pooled fund      bank -> pool
    what cannot be taken back      receivable of person or employer -> person

Transfers are never edited or removed, by trigger and by right: a correction is a transfer back that names
the one it reverses. `verify.py` proves every balance from the transfers.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility
from insured.models import Employer, Person, Status
from office.fields import MoneyField, MonthField, first_of_month
from office.models import Scheme


class AccountKind(models.TextChoices):
    POOL = "pool", _("Pooled fund")
    CONTRIBUTION = "contribution", _("Contribution income")
    BANK = "bank", _("Bank")
    PERSON = "person", _("Personal account")
    ADVANCE = "advance", _("Advance to facility")
    PAYABLE = "payable", _("Payable to facility")
    DEPOSIT = "deposit", _("Quality deposit of facility")
    RECEIVABLE = "receivable", _("Recovery receivable")
    OWED = "owed", _("Payable to person")
    INTEREST = "interest", _("Interest of personal accounts")
    PREMIUMS = "premiums", _("Premiums collected")
    MOVING = "moving", _("Money moving between pooling areas")
    LOSSES = "losses", _("Written-off receivables")


ASSETS = (AccountKind.BANK, AccountKind.ADVANCE, AccountKind.RECEIVABLE)
# Of these a scheme has one each.
FUNDS_OWN = ["pool", "contribution", "bank", "interest", "premiums", "moving", "losses"]


class Account(models.Model):
    kind = models.CharField(_("kind"), max_length=12, choices=AccountKind)
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    person = models.ForeignKey(
        Person,
        null=True,
        on_delete=models.PROTECT,
        related_name="accounts",
        verbose_name=_("insured person"),
        db_index=False,
    )
    facility = models.ForeignKey(
        Facility, null=True, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("facility")
    )
    employer = models.ForeignKey(
        Employer, null=True, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("employer")
    )
    balance = MoneyField(_("balance"), default=0, db_default=0)
    opened_on = models.DateField(_("opened on"), auto_now_add=True)
    # Set and taken back by applications alone; nothing moves on a closed account (migration 0021).
    closed_on = models.DateField(_("closed on"), null=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "scheme", "kind"],
                condition=Q(person__isnull=False),
                name="account_of_person_once",
            ),
            models.UniqueConstraint(
                fields=["facility", "scheme", "kind"],
                condition=Q(facility__isnull=False),
                name="account_of_facility_once",
            ),
            models.UniqueConstraint(
                fields=["employer", "scheme", "kind"],
                condition=Q(employer__isnull=False),
                name="account_of_employer_once",
            ),
            models.UniqueConstraint(
                fields=["scheme", "kind"],
                condition=Q(person__isnull=True, facility__isnull=True, employer__isnull=True),
                name="account_of_fund_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind="person") | Q(balance__gte=0), name="account_person_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(kind="person", balance=0),
                name="account_closed_is_empty",
            ),
            models.CheckConstraint(
                condition=~Q(kind="receivable") | Q(balance__lte=0), name="account_receivable_not_overpaid"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["person", "owed"],
                    person__isnull=False,
                    facility__isnull=True,
                    employer__isnull=True,
                )
                | Q(
                    kind__in=["advance", "payable", "deposit"],
                    person__isnull=True,
                    facility__isnull=False,
                    employer__isnull=True,
                )
                | Q(
                    kind__in=FUNDS_OWN,
                    person__isnull=True,
                    facility__isnull=True,
                    employer__isnull=True,
                )
                | Q(kind="receivable", person__isnull=False, facility__isnull=True, employer__isnull=True)
                | Q(kind="receivable", person__isnull=True, facility__isnull=False, employer__isnull=True)
                | Q(kind="receivable", person__isnull=True, facility__isnull=True, employer__isnull=False),
                name="account_owner_of_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=~Q(kind="person"), name="account_not_of_person"),
            models.Index(fields=["person"], condition=Q(closed_on__isnull=False), name="account_closed"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.owner or self.get_scheme_display()}"

    @property
    def owner(self) -> Person | Facility | Employer | None:
        """Whose it is; the fund's own accounts have no owner."""
        return self.person or self.facility or self.employer

    @property
    def is_asset(self) -> bool:
        return self.kind in ASSETS

    @property
    def shown_balance(self):
        """The balance with the sign people expect of the kind."""
        return -self.balance if self.is_asset else self.balance


class TransferKind(models.TextChoices):
    CREDIT = "credit", _("Monthly credit")
    SUPPLEMENT = "supplement", _("Supplementary share")
    ADJUSTMENT = "adjustment", _("Adjustment")
    INTEREST = "interest", _("Yearly interest")
    CLOSING_INTEREST = "closing_interest", _("Interest at closing")
    TRANSFER_IN = "transfer_in", _("Transfer in")
    INHERITANCE = "inheritance", _("Inheritance")
    SPENDING = "spending", _("Spending")
    FAMILY = "family", _("Family use")
    PREMIUM = "premium", _("Premium or contribution")
    REFUND = "refund", _("Refund")
    PAYOUT = "payout", _("Payout")
    TRANSFER_OUT = "transfer_out", _("Transfer out")
    PREPAYMENT = "prepayment", _("Prepayment")
    CLEARING = "clearing", _("Monthly clearing")
    DEPOSIT = "deposit", _("Quality deposit")
    YEAR_END = "year_end", _("Year-end clearing")
    SETTLEMENT = "settlement", _("Visits settled with a facility")
    REIMBURSEMENT = "reimbursement", _("Manual reimbursement")
    RECOVERY = "recovery", _("To be recovered")
    RECOVERED = "recovered", _("Recovered")
    WRITE_OFF = "write_off", _("Written off")
    PAYMENT = "payment", _("Payment by bank")
    CONTRIBUTION = "contribution", _("Contributions received")
    SUBSIDY = "subsidy", _("Government subsidy")
    FUND_INTEREST = "fund_interest", _("Interest of the fund")
    OTHER_INCOME = "other_income", _("Other income of the fund")
    REVERSAL = "reversal", _("Reversal")


class Transfer(models.Model):
    """One movement of `amount` yuan, posted in accounting month `month` for the month `covers`.

    It stands on the run or on the voucher it was posted with.

    The references carry no foreign keys: checked row by row they would more than double the time of a
    month's run. Posting fails for an account that is not there, accounts cannot be deleted, and
    `verify_books` looks again.
    """

    debit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        related_name="debits",
        db_constraint=False,
        db_index=False,
        verbose_name=_("debit"),
    )
    credit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        related_name="credits",
        db_constraint=False,
        db_index=False,
        verbose_name=_("credit"),
    )
    amount = MoneyField(_("amount"))
    kind = models.CharField(_("kind"), max_length=16, choices=TransferKind)
    month = MonthField(_("accounting month"))
    covers = MonthField(_("month covered"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    run_id = models.BigIntegerField(_("run"), null=True)
    chunk = models.PositiveIntegerField(_("chunk"), null=True)
    voucher_id = models.BigIntegerField(_("voucher"), null=True)
    reverses_id = models.BigIntegerField(_("reverses"), null=True)
    created_at = models.DateTimeField(_("posted at"), auto_now_add=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_between_two_accounts"),
            first_of_month("month", "covers", name="transfer_first_of_month"),
            models.CheckConstraint(
                condition=Q(run_id__isnull=False, voucher_id__isnull=True)
                | Q(run_id__isnull=True, voucher_id__isnull=False),
                name="transfer_of_run_or_voucher",
            ),
            # One credit per account and covered month, ever, whichever run posts it: `attempt` counts how
            # often this month of the account was credited before, and a trigger (migration 0012) wants the
            # one before reversed. The month comes first so that a month of a million stays on fresh pages.
            models.UniqueConstraint(
                fields=["covers", "credit", "attempt"],
                condition=Q(kind="credit"),
                name="transfer_credited_once",
            ),
            models.UniqueConstraint(
                fields=["reverses_id"], condition=Q(reverses_id__isnull=False), name="transfer_reversed_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses_id__isnull=False)
                | (~Q(kind="reversal") & Q(reverses_id__isnull=True)),
                name="transfer_reversal_names_its_transfer",
            ),
        ]
        indexes = [
            models.Index(fields=["credit", "id"], condition=~Q(kind="credit"), name="transfer_into_account"),
            models.Index(fields=["debit", "id"], condition=~Q(kind="credit"), name="transfer_out_of_account"),
            models.Index(fields=["id"], condition=~Q(kind="credit"), name="transfer_not_a_credit"),
            models.Index(
                fields=["voucher_id"], condition=Q(voucher_id__isnull=False), name="transfer_of_voucher"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"


class RunLine(models.Model):
    """One transfer a run proposes, with what it was computed from: reviewed, then posted exactly so.

    Kept after posting: the credit roll of a past month shows the status and base that held then,
    whatever became known later. Without foreign keys, for the reason given at Transfer.
    """

    run_id = models.BigIntegerField(_("run"))
    chunk = models.PositiveIntegerField(_("chunk"))
    debit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("debit"),
    )
    credit = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("credit"),
    )
    amount = MoneyField(_("amount"))
    kind = models.CharField(_("kind"), max_length=16, choices=TransferKind)
    covers = MonthField(_("month covered"))
    attempt = models.PositiveSmallIntegerField(_("attempt"), db_default=0)
    reverses_id = models.BigIntegerField(_("reverses"), null=True)
    county_id = models.BigIntegerField(_("county"), null=True)
    status = models.CharField(_("status"), max_length=20, choices=Status, blank=True, db_default="")
    base = MoneyField(_("monthly base"), null=True)
    standard = models.CharField(_("credit standard"), max_length=20, blank=True, db_default="")
    credited = MoneyField(_("credited so far"), null=True)

    class Meta:
        verbose_name = _("run line")
        verbose_name_plural = _("run lines")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="run_line_amount_positive"),
        ]
