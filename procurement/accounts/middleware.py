"""Speaks to each person in the language and time zone of their choice."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers


class PreferencesMiddleware:
    """The person's own language and time zone; for strangers the cookie, then what the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        zone = zone_for(request)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            response.headers.setdefault("Content-Language", language)
            return response


def language_for(request: HttpRequest) -> str:
    """The language this request is answered in."""
    chosen = getattr(request.user, "language", "") if request.user.is_authenticated else ""
    known = {code for code, _name in settings.LANGUAGES}
    return chosen if chosen in known else translation.get_language_from_request(request)


def zone_for(request: HttpRequest) -> ZoneInfo:
    """The time zone in which this request shows times."""
    chosen = getattr(request.user, "time_zone", "") if request.user.is_authenticated else ""
    try:
        return ZoneInfo(chosen or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
