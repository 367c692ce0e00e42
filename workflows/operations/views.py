"""What does not run, and the buttons to have it tried again."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView, View

from procurement.accounts.models import User
from procurement.accounts.views import safe_next
from procurement.common import acts
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone
from procurement.common.paging import capped_counts, count_label, page_of
from procurement.common.views import Policy, PolicyMixin, refused
from workflows.operations import services
from workflows.operations.matters import MATTERS, Matter
from workflows.operations.permissions import may_look, may_press
from workflows.operations.pulse import pulse


class OperationsMixin(PolicyMixin):
    """For administrators and auditors; everybody else finds nothing. `presses`: only for administrators."""

    policy = Policy.STAFF
    presses = False
    request: HttpRequest
    kwargs: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404 before anything is read."""
        if request.user.is_authenticated and not (may_press if self.presses else may_look)(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    @property
    def matter(self) -> Matter:
        """The list that the address names."""
        matter = MATTERS.get(self.kwargs["matter"])
        if matter is None or (self.presses and matter.again is None):
            raise Http404
        return matter

    def kind(self, matter: Matter) -> str:
        """The kind that the address names; one there is not is none."""
        asked = self.request.GET.get("kind", "")
        return asked if asked in matter.kinds() else ""


def list_url(matter: Matter, kind: str = "") -> str:
    """A list, narrowed to a kind."""
    return reverse("operations:list", args=[matter.name]) + (f"?kind={kind}" if kind else "")


class Overview(OperationsMixin, TemplateView):
    """Every list with how much is in it, and whether each process keeps up."""

    template_name = "operations/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One statement for all counts."""
        counts = capped_counts({name: matter.rows(self.user) for name, matter in MATTERS.items()})
        rows = [
            {"matter": matter, "count": counts[name], "label": count_label(counts[name])}
            for name, matter in MATTERS.items()
        ]
        return super().get_context_data(
            rows=rows,
            total=sum(counts.values()),
            pulse=pulse(),
            may_press=may_press(self.user),
            **kwargs,
        )


class TroubleList(OperationsMixin, TemplateView):
    """One list, by kind."""

    template_name = "operations/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of it, and how much there is of each kind."""
        matter = self.matter
        kind, rows = self.kind(matter), matter.rows(self.user)
        page = page_of(matter.of_kind(rows, kind), self.request)
        lines = [matter.line(row) for row in page]
        return super().get_context_data(
            **{
                **kwargs,
                "matter": matter,
                "page": page,
                "lines": lines,
                "with_errors": any(line.error for line in lines),
                "kinds": self._kinds(matter, kind),
                "kind": kind,
                "retried": matter.again is not None,
                "may_press": matter.again is not None and may_press(self.user),
                "crumbs": [Crumb(_("Operations"), reverse("operations:overview")), Crumb(matter.title)],
            }
        )

    def _kinds(self, matter: Matter, chosen: str) -> list[dict[str, Any]]:
        """Kinds of which there is something; one statement."""
        labels, rows = matter.kinds(), matter.rows(self.user)
        counts = capped_counts({name: matter.of_kind(rows, name) for name in labels}) if labels else {}
        return [
            {
                "label": labels[name],
                "count": count_label(counts[name]),
                "url": list_url(matter, name),
                "current": name == chosen,
            }
            for name in labels
            if counts[name] or name == chosen
        ]


class RetryOne(OperationsMixin, View):
    """One row once more."""

    presses = True
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Back to the list; a row that is not in it any more says so."""
        matter = self.matter
        back_url = safe_next(request, request.POST.get("next", "")[:2000] or list_url(matter))
        try:
            services.try_again(matter=matter, key=self.kwargs["pk"], actor=self.user)
        except AlreadyDone as refusal:
            return refused(request, refusal, back_url=back_url)
        messages.success(request, _("It is tried again now."))
        return HttpResponseRedirect(back_url)


class RetryAll(OperationsMixin, acts.Act):
    """Everything of a kind once more, after asking."""

    presses = True
    title = gettext_lazy("Try all of this again")
    button = gettext_lazy("Try again")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How many, and what that means."""
        matter = self.matter
        rows = matter.of_kind(matter.rows(self.user), self.kind(matter))
        count = capped_counts({matter.name: rows})[matter.name]
        words = {"what": matter.summary(count) % {"count": count_label(count)}}
        text = _(
            "%(what)s. Each is tried from the beginning; what has taken effect already does not take effect a second"
            " time. That you pressed this is recorded."
        )
        return super().get_context_data(text=text % words, **kwargs)

    def around(self) -> dict[str, Any]:
        """The list it is about."""
        matter = self.matter
        kind = self.kind(matter)
        crumbs = [
            Crumb(_("Operations"), reverse("operations:overview")),
            Crumb(matter.title, list_url(matter)),
            *([Crumb(matter.kinds()[kind], list_url(matter, kind))] if kind else []),
            Crumb(self.title),
        ]
        return {"crumbs": crumbs, "back_url": list_url(matter, kind)}

    def act(self, form: Any) -> HttpResponse | None:
        """How many, in words."""
        matter = self.matter
        count = services.try_all_again(matter=matter, kind=self.kind(matter), actor=self.user)
        self.done = ngettext("One is tried again.", "%(count)d are tried again.", count) % {"count": count}
        return None


class RetrySealed(OperationsMixin, acts.Act):
    """What failed around sealed bids once more; the answer is the same whether there was anything or not."""

    presses = True
    title = gettext_lazy("Try again around sealed bids")
    button = gettext_lazy("Try again")
    text = gettext_lazy(
        "Receipts and messages of bids that are still sealed are not listed here, not even counted: that would tell who"
        " has bid, or how many. Whatever of it failed is tried again, and you are told nothing about it."
    )
    done = gettext_lazy("If anything of that kind had failed, it is tried again now.")

    def around(self) -> dict[str, Any]:
        """The overview."""
        overview = reverse("operations:overview")
        return {"crumbs": [Crumb(_("Operations"), overview)], "back_url": overview}

    def act(self, form: Any) -> HttpResponse | None:
        """No word about what there was."""
        services.try_sealed_again(actor=self.user)
        return None
