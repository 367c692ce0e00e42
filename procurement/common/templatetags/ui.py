"""The words of our pages: components as template tags, available in every template without loading."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.forms.formsets import BaseFormSet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from procurement.accounts.demo_doors import Door, doors
from procurement.common import figures
from procurement.common.icons import ICONS, TONE_ICONS
from procurement.common.paging import Page

register = template.Library()

TONES = {"idle", "go", "good", "wait", "bad"}


def _tone(tone: Any) -> str:
    return tone if tone in TONES else "idle"


# ── Words with a mark ──


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawn mark beside words; an unknown name draws nothing."""
    path = ICONS.get(str(name))
    if path is None:
        return SafeString("")
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', path)


@register.simple_tag
def status(subject: Any, tone: str = "") -> SafeString:
    """`{% status rfq %}` of a document that knows its status, or `{% status label tone %}`."""
    label = getattr(subject, "status_label", subject)
    shown = tone or getattr(subject, "status_tone", "idle")
    return format_html('<span class="status" data-tone="{}">{}</span>', _tone(shown), label)


@register.simple_tag
def tag(label: Any, tone: str = "idle") -> SafeString:
    """A small label on a soft ground."""
    return format_html('<span class="tag" data-tone="{}">{}</span>', _tone(tone), label)


@register.simple_tag
def bilingual(subject: Any) -> SafeString:
    """The name in the reader's language with the other one in grey; `name` is Chinese, `name_en` English."""
    chinese, english = getattr(subject, "name", subject), getattr(subject, "name_en", "")
    if not english or english == chinese:
        return format_html("{}", chinese)
    if get_language() == "zh-hans":
        return format_html('{} <span lang="en">{}</span>', chinese, english)
    return format_html('{} <span lang="zh-CN">{}</span>', english, chinese)


# ── Figures and time ──


@register.simple_tag
def money(amount: Any, currency: str = "") -> str:
    """An amount with its currency: ¥3,564,458.56."""
    return figures.money_text(amount, currency)


@register.simple_tag
def amount(value: Any, currency: str = "") -> str:
    """An amount for a column whose head names the currency: 3,564,458.56."""
    return figures.amount_text(value, currency)


@register.simple_tag
def price(value: Any, currency: str = "") -> str:
    """A unit price with as many decimals as it needs."""
    return figures.price_text(value, currency)


@register.simple_tag
def quantity(value: Any, unit: Any = "") -> str:
    """A quantity without idle zeros, and its unit."""
    return f"{figures.quantity_text(value)}{figures.NO_BREAK}{unit}" if unit else figures.quantity_text(value)


@register.simple_tag
def when(moment: datetime | None, zone: tzinfo | str | None = None, short: bool = False) -> SafeString:
    """A moment in a zone, the zone named; `short` for tables keeps the zone in the title."""
    if moment is None:
        return SafeString(figures.NONE)
    local = timezone.localtime(moment, figures.zone_of(zone))
    text, place = figures.moment_text(local, short=short), figures.zone_text(local)
    if short:
        return format_html(
            '<time datetime="{}" title="{} {}">{}</time>',
            local.isoformat(),
            figures.moment_text(local),
            place,
            text,
        )
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), text, place)


@register.simple_tag
def day(value: date | None, short: bool = False) -> SafeString:
    """A date without a time of day."""
    if value is None:
        return SafeString(figures.NONE)
    plain = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html(
        '<time datetime="{}">{}</time>', plain.isoformat(), figures.date_text(plain, short=short)
    )


@register.filter
def month(value: date) -> str:
    """The month as it stands over a day: Nov, 11月."""
    return figures.month_text(value)


@register.filter
def elapsed(moment: datetime) -> str:
    """How long ago that was: 13 days."""
    return figures.span_text(timezone.now() - moment)


@register.filter
def remaining(moment: datetime) -> str:
    """How long it is until then: 26 hours."""
    return figures.span_text(moment - timezone.now())


@register.simple_tag
def clauses(*parts: Any) -> str:
    """Facts one after the other with the reader's comma: 何明，东营项目部."""
    return figures.clauses(parts)


@register.filter
def listed(things: Iterable[Any], attribute: str = "") -> str:
    """Names with the reader's own mark between them: 阀门、钢材."""
    return figures.listed(getattr(one, attribute) if attribute else one for one in things)


