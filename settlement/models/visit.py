"""Visits 就诊, and what became of each when it was settled 结算.

A visit is what a facility reported, and stays as it was entered; a refund is a visit of its own, of negative
amounts, that names the one it takes back. Settling one writes its outcome: the facts found, what the fund,
the accounts and the person pay, the person's counters of the year before it and what it added to them. From
these the adjudicator tells every step again (`settlement/explaining.py`); the steps themselves are not kept.

Visits are settled in batches (a file, an entry by hand, a refund, held ones again, a receipt of a claim). A
batch is no run: there are many in a month, nobody computes it ahead of posting, and what it moves stands on
vouchers.

Amounts are whole 分 in four bytes. The tables carry no foreign keys to people and facilities, for the reason
given at `accounts.Transfer`, and are not partitioned: every list goes by an index that ends in the time.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.models import Facility
from insured.models import Person, Status
from office.fields import FenField, NumbersField
from office.models import ImportFile, Origin, Scheme, Staff


class VisitBatchKind(models.TextChoices):
    FILE = "file", _("Visit file")
    ENTRY = "entry", _("Entered by hand")
    REFUND = "refund", _("Refund")
    HELD = "held", _("Held visits again")
    CLAIM = "claim", _("Manual reimbursement")


class VisitBatch(models.Model):
    """Visits of one scheme that are settled together, by as many workers as there are."""

    kind = models.CharField(_("kind"), max_length=6, choices=VisitBatchKind)
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    import_file = models.ForeignKey(
        ImportFile, null=True, on_delete=models.PROTECT, related_name="visit_batches", verbose_name=_("file")
    )
    takes_back = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="taken_back_by",
        verbose_name=_("takes back"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("entered at"))
    rows = models.IntegerField(_("visits"))
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("batch of visits")
        verbose_name_plural = _("batches of visits")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="refund") | ~Q(reason=""), name="visit_batch_refunds_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(settled_at__isnull=True), name="visit_batch_unsettled"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"


class VisitChunk(models.Model):
    """Some people's visits of a batch, settled in one transaction with their counters and the ledger."""

    batch = models.ForeignKey(VisitBatch, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField(_("chunk"))
    visits = NumbersField()
    rows = models.IntegerField(_("visits"))
    voucher_id = models.BigIntegerField(_("voucher"), null=True)
    totals = models.JSONField(default=dict)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    error = models.TextField(_("error"), blank=True, db_default="")

    class Meta:
        verbose_name = _("chunk of visits")
        verbose_name_plural = _("chunks of visits")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="visit_chunk_number_once")]


class VisitCategory(models.TextChoices):
    """What a facility calls a visit; chronic and special are told apart by the disease on record."""

    OUTPATIENT = "outpatient", _("Ordinary outpatient visit")
    EMERGENCY = "emergency", pgettext_lazy("visit", "Emergency")
    CERTIFIED = "certified", _("Chronic or special disease")
    NEGOTIATED_DRUG = "negotiated_drug", _("Negotiated drug")
    DAY_SURGERY = "day_surgery", _("Day surgery")
    PHARMACY = "pharmacy", _("Pharmacy")


