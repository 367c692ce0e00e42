"""Finding rows by words in any script: trigrams for longer words of ASCII, an index of short pieces for all others."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import ArrayContains  # type: ignore[attr-defined]
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower, StrIndex
from django.db.models.lookups import GreaterThan

M = TypeVar("M", bound=Model)
MAX_WORDS = 6
COLUMN = "search_text"
_SPACE = Value(" ")


class ShortGrams(models.Func):
    """Every one- and two-character piece of a text: a whole word in Chinese, too short for a trigram."""

    function = "short_grams"
    output_field = ArrayField(models.TextField())


def searched(*fields: str) -> models.GeneratedField:
    """A column of what searches look into, in lower case, kept by the database."""
    parts: list[Any] = [fields[0]]
    for name in fields[1:]:
        parts += [_SPACE, name]
    return models.GeneratedField(
        expression=Lower(Concat(*parts) if len(parts) > 1 else F(fields[0])),
        output_field=models.TextField(),
        db_persist=True,
        help_text="What searches look into, in lower case.",
    )


def search_index(name: str) -> GinIndex:
    """One index for words of any length."""
    return GinIndex(OpClass(F(COLUMN), "gin_trgm_ops"), ShortGrams(COLUMN), name=name)


def words_of(text: str) -> list[str]:
    """What is looked for, in lower case; more words than anybody types are left out."""
    return text.lower().split()[:MAX_WORDS]


def holds(word: str, column: str = COLUMN) -> Q:
    """The condition that the searched text of a row holds this word, which an index answers.

    Trigrams are made of letters that the database's locale knows, and C.UTF-8 knows those of ASCII for them: any other
    word is found by its pairs. Beside them the word is looked for in a way that no index answers: trigrams would be
    asked for all rows, and a walk in the order of a list can afford it.
    """
    if len(word) > 2 and word.isascii():
        return Q(**{f"{column}__contains": word})
    return Q(GreaterThan(StrIndex(column, Value(word)), 0)) & Q(
        ArrayContains(ShortGrams(column), pieces_of(word))
    )


def pieces_of(word: str) -> list[str]:
    """What the index of short pieces knows of a word: itself, or its pairs."""
    return [word] if len(word) < 3 else [word[place : place + 2] for place in range(len(word) - 1)]


def matching(rows: QuerySet[M], text: str, *paths: str) -> QuerySet[M]:
    """Rows whose searched text holds every word, or that of a row which one of `paths` leads to.

    With paths each place is asked by its own index and the keys are joined: an OR across tables would read them all.
    """
    for word in words_of(text):
        if not paths:
            rows = rows.filter(holds(word))
            continue
        everything = rows.model._default_manager.order_by()
        own = everything.filter(holds(word)).values("pk")
        others = [everything.filter(holds(word, f"{path}__{COLUMN}")).values("pk") for path in paths]
        rows = rows.filter(pk__in=own.union(*others, all=True))
    return rows
