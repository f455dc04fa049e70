"""The question mark beside a page's title."""

from django import template
from django.urls import reverse

from office import guide

register = template.Library()


@register.simple_tag(takes_context=True)
def help_url(context) -> str:
    """Where the page at hand is explained; nothing for who is not signed in."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated or request.resolver_match is None:
        return ""
    page = guide.page_of(request.resolver_match.url_name or "")
    return reverse("help", args=[page.name]) if page else reverse("help")
