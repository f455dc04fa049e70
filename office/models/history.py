"""What became of every record people edit, as the database's own triggers wrote it down."""

from django.contrib.postgres.indexes import BrinIndex, GistIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from office.fields import NumbersField
from office.models.agency import Origin, Staff


class Operation(models.TextChoices):
    INSERT = "insert", pgettext_lazy("history", "Entered")
    UPDATE = "update", pgettext_lazy("history", "Changed")
    DELETE = "delete", pgettext_lazy("history", "Removed")


class History(models.Model):
    """One change: of one record, or the entry of any number of records by one statement.

    `ids` are the records a statement entered; `record` is the one that was changed or removed, and `changes`
    its columns as {column: [old, new]}. Who, from where and why is what `office/acting.py` told the database;
    `login` is who was signed in to it, the only trace of a change made past the portal.
    Written by triggers only, never changed or removed, by trigger and by right.
    """

    at = models.DateTimeField(_("at"))
    staff = models.ForeignKey(
        Staff,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        verbose_name=pgettext_lazy("history", "who"),
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin)
    address = models.CharField(_("address"), max_length=45)
    because = models.CharField(_("belongs to"), max_length=50)
    login = models.CharField(_("database user"), max_length=63)
    model = models.CharField(_("kind of record"), max_length=50)
    operation = models.CharField(_("act"), max_length=6, choices=Operation)
    record = models.BigIntegerField(_("number"), null=True)
    ids = NumbersField(_("numbers"), null=True)
    changes = models.JSONField(_("what changed"), null=True)
    # Whose snapshots see it: null where it was written before this was kept.
    transaction = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("change of a record")
        verbose_name_plural = _("changes of records")
        ordering = ["-id"]
        default_permissions = ["view", "export"]
        indexes = [
            models.Index(
                fields=["model", "record", "id"],
                condition=Q(record__isnull=False),
                name="history_of_record",
            ),
            GistIndex(fields=["model", "ids"], condition=Q(ids__isnull=False), name="history_of_entry"),
            models.Index(fields=["staff", "id"], name="history_by_staff"),
            models.Index(fields=["because", "id"], condition=~Q(because=""), name="history_of_business"),
            BrinIndex(fields=["at"], name="history_at"),
            BrinIndex(fields=["transaction"], name="history_of_transaction"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(operation="insert", ids__isnull=False, record__isnull=True, changes__isnull=True)
                | Q(
                    operation__in=["update", "delete"],
                    ids__isnull=True,
                    record__isnull=False,
                    changes__isnull=False,
                ),
                name="history_is_entry_or_change",
            ),
        ]

    def __str__(self):
        return f"#{self.pk} {self.get_operation_display()}"


class Overwritten(models.Model):
    """Sealed values of a record, and their indexes, that an import wrote over; written by trigger.

    Kept until the import is taken back or its file forgotten: the history itself never holds them.
    """

    because = models.CharField(max_length=50)
    model = models.CharField(max_length=50)
    record = models.BigIntegerField()
    old = models.JSONField()

    class Meta:
        db_table = "office_overwritten"
        default_permissions = []
        constraints = [
            models.UniqueConstraint(fields=["because", "model", "record"], name="overwritten_once")
        ]


class HistoryHead(models.Model):
    """The seal of all history and access records written until the end of a day and not sealed before.

    Which they are is said by their numbers, so that what a long transaction commits late goes into the next
    day's seal. Each holds the one before and the newest seal of a run: whoever keeps the last one elsewhere
    can tell whether anything before it was touched.
    """

    number = models.PositiveIntegerField(_("number"), primary_key=True)
    day = models.DateField(_("day"), unique=True)
    at = models.DateTimeField(_("sealed at"), auto_now_add=True)
    history = NumbersField(_("changes of records"))
    access = NumbersField(_("access records"))
    run_seal_number = models.PositiveIntegerField(_("seal number"), null=True)
    run_seal = models.CharField(_("seal of the last run"), max_length=64, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = _("daily seal")
        verbose_name_plural = _("daily seals")
        ordering = ["-number"]
        default_permissions = ["view"]

    def __str__(self):
        return str(self.day)
