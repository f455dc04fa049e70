"""What was done to people's records, step by step: each change with the rows as they were and as they became.

Only ever added to; undoing a change adds another (`insured/recording.py`).
"""

import json

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.fields import MonthField, first_of_month


class ExactNumbers(json.JSONDecoder):
    """Amounts as the text they are written in: a float would not be the same."""

    def __init__(self, **options):
        super().__init__(**options | {"parse_float": str})


class PersonChangeKind(models.TextChoices):
    RETIRED = "retired", pgettext_lazy("change", "Retired")
    RETURNED = "returned", _("Back at work")
    SUSPENDED = "suspended", _("Insurance suspended")
    RESUMED = "resumed", _("Insurance resumed")
    CHANGED = "changed", _("Terms changed")
    DIED = "died", _("Died")
    EMIGRATED = "emigrated", _("Emigrated")
    CONSCRIPTED = "conscripted", _("Conscripted")
    MOVED_OUT = "moved_out", _("Moved out of the province")
    MOVED_INSIDE = "moved_inside", _("Moved inside the province")
    ENDED = "ended", _("Ended for another reason")
    MERGED = "merged", _("Another record merged into this one")
    UNDONE = "undone", _("Change undone")


ENDINGS = (
    PersonChangeKind.DIED,
    PersonChangeKind.EMIGRATED,
    PersonChangeKind.CONSCRIPTED,
    PersonChangeKind.MOVED_OUT,
    PersonChangeKind.MOVED_INSIDE,
    PersonChangeKind.ENDED,
)


class PersonChange(models.Model):
    """`before` and `after` hold the rows touched, by table and number, as the database writes them.

    `first_month` is the first month that came out differently, `day` the day of an ending.
    """

    person = models.ForeignKey(
        "insured.Person",
        on_delete=models.PROTECT,
        related_name="changes",
        verbose_name=_("insured person"),
        db_index=False,
    )
    kind = models.CharField(_("kind"), max_length=12, choices=PersonChangeKind)
    first_month = MonthField(_("from month"), null=True)
    day = models.DateField(_("day"), null=True)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    import_id = models.BigIntegerField(_("import"), null=True)
    undoes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="undone", verbose_name=_("undoes")
    )
    before = models.JSONField(decoder=ExactNumbers)
    after = models.JSONField(decoder=ExactNumbers)

    class Meta:
        verbose_name = _("change of a person's record")
        verbose_name_plural = _("changes of people's records")
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "id"], name="change_of_person")]
        constraints = [
            first_of_month("first_month", name="person_change_first_of_month"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ENDINGS, day__isnull=False)
                | (~models.Q(kind__in=ENDINGS) & models.Q(day__isnull=True)),
                name="person_change_ending_has_its_day",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="undone", undoes__isnull=False)
                | (~models.Q(kind="undone") & models.Q(undoes__isnull=True)),
                name="person_change_undone_names_what",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.day or self.first_month or ''}".strip()
