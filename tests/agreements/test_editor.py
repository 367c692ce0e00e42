import io

import pypdf
import pytest
from django.db.models.functions import Now
from django.urls import reverse

from contracts.agreements import changes, content, previews, services
from contracts.agreements.clauses import UnknownPlaceholder
from contracts.agreements.models import ContractClause, DraftPreview
from procurement.common import documents
from procurement.common.models import Event, Rendering
from tests.agreements.conftest import at
from tests.factories import make_auditor, make_contract_manager, make_officer

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(name, contract, *more):
    return reverse(f"agreements:{name}", args=[contract.pk, *more])


@pytest.fixture
def draft(deal, client):
    deal.draft()
    client.force_login(deal.officer)
    return deal.contract


def typed(client, contract, **changed):
    """The editor's form as it is shown, with some of it typed over."""
    page = client.get(url("edit", contract))
    values = {}
    for form in (
        page.context["form"],
        page.context["clauses"].management_form,
        *page.context["clauses"].forms,
    ):
        for field in form:
            value = field.value()
            values[field.html_name] = "" if value in (None, False) else value
    values = {name: value for name, value in values.items() if not (name.endswith("-DELETE") and not value)}
    assert (
        not set(changed)
        - set(values)
        - {"next", "add", "library"}
        - {n for n in changed if n.endswith("DELETE")}
    )
    return {**values, **changed}


def sources(contract):
    return [(one.code, one.title) for one in content.sources_of(contract)]


def test_saving_what_is_shown_keeps_the_template(draft, client):
    answer = client.post(url("edit", draft), typed(client, draft, next="edit"))
    assert answer.url == url("edit", draft)
    assert not ContractClause.objects.exists()


def test_clauses_are_changed_moved_and_left_out(draft, client):
    before = sources(draft)
    values = typed(
        client, draft,
        **{"clauses-0-title": "供货范围", "clauses-2-ORDER": "1", "clauses-0-ORDER": "2", "clauses-1-DELETE": "on"},
    )  # fmt: skip

    answer = client.post(url("edit", draft), {**values, "next": "submit"})

    assert answer.url == url("submit", draft)
    after = sources(draft)
    assert after[0] == before[2]
    assert after[1] == (before[0][0], "供货范围")
    assert before[1] not in after
    assert len(after) == len(before) - 1
    page = client.get(url("edit", draft)).content.decode()
    assert "Changed" in page
    assert f'value="{before[1][0]}"' in page  # may be added again

    client.post(url("edit", draft), typed(client, draft, add="1", library=before[1][0]))
    assert sources(draft)[-1] == before[1]


def test_a_form_that_was_never_filled_in_is_no_clause(draft, client):
    values = typed(client, draft)
    count = int(values["clauses-TOTAL_FORMS"])
    before = sources(draft)
    answer = client.post(url("edit", draft), {**values, "clauses-TOTAL_FORMS": count + 1})
    assert answer.status_code == 302
    assert sources(draft) == before
    for nonsense in ("9999", "x", "-1"):
        refused = client.post(
            url("edit", draft), {**values, "clauses-TOTAL_FORMS": nonsense, "title": "Other"}
        )
        assert refused.status_code == 200
        draft.refresh_from_db()
        assert draft.title != "Other"


def test_another_template_brings_its_own_clauses(draft, client, template):
    from contracts.agreements.models import Clause, ContractTemplate, TemplateClause

    client.post(url("edit", draft), typed(client, draft, **{"clauses-0-title": "供货范围"}))
    assert ContractClause.objects.exists()
    short = ContractTemplate.objects.create(code="short", name="短")
    TemplateClause.objects.create(template=short, clause=Clause.objects.get(code="warranty"), position=1)

    client.post(url("edit", draft), typed(client, draft, template=short.pk))

    draft.refresh_from_db()
    assert [code for code, _title in sources(draft)] == ["warranty"]


def test_an_unknown_placeholder_is_named_at_its_clause_and_nothing_is_kept(draft, client):
    values = typed(client, draft, title="Other", **{"clauses-3-body": "Pay {{supplier.iban}} at once."})

    page = client.post(url("edit", draft), values)

    assert "supplier.iban" in str(page.context["clauses"].forms[3].errors["body"])
    assert "Pay {{supplier.iban}} at once." in page.context["clauses"].forms[3]["body"].value()
    assert not ContractClause.objects.exists()
    draft.refresh_from_db()
    assert draft.title != "Other"
    one = content.sources_of(draft)[0]
    from dataclasses import replace

    with pytest.raises(UnknownPlaceholder):
        services.update(
            contract_id=draft.pk,
            terms=services.Terms(title="x", template=draft.template),
            sources=[replace(one, body="{{clause.nowhere}}")],
            edit_version=draft.edit_version,
            actor=draft.manager,
        )


