"""Foreign keys point down only, like imports do; the layers are those of pyproject.toml."""

import tomllib
from pathlib import Path

import pytest
from django.apps import apps

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = ("procurement.", "suppliers.", "contracts.", "workflows.")


def layers():
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


HEIGHT = {room: -number for number, rooms in enumerate(layers()) for room in rooms}


def room_of(model):
    return apps.get_app_config(model._meta.app_label).name


def foreign_keys():
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_hidden=True):
            target = getattr(field, "related_model", None)
            if (
                field.concrete
                and isinstance(target, type)
                and room_of(model) in HEIGHT
                and room_of(target) in HEIGHT
            ):
                yield f"{model._meta.label}.{field.name}", room_of(model), room_of(target)


def test_every_room_has_its_layer():
    rooms = {config.name for config in apps.get_app_configs() if config.name.startswith(OURS)}

    assert rooms == set(HEIGHT)


def test_foreign_keys_point_down():
    wrong = [
        f"{field}: {origin} → {target}"
        for field, origin, target in foreign_keys()
        if origin != target and HEIGHT[target] >= HEIGHT[origin]
    ]

    assert wrong == []


@pytest.mark.parametrize("word", ["apps.get_model(", "django_apps.get_model("])
def test_no_room_reaches_another_by_name(word):
    places = [
        str(path.relative_to(CHECKOUT))
        for room in HEIGHT
        for path in (CHECKOUT / room.replace(".", "/")).rglob("*.py")
        if "migrations" not in path.parts and word in path.read_text()
    ]

    assert places == []
