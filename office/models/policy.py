"""The rules as numbered versions: each a text, approved by a second person, and what happened to it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from office.fields import MonthField, first_of_month
from office.models.agency import Scheme, Staff


class PolicyState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Awaiting approval")
    APPROVED = "approved", pgettext_lazy("policy version", "Approved")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PolicyVersion(models.Model):
    """The rules of a scheme as one numbered text: version 1 is the shipped pack.

    Every later version says which one it builds on and from which month it holds. One person enters it,
    another approves it; approved, it can no longer be changed (by trigger), and has one successor at most.
    """

    scheme = models.CharField(_("scheme"), max_length=3, choices=Scheme)
    number = models.PositiveSmallIntegerField(_("version"))
    pack = models.CharField(_("pack"), max_length=50)
    document = models.TextField(_("document"), help_text=_("The pack as YAML, as it was read."))
    sha256 = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=PolicyState, default=PolicyState.DRAFT)
    base = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="successors",
        verbose_name=_("builds on"),
    )
    effective = MonthField(
        _("holds from"),
        null=True,
        help_text=_("Earlier months keep the version before."),
    )
    created_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    approved_by = models.ForeignKey(
        Staff, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("approved by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["scheme", "-number"]
        permissions = [("approve_policyversion", _("Can approve policy versions"))]
        constraints = [
            models.UniqueConstraint(fields=["scheme", "number"], name="policy_version_number_once"),
            models.UniqueConstraint(
                fields=["scheme"], condition=Q(base__isnull=True), name="policy_version_one_first"
            ),
            models.UniqueConstraint(
                fields=["base"], condition=Q(state="approved"), name="policy_version_one_successor"
            ),
            models.UniqueConstraint(
                fields=["scheme"],
                condition=Q(state__in=["draft", "submitted"]),
                name="policy_version_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(base__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="policy_version_is_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(created_by__isnull=True)
                | ~Q(approved_by=F("created_by")),
                name="policy_version_approver_is_not_author",
            ),
            models.CheckConstraint(
                condition=Q(base__isnull=True, effective__isnull=True)
                | Q(base__isnull=False, effective__isnull=False),
                name="policy_version_later_ones_say_from_when",
            ),
            first_of_month("effective", name="policy_version_first_of_month"),
        ]

    def __str__(self):
        return gettext("%(scheme)s rules, version %(number)s") % {
            "scheme": self.get_scheme_display(),
            "number": self.number,
        }


class PolicyEvent(models.Model):
    """Who did what to a policy version, when and why."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="events", verbose_name=_("policy version")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, verbose_name=_("by"))
    act = models.CharField(_("act"), max_length=20)
    detail = models.TextField(_("detail"), blank=True)

    class Meta:
        verbose_name = _("policy event")
        verbose_name_plural = _("policy events")
        ordering = ["id"]
