"""Every printed document: rooms register what they print, services request it, the `heavy` process makes it.

A `Rendering` row is the promise: written in the transaction of the change that needs it, made afterwards, and
found again by the sweep when a message or a process was lost. The bytes never change once they are there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from procurement.common import files, pdf, wording
from procurement.common.errors import RuleViolation
from procurement.common.figures import zone_of
from procurement.common.models import Rendering

logger = logging.getLogger(__name__)
Text = str | Promise
BOTH, CHINESE, ENGLISH = "zh-en", "zh", "en"
QR_TITLES = {ENGLISH: "QR code:", CHINESE: "二维码："}
MAX_ATTEMPTS = 3
KILLED = "Killed"
STALE = timedelta(minutes=6)  # a little more than the hard limit of the heavy process
WAITED_LONG = timedelta(minutes=2)
SWEEP_SECONDS = 60.0
SWEEP_LIMIT = 20
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose letterhead stands on the first page."""

    name: str
    name_en: str = ""
    address: str = ""
    address_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one printed document says: the head that all share, and the context of its own template.

    `created` and everything else comes from data, so that the same data gives the same bytes; `digest` is that of
    the record the document shows (`wording.digest_of`), printed on it to be compared.
    """

    title: str
    number: str
    created: datetime
    issuer: Issuer
    digest: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: str = ""  # draft, copy or void: a word in the head, for draft and void a watermark
    time_zone: str = "Asia/Shanghai"

    @property
    def filename(self) -> str:
        """The name under which it is downloaded."""
        return f"{self.number}.pdf"


Builder = Callable[[int, int, str], Document]
Judge = Callable[[Any, Rendering], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of printed document, as its room registered it."""

    template: str
    label: Text
    subject_model: type[models.Model]
    build: Builder
    may_view: Judge
    is_withdrawn: Callable[[Rendering], bool]

    @property
    def subject_type(self) -> str:
        """How its subjects are named in rows."""
        return self.subject_model._meta.label_lower


kinds: dict[str, Kind] = {}


def register(
    template: str,
    *,
    label: Text,
    subject_model: type[models.Model],
    builder: Builder,
    may_view: Judge,
    is_withdrawn: Callable[[Rendering], bool] = lambda rendering: False,
) -> None:
    """Add a kind, from `AppConfig.ready()`. It is drawn by `templates/print/<template>.html`.

    `builder(subject_id, version, language)` collects what is printed; a RuleViolation from it is shown as the reason
    why there is no PDF. `may_view(user, rendering)` decides for both doors; whoever may not gets 404.
    `is_withdrawn(rendering)` is asked when somebody checks a copy.
    """
    kinds[template] = Kind(template, label, subject_model, builder, may_view, is_withdrawn)


def request(template: str, subject: models.Model, *, version: int = 1, language: str = BOTH) -> Rendering:
    """Ask for a document in the caller's transaction; asking again answers with the same row. One statement."""
    rendering: Rendering = Rendering.objects.raw(
        """
        INSERT INTO common_rendering (public_id, template, subject_type, subject_id, version, language, input_hash, status, attempts, error)
        VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, '', 'pending', 0, '')
        ON CONFLICT (template, subject_type, subject_id, version, language) DO UPDATE SET template = excluded.template
        RETURNING *
        """,
        [template, kinds[template].subject_type, subject.pk, version, language],
    )[0]
    if rendering.status == Rendering.Status.PENDING:
        wake(rendering)
    return rendering


def request_next(template: str, subject: models.Model, *, language: str = BOTH) -> Rendering:
    """Ask for a document anew because what it says has changed: one version later than the last. One statement.

    The caller holds the subject's row, so that no two ask for the same version.
    """
    rendering: Rendering = Rendering.objects.raw(
        """
        INSERT INTO common_rendering (public_id, template, subject_type, subject_id, version, language, input_hash, status, attempts, error)
        SELECT gen_random_uuid(), %(template)s::varchar, %(type)s::varchar, %(subject)s::bigint, coalesce(max(version), 0) + 1,
            %(language)s::varchar, '', 'pending', 0, ''
        FROM common_rendering
        WHERE template = %(template)s::varchar AND subject_type = %(type)s::varchar
            AND subject_id = %(subject)s::bigint AND language = %(language)s::varchar
        RETURNING *
        """,
        {
            "template": template,
            "type": kinds[template].subject_type,
            "subject": subject.pk,
            "language": language,
        },
    )[0]
    wake(rendering)
    return rendering