@register.simple_tag
def countdown(moment: datetime | None, tone: str = "", over: str = "") -> SafeString:
    """How long until a moment, by the server's clock; `over` is said once it has passed."""
    if moment is None:
        return SafeString("")
    now = timezone.now()
    left = max(0, int((moment - now).total_seconds()))
    values = {
        "days": left // 86400,
        "hours": left // 3600 % 24,
        "minutes": left // 60 % 60,
        "seconds": left % 60,
    }
    near = "bad" if left < 3600 else "wait" if left < 86400 else ""
    context = {
        **values,
        "moment": moment,
        "now_ms": int(now.timestamp() * 1000),
        "left": left,
        "over": over,
        "tone": tone or near,
    }
    return render_to_string("components/countdown.html", context)


# ── Blocks that hold content ──


@register.simple_block_tag
def panel(
    content: str,
    *,
    title: Any = "",
    tone: str = "",
    id: str = "",
    sub: Any = "",
    link: str = "",
    link_label: Any = "",
    badge: Any = "",
    badge_tone: str = "idle",
    bare: bool = False,
) -> SafeString:
    """A titled box. `bare` leaves out the padding, for tables and rows; `link` and `badge` stand right of the title."""
    return render_to_string(
        "components/panel.html",
        {
            "content": content, "title": title, "tone": tone, "id": id, "sub": sub, "link": link, "link_label": link_label,
            "badge": badge, "badge_tone": badge_tone, "bare": bare,
        },
    )  # fmt: skip


@register.simple_block_tag
def head(
    content: str,
    *,
    title: Any,
    companion: Any = "",
    companion_lang: str = "zh-CN",
    number: Any = "",
    crumbs: Iterable[Any] = (),
    meta: Iterable[Any] = (),
    status: Any = None,
    trail: Iterable[Any] = (),
    until: datetime | None = None,
    until_note: Any = "",
) -> SafeString:
    """The head of a page: what it is, whose turn, until when. Between the tags stand the actions."""
    return render_to_string(
        "components/head.html",
        {
            "actions": SafeString(content.strip()), "title": title, "companion": companion, "companion_lang": companion_lang, "number": number,
            "crumbs": crumbs, "meta": meta, "status": status, "trail": trail, "until": until, "until_note": until_note,
        },
    )  # fmt: skip


@register.simple_block_tag
def notice(content: str, *, tone: str = "go", title: Any = "") -> SafeString:
    """A remark on the page, drawn by its tone; refusals and warnings are announced."""
    shown = _tone(tone)
    return render_to_string(
        "components/notice.html",
        {"content": content, "tone": shown, "title": title, "icon_name": TONE_ICONS[shown]},
    )


@register.simple_block_tag
def dialog(content: str, *, id: str, title: Any) -> SafeString:
    """A dialog; `data-dialog="id"` on a button opens it. Content brings its own form, `.body` and `footer`."""
    return render_to_string("components/dialog.html", {"content": content, "id": id, "title": title})


@register.simple_block_tag
def datagrid(content: str, *, label: Any, kind: str = "") -> SafeString:
    """A table that scrolls inside its own frame; `kind` adds `matrix`, `grid` or `grid cards`."""
    return render_to_string("components/datagrid.html", {"content": content, "label": label, "kind": kind})


@register.simple_block_tag
def dock(content: str, *, status: bool = False) -> SafeString:
    """What stays at the foot of the window: what is picked, what it sums to, what to do with it."""
    role = SafeString(' role="status"') if status else ""
    return format_html('<div class="dock"{}>{}</div>', role, SafeString(content.strip()))


@register.simple_block_tag
def toast(content: str) -> SafeString:
    """A short word about what has just happened, with the way back where there is one."""
    return format_html('<div class="toast" role="status">{}</div>', SafeString(content.strip()))


@register.simple_tag
def skeleton(lines: int = 3) -> SafeString:
    """The place of something that is still fetched; readers of screens hear nothing of it."""
    drawn = SafeString('<span class="skeleton"></span>' * lines)
    return format_html('<div class="stack tight" aria-hidden="true">{}</div>', drawn)


@register.simple_tag
def diff(before: Any, after: Any) -> SafeString:
    """What it said and what it says now; nothing is struck out where nothing stood."""
    if str(before) == str(after):
        return format_html("{}", after)
    gone = format_html("<del>{}</del> ", before) if str(before) else SafeString("")
    come = format_html("<ins>{}</ins>", after) if str(after) else SafeString("")
    return format_html('<span class="diff">{}{}</span>', gone, come)


# ── Lists of shapes (see procurement.common.components) ──


