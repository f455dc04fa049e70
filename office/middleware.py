"""The interface language: Chinese until the member of staff chooses otherwise."""

from django.conf import settings
from django.utils import translation


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