def wake(rendering: Rendering) -> None:
    """Tell the heavy process after the commit; if the broker cannot be reached, the sweep finds the row."""
    if settings.WAKE_WORKERS:
        transaction.on_commit(lambda: _send(rendering.pk), robust=True)


def _send(rendering_id: int) -> None:
    from procurement.common.document_tasks import render_document

    render_document.apply_async(kwargs={"rendering_id": rendering_id}, retry=False)


def find(
    template: str, subject: models.Model, *, version: int = 1, language: str | None = None
) -> Rendering | None:
    """The document as requested, with its file, or None."""
    rows = Rendering.objects.select_related("file").filter(
        template=template, subject_type=kinds[template].subject_type, subject_id=subject.pk, version=version
    )
    return (rows if language is None else rows.filter(language=language)).order_by("pk").first()


def latest(template: str, subject: models.Model, *, language: str | None = None) -> Rendering | None:
    """The last version that was requested, with its file, or None."""
    rows = Rendering.objects.select_related("file").filter(
        template=template, subject_type=kinds[template].subject_type, subject_id=subject.pk
    )
    return (rows if language is None else rows.filter(language=language)).order_by("-version", "pk").first()


def may_view(user: Any, rendering: Rendering) -> bool:
    """Whether the room that owns the subject lets this person see the document."""
    kind = kinds.get(rendering.template)
    return kind is not None and kind.may_view(user, rendering)


