"""What every page's frame needs: side, places, languages, words for the scripts. Nothing is computed before it is shown."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from procurement.common.figures import zone_text
from procurement.common.places import ShownPlace, Text, caption_for, home_url, places_for

HTML_LANGUAGES = {"zh-hans": "zh-CN"}
LANGUAGE_NAMES = {"en": "English", "zh-hans": "中文"}  # each in its own words, never translated
BASES = {"staff": "office_base.html", "supplier": "portal_base.html"}


def html_lang(code: str | None) -> str:
    """The language tag that browsers and readers expect."""
    return HTML_LANGUAGES.get(code or "en", code or "en")


class Shell:
    """The frame around a page, as one person sees it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.source_url: str = settings.SOURCE_URL
        self.demo: bool = settings.DEMO

    @property
    def user(self) -> Any:
        return getattr(self.request, "user", None)

    @property
    def side(self) -> str:
        return getattr(self.user, "side", "")

    @property
    def base(self) -> str:
        """The base template for pages that both sides share."""
        return BASES.get(self.side, "door.html")

    @cached_property
    def places(self) -> list[ShownPlace]:
        return places_for(self.user, self.request.path)

    @property
    def home_url(self) -> str:
        return home_url(self.user)

    @cached_property
    def caption(self) -> Text:
        return caption_for(self.user)

    @property
    def search_url(self) -> str:
        """Where everything is searched, where there is such a page."""
        try:
            return reverse("office:search")
        except NoReverseMatch:
            return ""

    @property
    def initial(self) -> str:
        return str(self.user or " ")[:1].upper()

    @property
    def zone(self) -> str:
        """The time zone in which this page shows times, by name."""
        return zone_text(timezone.localtime())

    @property
    def lang(self) -> str:
        return html_lang(get_language())

    @property
    def languages(self) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "name": LANGUAGE_NAMES.get(code, str(name)),
                "lang": html_lang(code),
                "current": code == get_language(),
            }
            for code, name in settings.LANGUAGES
        ]

    @property
    def other_language(self) -> dict[str, Any]:
        """The language to switch to."""
        return next((one for one in self.languages if not one["current"]), self.languages[0])

    @property
    def now_ms(self) -> int:
        """The server's clock, which feeds every countdown on the page."""
        return int(timezone.now().timestamp() * 1000)

    @property
    def words(self) -> str:
        """What the scripts say, in the reader's language."""
        return json.dumps(
            {
                "saving": gettext("Saving…"),
                "saved": gettext("Saved {time}"),
                "unsaved": gettext("Not saved yet"),
                "failed": gettext("Not saved: no answer from the server. We keep trying."),
                "conflict": gettext(
                    "Not saved: somebody else changed this meanwhile. Load the page again to see it."
                ),
                "refused": gettext("Not saved: some fields need correction."),
                "session": gettext(
                    "Not saved: you have been logged out. Log in in another tab, then type on."
                ),
                "loggedOut": gettext(
                    "You have been logged out. Log in in another tab; what stands here stays until you load the page again."
                ),
                "notANumber": gettext("Figures only, for example 1,234.50"),
                "pasted": gettext("{count} cells pasted"),
                "over": gettext("Time is up"),
                "day": gettext("d"),
                "hour": gettext("h"),
                "minute": gettext("min"),
                "second": gettext("s"),
            },
            ensure_ascii=False,
        )


def shell(request: HttpRequest) -> dict[str, Shell]:
    """The context processor."""
    return {"shell": Shell(request)}
