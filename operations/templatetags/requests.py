"""The number of the request, on the pages that tell of trouble."""

from django import template

from operations.logs import READ_OUT, request_id

register = template.Library()


@register.simple_tag
def request_number() -> str:
    """The beginning of the number under which the logs tell of this request."""
    return request_id.get()[:READ_OUT]