def bare(to, related_name: str, label, **options) -> models.ForeignKey:
    """A reference that the database neither checks nor indexes by itself."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        related_name=related_name,
        verbose_name=label,
        db_constraint=False,
        db_index=False,
        **options,
    )


AMOUNTS = ("total", "full_self_paid", "over_price", "prior_self_paid", "eligible")
FEES = ("diagnosis_fee", "consultation_fee", "examination_fee")


def signed(names, sign: str) -> Q:
    return Q(**{f"{name}__{sign}": 0 for name in names})


class Visit(models.Model):
    """One bill of a facility as it was reported; `row` is its row in the file."""

    batch = bare(VisitBatch, "entered", _("batch"))
    row = models.IntegerField(_("row"), null=True, blank=True)
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    facility = bare(Facility, "visits", _("facility"))
    person = bare(Person, "visits", _("insured person"))
    prescriber = bare(Facility, "prescribed_visits", _("prescribing facility"), null=True, blank=True)
    bill = models.CharField(_("bill number"), max_length=40)
    at = models.DateTimeField(_("time of the visit"))
    category = models.CharField(pgettext_lazy("visit", "category"), max_length=16, choices=VisitCategory)
    total = FenField(_("total cost"))
    full_self_paid = FenField(_("fully self-paid"), default=0)
    over_price = FenField(_("above the price limit"), default=0)
    prior_self_paid = FenField(_("first borne by the person"), default=0)
    eligible = FenField(_("eligible"))
    diagnosis_fee = FenField(_("diagnosis fee"), default=0)
    consultation_fee = FenField(_("general consultation fee"), default=0)
    examination_fee = FenField(_("examination fee"), default=0)
    disease = models.CharField(_("disease treated"), max_length=40, blank=True)
    drug = models.CharField(_("drug code"), max_length=40, blank=True)
    referred = models.BooleanField(_("referred, by the facility's word"), default=False)
    emergency = models.BooleanField(pgettext_lazy("visit", "emergency"), default=False)
    admitted = models.BooleanField(_("admitted afterwards"), default=False)
    gate = models.CharField(_("not payable because"), max_length=24, blank=True)
    asked = FenField(_("account payment reported"), null=True, blank=True)
    resembles = models.BooleanField(_("possibly a duplicate"), default=False)
    reverses = bare("self", "refunds", _("takes back"), null=True, blank=True)
    reversed_by = bare("self", "taken_back", _("taken back by"), null=True, blank=True)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        permissions = [("refund_visit", _("Can take visits back"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total=F("full_self_paid") + F("over_price") + F("prior_self_paid") + F("eligible")
                ),
                name="visit_parts_come_to_total",
                violation_error_message=_("The parts do not come to the total."),
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True)
                & signed((*AMOUNTS, *FEES), "gte")
                & Q(eligible__gte=F("diagnosis_fee") + F("consultation_fee"))
                | Q(reverses__isnull=False)
                & signed((*AMOUNTS, *FEES), "lte")
                & Q(eligible__lte=F("diagnosis_fee") + F("consultation_fee")),
                name="visit_negative_when_taking_back",
                violation_error_message=_("Diagnosis and consultation fee are part of the eligible amount."),
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | Q(reversed_by__isnull=True),
                name="visit_taking_back_stays",
            ),
            models.CheckConstraint(
                condition=~Q(category="negotiated_drug") | ~Q(drug=""),
                name="visit_negotiated_drug_named",
                violation_error_message=_("Name the negotiated drug."),
            ),
            # By the bill first: somebody who has it in hand finds it without knowing the facility.
            models.UniqueConstraint(
                fields=["bill", "facility"],
                condition=Q(reversed_by__isnull=True),
                name="visit_bill_once",
                violation_error_message=_("The facility's bill is entered already."),
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="visit_taken_back_once"
            ),
        ]
        indexes = [
            models.Index(fields=["at", "id"], name="visit_by_time"),
            models.Index(fields=["person", "at"], name="visit_of_person"),
            models.Index(fields=["facility", "at"], name="visit_of_facility"),
            models.Index(fields=["at"], condition=Q(resembles=True), name="visit_resembling"),
            models.Index(
                fields=["bill", "facility"],
                condition=Q(reversed_by__isnull=False),
                name="visit_taken_back_bill",
            ),
        ]

    def __str__(self):
        return self.bill


class VisitState(models.TextChoices):
    PAID = "paid", pgettext_lazy("visit", "Settled")
    DENIED = "denied", pgettext_lazy("visit", "Not paid")
    HELD = "held", pgettext_lazy("visit", "On hold")
    REVERSED = "reversed", pgettext_lazy("visit", "Taken back")


class VisitOutcome(models.Model):
    """What became of a visit; only of one on hold it is ever written anew.

    found: what bars it by the records, before the pack's own gates. before, delta: the person's counters of
    the year in 分. moves: how many transfers of the chunk's voucher are its own, from first_move on.
    """

    visit = models.OneToOneField(
        Visit, primary_key=True, on_delete=models.DO_NOTHING, related_name="outcome", db_constraint=False
    )
    chunk = bare(VisitChunk, "outcomes", _("chunk"))
    policy_id = models.BigIntegerField(_("policy version"))
    state = models.CharField(_("state"), max_length=8, choices=VisitState)
    reason = models.CharField(_("reason"), max_length=24, blank=True)
    category = models.CharField(_("settled as"), max_length=16)
    level = models.CharField(_("level"), max_length=10, blank=True)
    station = models.BooleanField(_("village station"))
    locality = models.CharField(_("place"), max_length=8)
    status = models.CharField(_("insured as"), max_length=20, choices=Status, blank=True)
    selected = models.BooleanField(_("selected facility"))
    selected_month = models.SmallIntegerField(_("selected since"), null=True)
    referred = models.BooleanField(_("referral on record"))
    newborn = models.BooleanField(_("newborn"))
    birth_date = models.DateField(_("birth date"), null=True)
    diseases = models.CharField(_("diseases on record"), max_length=400, blank=True)
    found = models.CharField(max_length=200, blank=True)
    total = FenField(_("total cost"), null=True)
    deductible = FenField(_("deductible"), null=True)
    fund = FenField(_("fund pays"), null=True)
    over_limit = FenField(_("cut off by limits"), null=True)
    account = FenField(_("own account"), null=True)
    family_account = FenField(_("relative's account"), null=True)
    cash = FenField(_("cash"), null=True)
    before = models.JSONField(default=dict)
    delta = models.JSONField(default=dict)
    first_move = models.IntegerField(null=True)
    moves = models.SmallIntegerField(default=0)

    class Meta:
        verbose_name = _("outcome of a visit")
        verbose_name_plural = _("outcomes of visits")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(state="held", total__isnull=True, fund__isnull=True, moves=0)
                | ~Q(state="held") & Q(total=F("fund") + F("account") + F("family_account") + F("cash")),
                name="visit_outcome_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state="held")
                | Q(state="reversed", fund__lte=0, account__lte=0, family_account__lte=0, cash__lte=0)
                | Q(
                    state__in=["paid", "denied"],
                    fund__gte=0,
                    account__gte=0,
                    family_account__gte=0,
                    cash__gte=0,
                ),
                name="visit_outcome_signs",
            ),
            models.CheckConstraint(condition=~Q(state="denied") | Q(fund=0), name="visit_outcome_denied"),
        ]
        indexes = [
            models.Index(fields=["visit"], condition=Q(state="held"), name="visit_outcome_held"),
        ]


class Accumulator(models.Model):
    """What somebody used of deductibles and limits in a year (reading 2): counters in 分, as the pack names
    them. Held while their visits are settled, in the order of people: no limit is ever spent twice."""

    person = bare(Person, "accumulators", _("insured person"))
    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    year = models.SmallIntegerField(_("year"))
    used = models.JSONField(_("used"), default=dict)

    class Meta:
        verbose_name = _("limits used")
        verbose_name_plural = _("limits used")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person", "year", "scheme"], name="accumulator_once"),
        ]
