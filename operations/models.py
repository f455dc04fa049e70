"""What the portal remembers about its own running. In the database, so that it outlives the broker."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """A worker's sign of life: when it last did the task that beat asks for every minute."""

    worker = models.CharField(_("worker"), max_length=200, unique=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["worker"]

    def __str__(self):
        return self.worker


class Backup(models.Model):
    """A backup that was taken, or was tried: then `error` says why there is none."""

    name = models.CharField(_("name"), max_length=80)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    place = models.CharField(_("folder"), max_length=500)
    size = models.BigIntegerField(_("size"), default=0)
    rows = models.BigIntegerField(_("rows"), default=0)
    files = models.IntegerField(_("files"), default=0)
    encrypted = models.BooleanField(_("encrypted"), default=False)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-id"]
        default_permissions = ["view"]

    def __str__(self):
        return self.name