def test_the_preview_shows_what_is_typed_and_saves_nothing(draft, client):
    values = typed(
        client,
        draft,
        title="Pumps for unit 9",
        **{"clauses-0-body": "只供水泵。", "clauses-0-body_en": "Pumps only."},
    )

    state = client.post(url("preview", draft), values, **HTMX).content.decode()

    assert "being made" in state
    preview = DraftPreview.objects.get()
    assert previews.make(preview_id=preview.pk)
    state = client.get(url("preview", draft), **HTMX).content.decode()
    assert "<iframe" in state
    answer = client.get(url("preview_pdf", draft))
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    for part in ("Pumps for unit 9", "Pumps only.", "草稿 DRAFT", "not on record"):
        assert part in text, part
    draft.refresh_from_db()
    assert draft.title != "Pumps for unit 9"
    assert not ContractClause.objects.exists()
    assert not Rendering.objects.exists()


def test_typing_fast_sends_one_message_and_the_latest_text_wins(
    deal, quick_print, monkeypatch, django_capture_on_commit_callbacks
):
    contract, sent = deal.draft(), []
    monkeypatch.setattr(previews, "_send", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        for word in ("a", "b", "c", "c"):
            text = {**content.preview_of(contract, at=at()()), "title": word}
            preview = previews.ask(contract=contract, person=deal.officer, content=text)
    assert sent == [preview.pk]
    assert preview.wanted == 3

    assert previews.make(preview_id=preview.pk)
    assert not previews.make(preview_id=preview.pk)  # a second message finds nothing to do
    preview.refresh_from_db()
    assert (preview.made, preview.wanted, preview.queued_at) == (3, 3, None)
    with django_capture_on_commit_callbacks(execute=True):
        previews.ask(contract=contract, person=deal.officer, content=text)  # the same text
    assert len(sent) == 1
    with django_capture_on_commit_callbacks(execute=True):
        previews.ask(contract=contract, person=deal.officer, content={**text, "title": "d"})
    assert len(sent) == 2


def test_a_preview_that_fails_says_so_and_may_be_asked_for_again(deal, monkeypatch):
    contract = deal.draft()
    text = content.preview_of(contract, at=at()())
    monkeypatch.setattr(documents.pdf, "make", lambda html: 1 / 0)
    preview = previews.ask(contract=contract, person=deal.officer, content=text)
    assert not previews.make(preview_id=preview.pk)
    preview.refresh_from_db()
    assert "could not be made" in preview.error
    assert previews.ask(contract=contract, person=deal.officer, content=text).is_waiting


def test_what_cannot_be_printed_is_named_beside_the_editor(draft, client):
    values = typed(client, draft, delivery_terms="")
    state = client.post(url("preview", draft), values, **HTMX).content.decode()
    assert "terms of delivery" in state
    values = typed(client, draft, **{"clauses-3-body": "{{nobody.knows}}"})
    state = client.post(url("preview", draft), values, **HTMX).content.decode()
    assert "nobody.knows" in state.split('id="problem-3"')[1].split("</span>")[0]
    assert not DraftPreview.objects.exists()


def test_without_scripts_a_button_shows_the_preview_and_keeps_what_was_typed(draft, client):
    page = client.post(url("preview", draft), typed(client, draft, title="Typed"))
    assert "Typed" in page.content.decode()
    assert "wait=1" in page.content.decode()
    waiting = client.get(url("preview_pdf", draft) + "?wait=1").content.decode()
    assert 'http-equiv="refresh"' in waiting


def test_a_preview_is_for_its_own_typist(draft, deal, client, quick_print):
    client.post(url("preview", draft), typed(client, draft), **HTMX)
    previews.make(preview_id=DraftPreview.objects.get().pk)
    for person in (deal.manager, make_auditor(deal.company), make_officer(), deal.signer):
        client.force_login(person)
        assert client.get(url("preview_pdf", draft)).status_code == 404


def test_sending_it_takes_the_previews_away(draft, client, quick_print):
    client.post(url("preview", draft), typed(client, draft), **HTMX)
    client.post(url("submit", draft))
    assert not DraftPreview.objects.exists()


def abandon(preview):
    DraftPreview.objects.filter(pk=preview.pk).update(asked_at=Now() - previews.ABANDONED)


def test_a_preview_nobody_asks_for_goes_and_opening_the_editor_makes_it_anew(draft, client, quick_print):
    values = typed(client, draft, title="Typed before the holidays")
    client.post(url("preview", draft), values, **HTMX)
    old = DraftPreview.objects.get()
    previews.make(preview_id=old.pk)
    old.refresh_from_db()
    assert previews.sweep() == 0
    abandon(old)
    assert previews.sweep() == 1

    assert "<iframe" not in client.get(url("edit", draft)).content.decode()
    assert client.get(url("preview_pdf", draft)).status_code == 404
    opened = client.post(url("preview", draft), {**values, "shown": old.shown_as}, **HTMX)  # a tab left open
    assert "being made" in opened.content.decode()
    new = DraftPreview.objects.get()
    assert previews.make(preview_id=new.pk)
    assert "<iframe" in client.get(url("preview", draft), {"shown": old.shown_as}, **HTMX).content.decode()
    assert client.get(url("preview_pdf", draft))["Content-Type"] == "application/pdf"


def test_asking_for_the_same_text_keeps_a_preview(draft, client, quick_print):
    values = typed(client, draft)
    client.post(url("preview", draft), values, **HTMX)
    preview = DraftPreview.objects.get()
    previews.make(preview_id=preview.pk)
    abandon(preview)

    client.post(url("preview", draft), values, **HTMX)

    assert previews.sweep() == 0
    preview.refresh_from_db()
    assert preview.made == preview.wanted == 1  # and it is not printed again


def test_versions_are_compared_word_by_word(deal, client, quick_print):
    deal.send()
    services.recall(contract_id=deal.contract.pk, reason="Price", actor=deal.officer, clock=at(2))
    contract = deal.reload()
    client.force_login(deal.officer)
    assert "Nothing was changed" in client.get(url("changes", contract)).content.decode()
    values = typed(
        client, contract, payment_terms="60 days <b>",
        **{"clauses-1-DELETE": "on", "clauses-0-body_en": "Everything is otherwise.", "clauses-0-body": "都不同。"},
    )  # fmt: skip
    client.post(url("edit", contract), values)
    page = client.get(url("changes", contract)).content.decode()
    assert "<del>" in page
    assert "Left out" in page
    assert "&lt;b&gt;" in page

    services.submit(contract_id=contract.pk, actor=deal.officer, clock=at(4))
    assert "Left out" in client.get(url("version", contract, 2)).content.decode()
    assert client.get(url("version", contract, 1)).status_code == 404
    assert client.get(url("changes", contract)).status_code == 404
    assert url("version", contract, 2) in client.get(url("history", contract)).content.decode()


def test_marks_are_by_character_in_chinese_and_by_word_elsewhere():
    assert changes.marked("三十日内付款", "六十日内付款") == "<del>三</del><ins>六</ins>十日内付款"
    assert changes.marked("within 30 days", "within 45 days") == "within <del>30</del><ins>45</ins> days"


# --- its end


@pytest.fixture
def active(printed):
    from datetime import date

    from contracts.agreements.models import Contract

    printed.sign("supplier")
    printed.sign("buyer")
    Contract.objects.filter(pk=printed.contract.pk).update(ends_on=date(2026, 6, 30), notice_days=60)
    printed.reload()
    return printed


def test_before_a_contract_ends_its_managers_are_asked(active, client):
    from datetime import UTC, datetime

    from contracts.agreements.turns import contracts_to_renew

    before, due = datetime(2026, 4, 30, 12, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert contracts_to_renew(active.officer, before) == []
    for person in (active.officer, active.manager):
        assert [turn.number for turn in contracts_to_renew(person, due)] == [active.contract.number]
    assert contracts_to_renew(make_contract_manager(), due) == []

    client.force_login(active.manager)
    address = url("renew", active.contract)
    assert "30 Jun 2026" in client.get(address).content.decode()
    refused = client.post(address, {"decision": "maybe"})
    assert refused.status_code == 200
    assert contracts_to_renew(active.manager, due) != []
    answer = client.post(address, {"decision": "end", "note": "New tender in May"})
    assert answer.url == active.contract.get_absolute_url()
    assert contracts_to_renew(active.officer, due) == []
    assert Event.objects.about(active.contract).filter(verb="contract.renewal_decided").count() == 1
    assert "New tender in May" in client.get(answer.url).content.decode()


def test_renewal_is_decided_of_active_contracts_that_end(draft, client):
    assert client.get(url("renew", draft)).status_code == 404
