"""Row locks. Order everywhere: RFQ → bid → rows in key order → process."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections, models

M = TypeVar("M", bound=models.Model)


def lock_shared(queryset: models.QuerySet[M]) -> M:
    """The single row of `queryset` under FOR SHARE: many may hold it, whoever changes the row waits.

    The one place that writes FOR SHARE, which Django has no verb for. Raises DoesNotExist.
    """
    connection = connections[queryset.db]
    if not connection.in_atomic_block:
        raise RuntimeError("A lock needs a transaction.")
    try:
        sql, params = queryset.order_by().query.get_compiler(using=queryset.db).as_sql()
    except EmptyResultSet:
        rows: list[M] = []
    else:
        rows = list(queryset.model._default_manager.db_manager(queryset.db).raw(f"{sql} FOR SHARE", params))
    if len(rows) != 1:
        raise queryset.model.DoesNotExist(  # type: ignore[attr-defined]
            f"{queryset.model._meta.object_name} not found."
        )
    return rows[0]


def lock(queryset: models.QuerySet[M]) -> M:
    """The single row of `queryset`, ours alone until the transaction ends. Raises DoesNotExist.

    Rows joined to it by `select_related` are read, not locked.
    """
    return queryset.select_for_update(no_key=True, of=("self",)).get()