@register.inclusion_tag("components/choice.html")
def choice(options: Iterable[Any], label: Any) -> dict[str, Any]:
    """One out of few, as links; the option that holds has no address."""
    return {"options": options, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(parts: Iterable[Any], label: Any) -> dict[str, Any]:
    """The parts of a document; the part one is on has no address."""
    return {"parts": parts, "label": label}


@register.inclusion_tag("components/trail.html")
def trail(steps: Iterable[Any], label: Any = "") -> dict[str, Any]:
    """Where a document stands, in one line."""
    return {"steps": steps, "label": label}


@register.inclusion_tag("components/facts.html")
def facts(items: Iterable[Any]) -> dict[str, Any]:
    """A strip of facts."""
    return {"items": items}


@register.inclusion_tag("components/kv.html")
def kv(items: Iterable[Any]) -> dict[str, Any]:
    """Labels and values in a column."""
    return {"items": items}


@register.inclusion_tag("components/chain.html")
def chain(steps: Iterable[Any], across: bool = False) -> dict[str, Any]:
    """An approval chain; those who decide together share a box."""
    return {"steps": steps, "across": across}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Iterable[Any], plain: bool = False) -> dict[str, Any]:
    """What happened, the latest first."""
    return {"entries": entries, "plain": plain}


@register.inclusion_tag("components/checklist.html")
def checklist(items: Iterable[Any]) -> dict[str, Any]:
    """What must hold, and whether it does."""
    return {"items": items}


@register.inclusion_tag("components/filelist.html")
def filelist(files: Iterable[Any]) -> dict[str, Any]:
    """Files with name, size and remark."""
    return {"files": files}


@register.inclusion_tag("components/progress.html")
def progress(job: Any, url: str = "") -> dict[str, Any]:
    """Long work: how much is done. With `url` the part of the page is fetched again until it is finished."""
    return {"job": job, "url": url}


@register.inclusion_tag("components/empty.html")
def empty(title: Any, text: Any = "", action_url: str = "", action_label: Any = "") -> dict[str, Any]:
    """Nothing yet: what will appear here, and the first step."""
    return {"title": title, "text": text, "action_url": action_url, "action_label": action_label}


@register.inclusion_tag("components/pager.html")
def pager(page: Page[Any]) -> dict[str, Any]:
    """Onward and back through a list by keys; other choices in the address are kept."""
    return {"page": page}


@register.inclusion_tag("components/filterbar.html", takes_context=True)
def filterbar(context: Any, bar: Any) -> dict[str, Any]:
    """Above a list: what it is narrowed by, what is set, kept filters, the way to take it along."""
    return {"bar": bar, "csrf_token": context.get("csrf_token")}


# ── Forms ──


@register.inclusion_tag("components/field.html")
def field(field: BoundField, affix: Any = "", full: bool = False) -> dict[str, Any]:
    """Label, control, help and error of one field, tied together for readers of screens."""
    return {"field": field, "affix": affix, "full": full}


@register.inclusion_tag("components/form_errors.html")
def form_errors(*forms: BaseForm | BaseFormSet[Any]) -> dict[str, Any]:
    """What stops these forms, on top, each line leading to its field."""
    return {"general": [line for form in forms for line in _general_errors(form)],
            "fields": [bound for form in forms for bound in _failed_fields(form)]}  # fmt: skip


@register.inclusion_tag("components/line_grid.html")
def line_grid(formset: BaseFormSet[Any], label: Any = "", add_label: Any = "") -> dict[str, Any]:
    """A formset as a grid of lines: add, remove, paste from a spreadsheet."""
    return {"formset": formset, "label": label, "add_label": add_label, "blank": formset.empty_form}


def _members(form: BaseForm | BaseFormSet[Any]) -> list[BaseForm]:
    return list(form.forms) if isinstance(form, BaseFormSet) else [form]


def _general_errors(form: BaseForm | BaseFormSet[Any]) -> list[Any]:
    own = list(form.non_form_errors()) if isinstance(form, BaseFormSet) and form.is_bound else []
    return own + [error for member in _members(form) for error in member.non_field_errors()]


def _failed_fields(form: BaseForm | BaseFormSet[Any]) -> list[tuple[int, BoundField]]:
    """Each with the line it stands on; none outside a grid of lines."""
    first = 1 if isinstance(form, BaseFormSet) else 0
    return [
        (first and number, bound)
        for number, member in enumerate(_members(form), first)
        if member.is_bound
        for bound in member
        if bound.errors
    ]


@register.simple_tag
def demo_doors() -> Sequence[Door]:
    """Whom one may look around as on the log-in page; nobody outside demo mode."""
    return doors()


# ── Filters for the components' own templates ──


@register.filter
def filesize_text(size: int) -> str:
    """1.2 MB, 46 KB."""
    return figures.size_text(size)


@register.filter
def message_tone(level: str) -> str:
    """The tone of a message by its level."""
    return {"success": "good", "warning": "wait", "error": "bad"}.get(level, "go")
