"""Every text that people read exists in both languages."""

import re

import pytest
from django.conf import settings

from procurement.common import translations


@pytest.fixture(scope="module")
def catalogue():
    return translations.stored(settings.BASE_DIR)


def test_every_text_of_the_sources_is_in_the_catalogue(catalogue):
    known = {(message.context, message.id) for message in catalogue if message.id}
    wanted = {
        (message.context, message.id) for message in translations.extracted(settings.BASE_DIR) if message.id
    }

    assert sorted(map(str, wanted - known)) == []
    assert sorted(map(str, known - wanted)) == []


def test_every_text_has_its_chinese(catalogue):
    assert translations.missing(catalogue) == []


def test_placeholders_survive_translation(catalogue):
    pattern = re.compile(r"%\(\w+\)[sd]|\{\w+\}")

    def places(text):
        return sorted(pattern.findall(text))

    wrong = []
    for message in catalogue:
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple | list) else (message.string,)
        wrong += [
            message.id for target in targets if places(target) not in [places(source) for source in sources]
        ]
    assert wrong == []


def test_the_compiled_catalogue_is_the_same(catalogue):
    path = translations.catalogue_path(settings.BASE_DIR).with_suffix(".mo")

    assert path.read_bytes() == translations.compiled(catalogue)
