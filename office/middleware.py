"""What surrounds every page: its language, and on whose behalf the database works for it."""

from django.conf import settings
from django.db import transaction
from django.utils import translation

from office.access import note
from office.acting import acting, address_of
from office.models import Act, Origin
from office.remembered import SAFE, has_acted

# What a page that was not given is noted as. An address that leads nowhere is not: it names no page.
REFUSALS = {403: Act.REFUSED, 404: Act.OUT_OF_SCOPE}


class ChosenLanguageMiddleware:
    """Follow the chosen language only: an office browser's own setting says little about its clerk."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class ActingMiddleware:
    """Serve each page, its template included, in one transaction on behalf of whoever asked.

    The view itself is a savepoint in it (ATOMIC_REQUESTS), so that the page of an error can be shown.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        staff = request.user if request.user.is_authenticated else None
        with acting(staff=staff, origin=Origin.PAGE, address=address_of(request), role=settings.PAGES_ROLE):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            elif (
                staff and response.status_code in REFUSALS and getattr(request.resolver_match, "url_name", "")
            ):
                note(request, REFUSALS[response.status_code], subject=request.path)
        if staff and request.method not in SAFE:
            has_acted(staff)
        return response
