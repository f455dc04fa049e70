"""The sign-ins a demo shows to whoever opens it; a real portal shows none."""

from pathlib import Path

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def demo_sign_ins() -> str:
    """The text the demo's loading left beside the uploads; nothing outside a demo."""
    path = Path(settings.MEDIA_ROOT).parent / f"sign-ins-{settings.CITY}.txt"
    return path.read_text(encoding="utf-8").strip() if settings.DEMO and path.is_file() else ""