def verify_url(rendering: Rendering) -> str:
    """The address printed on the document, where its digest can be compared."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('documents:verify', args=[rendering.public_id])}"


# --- making ---


def render(*, rendering_id: int) -> bool:
    """Make one requested document; False when it is made already, in other hands, or could not be made.

    The attempt is committed before the work begins, so that a document that kills its process is given up after three.
    """
    claimed = _claim(rendering_id)
    if claimed is None:
        return False
    if claimed.attempts > MAX_ATTEMPTS:
        reason = _("Making this document stopped the process %(count)d times.") % {"count": MAX_ATTEMPTS}
        _fail(claimed, reason, fault=KILLED)
        return False
    try:
        document, data, pages = _make(claimed)
        with transaction.atomic():
            _finish(claimed, document, data, pages)
    except pdf.EngineMissing as missing:
        fault = type(missing).__name__
        _update(claimed, status=Rendering.Status.PENDING, attempts=0, error=str(missing)[:300], fault=fault)
    except RuleViolation as refusal:
        _fail(claimed, str(refusal), fault=type(refusal).__name__)
    except Exception as problem:
        logger.exception("rendering %s failed", rendering_id)
        _try_again(claimed, problem)
    else:
        return True
    return False


def _claim(rendering_id: int) -> Rendering | None:
    """Take it, unless somebody took it a moment ago."""
    rows = Rendering.objects.raw(
        """
        UPDATE common_rendering SET status = 'running', attempts = attempts + 1, started_at = clock_timestamp()
        WHERE id = %s AND (status = 'pending' OR (status = 'running' AND started_at < clock_timestamp() - %s))
        RETURNING *
        """,
        [rendering_id, STALE],
    )
    return next(iter(rows), None)


def _make(rendering: Rendering) -> tuple[Document, bytes, int]:
    document = kinds[rendering.template].build(rendering.subject_id, rendering.version, rendering.language)
    data, pages = pdf.make(html_of(rendering, document))
    return document, data, pages


def html_of(rendering: Rendering, document: Document) -> str:
    """The page that is printed, in the language of the document, whoever asked for it."""
    url = verify_url(rendering)
    title = f"{QR_TITLES.get(rendering.language, QR_TITLES[CHINESE])} {url}"
    return _filled(
        rendering.template,
        document,
        rendering.language,
        verify_url=url,
        qr=wording.qr_code(url, title=title),
    )


def draft_html(template: str, document: Document, *, language: str) -> str:
    """The page of a draft that is not on record: it carries no code, and says so."""
    return _filled(template, document, language)


def _filled(template: str, document: Document, language: str, **more: Any) -> str:
    context = {
        **document.context,
        "document": document,
        "language": language,
        "html_lang": "en" if language == ENGLISH else "zh-CN",
        **more,
    }
    spoken = "en" if language == ENGLISH else "zh-hans"
    with translation.override(spoken), timezone.override(zone_of(document.time_zone)):
        return render_to_string(f"print/{template}.html", context)


def _finish(rendering: Rendering, document: Document, data: bytes, pages: int) -> None:
    stored = files.store_bytes(data, name=document.filename, content_type="application/pdf")
    mine = _update(
        rendering,
        status=Rendering.Status.DONE,
        file=stored,
        pages=pages,
        input_hash=document.digest,
        error="",
        fault="",
        finished_at=Now(),
    )
    if not mine:
        raise RuleViolation(_("This document was made elsewhere meanwhile."))


def _update(rendering: Rendering, **values: Any) -> bool:
    """Change the row as long as this attempt still holds it."""
    held = Rendering.objects.filter(
        pk=rendering.pk, status=Rendering.Status.RUNNING, attempts=rendering.attempts
    )
    return bool(held.update(**values))


def _fail(rendering: Rendering, reason: str, *, fault: str) -> None:
    _update(
        rendering, status=Rendering.Status.FAILED, error=reason[:300], fault=fault[:80], finished_at=Now()
    )


def _try_again(rendering: Rendering, problem: Exception) -> None:
    fault = type(problem).__name__
    reason = _("The document could not be made (%(kind)s).") % {"kind": fault}
    if rendering.attempts >= MAX_ATTEMPTS:
        _fail(rendering, reason, fault=fault)
    else:
        _update(rendering, status=Rendering.Status.PENDING, error=reason[:300], fault=fault[:80])


def retry(*, rendering_id: int) -> None:
    """Somebody asks once more for a document that failed or waits."""
    waiting = Rendering.objects.filter(
        pk=rendering_id, status__in=[Rendering.Status.FAILED, Rendering.Status.PENDING]
    )
    if _anew(waiting):
        wake(Rendering(pk=rendering_id))


def retry_all(renderings: Sequence[Rendering]) -> None:
    """The same for several, whose rows the caller holds. One whose process died is only looked for at once."""
    _anew(
        Rendering.objects.filter(pk__in=[one.pk for one in renderings]).exclude(
            status__in=[Rendering.Status.RUNNING, Rendering.Status.DONE]
        )
    )
    for rendering in renderings:
        wake(rendering)


def _anew(renderings: models.QuerySet[Rendering]) -> int:
    return renderings.update(
        status=Rendering.Status.PENDING, attempts=0, error="", fault="", requested_at=Now()
    )


def due() -> list[int]:
    """What waits although its message should have arrived, or was left by a process that died; oldest first."""
    left = Q(status=Rendering.Status.RUNNING, started_at__lt=Now() - STALE)
    unheard = Q(status=Rendering.Status.PENDING, requested_at__lt=Now() - WAITED_LONG)
    rows = Rendering.objects.filter(left | unheard, template__in=list(kinds)).order_by("requested_at", "pk")
    return list(rows.values_list("pk", flat=True)[:SWEEP_LIMIT])


def sweep() -> int:
    """Make what was left undone, for at most a minute; runs on the heavy queue itself. Returns how many were made."""
    began, made = time.monotonic(), 0
    for rendering_id in due():
        made += render(rendering_id=rendering_id)
        if time.monotonic() - began > SWEEP_SECONDS:
            break
    return made


def render_pending() -> int:
    """Make everything that waits, in this process: for the replay, the demo and tests. Returns how many were made."""
    waiting = Rendering.objects.filter(status=Rendering.Status.PENDING, template__in=list(kinds))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    return sum(render(rendering_id=pk) for pk in ids)
