"""What every page does before its own work: who may come in, and through which scope its document is found."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from procurement.accounts.policies import Doorkeeper
from procurement.accounts.policies import Policy as Policy
from procurement.common.errors import AlreadyDone


class PolicyMixin(Doorkeeper):
    """Refuses strangers (to the log-in page) and the other side (404) before anything is loaded."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on; a lost race becomes a page that says who won."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except AlreadyDone as refusal:
            return refused(request, refusal)


class ScopedMixin(PolicyMixin):
    """A page about one document: found through `visible_to(user)`, allowed by `can(user, action, object)`.

    A view names its `scope` (the room's `visible_to`), its `can` and its `action`; what may not be seen is 404.
    """

    scope: ClassVar[Any]  # a function (user) → queryset
    can: ClassVar[Any]  # a function (user, action, object) → bool
    action: ClassVar[str]
    lookup: ClassVar[str] = "pk"
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Any]:
        """What this person may see of the kind."""
        rows: QuerySet[Any] = type(self).scope(self.request.user)
        return rows

    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        """The document, or 404 where it is missing, invisible, or the action is not this person's."""
        rows = self.get_queryset() if queryset is None else queryset
        found = get_object_or_404(rows, **{self.lookup: self.kwargs[self.lookup]})
        if not type(self).can(self.request.user, self.action, found):
            raise Http404
        return found


def refused(
    request: HttpRequest, refusal: AlreadyDone, *, back_url: str = "", status: int = 409
) -> HttpResponse:
    """The page for whoever lost a race: it says who won and when, and leads back to the document."""
    return render(request, "refused.html", {"refusal": refusal, "back_url": back_url}, status=status)
