"""The visitor of the stories: comes in by e-mail address and password, and speaks one language."""

from __future__ import annotations

from django.urls import reverse

from procurement.demo import visitor
from procurement.demo.visitor import Page, name_of

__all__ = ["Page", "Visitor", "name_of"]


class Visitor(visitor.Visitor):
    """Somebody at a browser, logged in by their password."""

    def __init__(self, email, password, language):
        super().__init__(language=language)
        self.language = language
        self.open(reverse("account_login"))
        self.send("account_login", login=email, password=password)
        assert self.page.address != reverse("account_login"), "not logged in"
        if not self.page.language.startswith(language[:2]):
            self.send("accounts:set_language", button=("language", language))
        assert self.page.language.startswith(language[:2])
