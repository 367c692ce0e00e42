"""Pages that exist only here, to try the scripts on: a price grid with autosave, lines of a request, a countdown, a dialog."""

from datetime import timedelta

from django import forms
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from procurement.common.forms import FigureField
from procurement.common.shortcut_views import Shortcuts

received = []  # what the server was sent, newest last
answers = []  # what it will answer next instead of "saved"


class Line(forms.Form):
    item = forms.CharField(label="Item")
    quantity = FigureField(label="Quantity")


Lines = forms.formset_factory(Line, extra=2, can_delete=True)

GRID = """{% extends "portal_base.html" %}{% block title %}Grid{% endblock %}{% block content %}
<form method="post" id="offer" data-autosave-url="/save/" data-autosave-wait="50">{% csrf_token %}<input type="hidden" name="revision" value="1">
<p data-saved role="status"></p>
<div class="scroll grid cards" tabindex="0" role="group" aria-label="Prices" data-grid data-decimals="2"><table>
<thead><tr><th>Item</th><th class="num">Quantity</th><th class="num">Unit price</th><th class="num">Days</th><th class="num">Amount</th></tr></thead>
<tbody>{% for row in rows %}<tr data-qty="{{ row.qty }}"><th scope="row">Item {{ row.n }}</th><td class="num" data-label="Quantity">{{ row.qty }}</td>
<td data-label="Unit price"><input name="price-{{ row.n }}" inputmode="decimal" aria-label="Price {{ row.n }}" data-price></td>
<td data-label="Days"><input name="days-{{ row.n }}" inputmode="numeric" aria-label="Days {{ row.n }}"></td>
<td class="num" data-label="Amount" data-amount>–</td></tr>{% endfor %}</tbody>
<tfoot><tr><th scope="row" colspan="4"><span data-filled>0</span> lines</th><td class="num" data-total>–</td></tr></tfoot>
</table></div><button class="btn primary">Send</button></form>{% endblock %}"""

LINES = """{% extends "office_base.html" %}{% block title %}Lines{% endblock %}{% block content %}
<form method="post" data-guard>{% csrf_token %}{% form_errors formset %}{% line_grid formset label="Lines" %}<button class="btn primary">Save</button></form>{% endblock %}"""

MOMENTS = """{% extends "office_base.html" %}{% block title %}Moments{% endblock %}{% block content %}
{% countdown soon over="Bidding has closed" %}{% countdown later %}
<button class="btn" type="button" data-dialog="sure">Open bids</button>
{% dialog id="sure" title="Open the sealed bids?" %}<footer><button class="btn" type="button" data-close>Not now</button></footer>{% enddialog %}
{% endblock %}"""


def page(source, request, **context):
    return HttpResponse(engines["django"].from_string(source).render(context, request))


def grid(request):
    if request.method == "POST":
        received.append(dict(request.POST.items()))
        return HttpResponse("<p>sent</p>")
    return page(GRID, request, rows=[{"n": n, "qty": n * 10} for n in range(1, 6)])


def save(request):
    received.append(dict(request.POST.items()))
    status, answer = (
        answers.pop(0) if answers else (200, {"saved_at": "14:19:52", "revision": len(received) + 1})
    )
    return JsonResponse(answer, status=status)


def lines(request):
    formset = Lines(request.POST or None, prefix="lines")
    if request.method == "POST" and formset.is_valid():
        received.append(
            [
                form.cleaned_data
                for form in formset
                if form.cleaned_data and not form.cleaned_data.get("DELETE")
            ]
        )
        return HttpResponse("<p>sent</p>")
    return page(LINES, request, formset=formset)


def moments(request):
    now = timezone.now()
    return page(
        MOMENTS, request, soon=now + timedelta(seconds=2), later=now + timedelta(days=2, hours=3, minutes=4)
    )


urlpatterns = [
    path("shortcuts/", Shortcuts.as_view(), name="shortcuts"),
    path("accounts/", include("allauth.urls")),
    path("accounts/", include("procurement.accounts.urls")),
    path("documents/", include("procurement.common.urls")),
    path("grid/", grid),
    path("save/", save),
    path("lines/", lines),
    path("moments/", moments),
]
