"""One need from request to order through the pages, by everybody whose work it is, in English and in Chinese."""

import pytest

from procurement.common import audit, invariants
from procurement.demo.visitor import NotThere
from tests.stories.story import Story
from tests.stories.walker import name_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_pdf", "group")]


@pytest.mark.parametrize(
    "language", [pytest.param("en", marks=pytest.mark.soak), "zh-hans"]
)  # English: in the browser
def test_one_need_from_request_to_order(language):
    Story(language).tell()

    assert invariants.violations() == []
    assert [found for found in audit.verify().findings if found.kind != "content"] == []


def test_a_page_without_the_link_is_named():
    """The walker itself: it fails where a page does not lead on."""
    visitor = Story("en").enter("he")

    with pytest.raises(NotThere, match="has no link to rfqs:create"):
        visitor.follow("rfqs:create")
    assert name_of("/nowhere/") == ""
