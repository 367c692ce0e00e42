"""Pages of evaluation: who finds them, what they show, what they keep when something is refused."""

import io
import zipfile
from decimal import Decimal

import pytest
import python_calamine
from django.urls import reverse

from procurement.common import files, jobs
from procurement.common.models import Job
from procurement.evaluation import awards, export, scoring
from procurement.evaluation.models import Award, OwnPick, Score
from procurement.evaluation.scoring import Given
from procurement.organization.models import Role
from tests.evaluation.acts import all_to, one_approver, propose, quantities, submit
from tests.evaluation.builders import make_evaluator, make_opened
from tests.factories import (
    UserFactory,
    make_approver,
    make_auditor,
    make_member,
    make_officer,
    make_opener,
    make_person,
    make_requester,
    make_rules,
)

pytestmark = pytest.mark.django_db
ON_RFQ = ["comparison", "scores", "award_create", "memo", "adopt", "close"]
ON_AWARD = ["award", "award_edit", "submit", "withdraw", "cancel"]


def url(name, subject):
    return reverse(f"evaluation:{name}", args=[subject.pk])


def get(client, user, address):
    client.force_login(user)
    return client.get(address)


def found(client, user, subject, names):
    return [name for name in names if get(client, user, url(name, subject)).status_code == 200]


@pytest.fixture
def made():
    return make_opened(
        [["10", "20"], ["12", "18"]],
        criteria=[("price", 60), ("quality", 40)],
        lines=[{"quantity": 10, "estimate": 25}] * 2,
    )


# --- who finds what ---


@pytest.mark.parametrize(
    ("roles", "on_rfq", "on_draft", "on_active"),
    [
        ([Role.OFFICER], ON_RFQ, ["award", "award_edit", "submit", "cancel"], ["award", "cancel"]),
        ([Role.CATEGORY_MANAGER], ["comparison"], ["award"], ["award"]),
        ([Role.AUDITOR], ["comparison"], ["award"], ["award"]),
        ([Role.EVALUATOR], ["comparison", "scores"], [], ["award"]),
        ([Role.OPENER], ["comparison"], [], []),
        ([Role.APPROVER], [], [], []),
        ([Role.REQUESTER], [], [], []),
        ([Role.ADMINISTRATOR], [], [], []),
        ([], [], [], []),
    ],
)
def test_who_finds_which_pages(client, made, roles, on_rfq, on_draft, on_active):
    person = make_person(made.company, *roles)
    award = propose(made, all_to(made)[:1])
    assert found(client, person, made.rfq, ON_RFQ) == on_rfq
    assert found(client, person, award, ON_AWARD) == on_draft
    Score.objects.all().delete()
    made.rfq.criteria.filter(kind="quality").delete()
    submit(award)
    assert found(client, person, award, ON_AWARD) == on_active


@pytest.mark.parametrize("stranger", ["another company", "supplier", "superuser", "bidder"])
def test_strangers_find_nothing(client, made, stranger):
    person = {
        "another company": lambda: make_officer(),
        "supplier": lambda: make_member(),
        "bidder": lambda: make_member(made.bids[0].supplier),
        "superuser": lambda: UserFactory(is_staff=True, is_superuser=True),
    }[stranger]()
    award = propose(made)
    assert found(client, person, made.rfq, ON_RFQ) == []
    assert found(client, person, award, ON_AWARD) == []
    client.force_login(person)
    for name, subject in [*((name, made.rfq) for name in ON_RFQ), *((name, award) for name in ON_AWARD)]:
        assert client.get(url(name, subject)).status_code == 404
        if name not in {"comparison", "award"}:
            assert client.post(url(name, subject), {"reason": "x"}).status_code == 404
    award.refresh_from_db()
    assert award.status == "draft"


def test_without_log_in_there_is_only_the_log_in_page(client, made):
    award = propose(made)
    for name, subject in [*((name, made.rfq) for name in ON_RFQ), *((name, award) for name in ON_AWARD)]:
        assert client.get(url(name, subject)).status_code == 302
    assert client.get(reverse("evaluation:list")).status_code == 302


def test_an_approver_asked_finds_award_and_comparison(client, made):
    made.rfq.criteria.filter(kind="quality").delete()
    approver = one_approver(made)
    award = submit(propose(made))
    assert found(client, approver, award, ON_AWARD) == ["award"]
    assert found(client, approver, made.rfq, ON_RFQ) == ["comparison"]
    assert found(client, make_approver(made.company), award, ON_AWARD) == []


def test_before_the_opening_there_is_no_comparison(client, made):
    type(made.rfq).objects.filter(pk=made.rfq.pk).update(status="published", opened_at=None)
    assert found(client, made.officer, made.rfq, ON_RFQ) == []
    assert found(client, make_opener(made.company), made.rfq, ON_RFQ) == []


# --- comparison ---


def text(response):
    return response.content.decode()


def test_the_matrix_names_marks_in_words(client):
    made = make_opened(
        [["100", "5"], ["120", None], ["100", "9"], ["400", "7"]],
        lines=[{"quantity": 1, "estimate": 110}, {"quantity": 2, "estimate": 8}],
    )
    page = text(get(client, made.officer, url("comparison", made.rfq)))
    assert "lowest" in page
    assert "not quoted" in page
    assert "▲ 264 %" in page
    assert "1 missing" in page
    assert "no rank" in page
    assert "rank 1" in page
    assert 'class="price q5 best pick"' in page
    assert page.count('<th scope="col"><b>') == 4


def test_suppliers_are_hidden_and_pinned_by_address(client):
    made = make_opened([["10"], ["20"], ["30"]])
    first, second, third = made.bids
    page = get(
        client,
        made.officer,
        f"{url('comparison', made.rfq)}?hide={first.pk}&pin={third.pk}&pin=x&hide=-1&page=zz&scenario=bogus",
    )
    assert [column.offer.id for column in page.context["columns"]] == [third.pk, second.pk]
    assert "Show 1 hidden supplier" in text(page)
    cells = page.context["rows"][0].cells
    assert [cell.price for cell in cells] == ["30.00", "20.00"]
    assert not any("best" in cell.css for cell in cells)  # the lowest price is still the hidden one's


def test_ways_to_award_are_switched_by_address(client, made):
    address = url("comparison", made.rfq)
    one = get(client, made.officer, address)
    lines = get(client, made.officer, f"{address}?scenario=lines")
    assert [["pick" in cell.css for cell in row.cells] for row in one.context["rows"]] == [
        [True, False],
        [True, False],
    ]
    assert [["pick" in cell.css for cell in row.cells] for row in lines.context["rows"]] == [
        [True, False],
        [False, True],
    ]
    assert "¥280.00" in text(lines)
    assert f"{url('award_create', made.rfq)}?from=lines" in text(lines)


def test_long_rfqs_are_shown_in_windows(client):
    made = make_opened([[str(n) for n in range(1, 121)]] * 2)
    address = url("comparison", made.rfq)
    first, last = get(client, made.officer, address), get(client, made.officer, f"{address}?page=3")
    assert [row.position for row in first.context["rows"]] == list(range(1, 51))
    assert [row.position for row in last.context["rows"]] == list(range(101, 121))
    assert "Lines 101–120 of 120" in text(last)
    assert get(client, made.officer, f"{address}?page=99").context["rows"][0].position == 1


def test_nobody_bid(client):
    made = make_opened([], lines=[1])
    page = get(client, made.officer, url("comparison", made.rfq))
    assert "No bid to compare" in text(page)
    client.post(url("close", made.rfq), {"code": "other", "note": "Nobody bid"})
    made.rfq.refresh_from_db()
    assert made.rfq.status == "unsuccessful"


def test_a_bid_that_could_not_be_opened_is_named(client):
    made = make_opened([["10"], {"prices": ["1"], "status": "unreadable"}])
    page = text(get(client, made.officer, url("comparison", made.rfq)))
    assert "Not compared:" in page
    assert made.bids[1].supplier.label in page


def test_statements_of_a_comparison_do_not_grow_with_it(client, django_assert_max_num_queries):
    small = make_opened([["1"]])
    large = make_opened([[str(n) for n in range(1, 61)] for _n in range(20)])
    for made in (small, large):
        client.force_login(made.officer)
        with django_assert_max_num_queries(31):
            client.get(url("comparison", made.rfq))


def test_hidden_and_pinned_suppliers_are_remembered_for_each_person(client):
    made = make_opened([["10"], ["20"], ["30"]])
    first, second, third = made.bids
    address = url("comparison", made.rfq)

    def shown(user, query=""):
        return [column.offer.id for column in get(client, user, address + query).context["columns"]]

    assert shown(made.officer, f"?hide={first.pk}&pin={third.pk}") == [third.pk, second.pk]
    assert shown(made.officer) == [third.pk, second.pk]
    assert shown(made.officer, "?scenario=lines") == [third.pk, second.pk]
    assert shown(make_officer(made.company)) == [first.pk, second.pk, third.pk]
    page = get(client, made.officer, address)
    assert shown(made.officer, page.context["show_all_url"]) == [third.pk, first.pk, second.pk]
    assert shown(made.officer) == [third.pk, first.pk, second.pk]


def test_many_suppliers_stand_on_several_pages_and_pinned_ones_on_each(client):
    made = make_opened([[str(n)] for n in range(1, 61)])
    last = made.bids[-1]
    address = f"{url('comparison', made.rfq)}?pin={last.pk}"
    first, second = get(client, made.officer, address), get(client, made.officer, f"{address}&suppliers=2")
    ids = [[column.offer.id for column in page.context["columns"]] for page in (first, second)]
    assert ids[0] == [last.pk, *(bid.pk for bid in made.bids[:24])]
    assert ids[1] == [last.pk, *(bid.pk for bid in made.bids[24:48])]
    assert "Suppliers 25–48 of 59" in text(second)
    assert "rank 60" in text(second)


def test_further_lines_come_while_somebody_scrolls(client):
    made = make_opened([[str(n) for n in range(1, 121)]] * 2)
    address = url("comparison", made.rfq)
    page = get(client, made.officer, f"{address}?scenario=lines&page=2&part=rows")
    assert [row.position for row in page.context["rows"]] == list(range(51, 101))
    assert "<html" not in text(page)
    assert "?scenario=lines&amp;page=3" in text(page)
    assert "page=4" not in text(client.get(f"{address}?page=3&part=rows"))


def sheets(content):
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_comparison_is_taken_away_as_a_workbook(client):
    made = make_opened([{"prices": ["10", None], "freight": "7"}, ["12", "18"]])
    page = get(client, made.officer, url("export", made.rfq))
    book = sheets(page.getvalue())
    assert list(book) == ["Totals", "Unit prices", "Terms"]
    assert any(made.bids[1].supplier.label in row and 300 in row for row in book["Totals"])
    assert [row[5:] for row in book["Unit prices"] if row[0] in {1, 2}] == [
        [10, 11, 12, 10],
        [18, 18, 18, ""],
    ]
    assert get(client, make_requester(made.company), url("export", made.rfq)).status_code == 404


def test_a_name_that_looks_like_a_formula_stays_a_name(client):
    made = make_opened([["10"]])
    type(made.bids[0].supplier).objects.update(name="=1+1", short_name="=1+1", name_en="=1+1")
    page = get(client, made.officer, url("export", made.rfq))
    with zipfile.ZipFile(io.BytesIO(page.getvalue())) as parts:
        assert b"=1+1" in parts.read("xl/sharedStrings.xml")
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name)


def test_a_large_comparison_is_work_that_may_be_left(client, monkeypatch):
    monkeypatch.setattr(export, "AT_ONCE", 1)
    made = make_opened([["10", "20"], ["12", "18"]])
    page = get(client, made.officer, url("export", made.rfq))
    job = Job.objects.get()
    assert page.url == reverse("jobs:show", args=[job.public_id])
    assert jobs.run_waiting() == 1
    job.refresh_from_db()
    assert list(sheets(files.read(job.file))) == ["Totals", "Unit prices", "Terms"]
    assert job.file.kept_until > job.finished_at
    assert get(client, made.officer, job.again_url).context["rfq"] == made.rfq


# --- own picks ---


def pick(client, made, *rows, htmx=False, query="?scenario=own"):
    """Ticks of the lines named: (line index, {bid index: quantity as typed})."""
    data = {"shown": [made.lines[line].pk for line, _bids in rows], "pick": []}
    for line, bids in rows:
        for bid, quantity in bids.items():
            key = f"{made.lines[line].pk}-{made.bids[bid].pk}"
            data["pick"].append(key)
            data[f"q{key}"] = quantity
    client.force_login(made.officer)
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(url("picks", made.rfq) + query, data, headers=headers)


def picked(made):
    rows = OwnPick.objects.filter(picker=made.officer).order_by("rfq_line__position", "opened_bid")
    return [
        (
            made.lines.index(one.rfq_line),
            [bid.pk for bid in made.bids].index(one.opened_bid_id),
            one.quantity,
        )
        for one in rows.select_related("rfq_line")
    ]


def test_a_tick_is_kept_and_answered_with_its_line_and_the_sum(client, made):
    page = pick(client, made, (0, {1: ""}), htmx=True)
    assert picked(made) == [(0, 1, None)]
    assert page.status_code == 200
    assert [row.position for row in page.context["rows"]] == [1]
    assert "¥120.00" in text(page)
    assert 'id="dock" hx-swap-oob="true"' in text(page)
    pick(client, made, (0, {}), htmx=True)
    assert picked(made) == []


def test_a_second_tick_splits_the_line_and_quantities_may_be_said(client, made):
    pick(client, made, (0, {0: ""}), htmx=True)
    page = pick(client, made, (0, {0: "", 1: ""}), htmx=True)
    assert picked(made) == [(0, 0, 5), (0, 1, None)]
    assert "¥110.00" in text(page)
    pick(client, made, (0, {0: "7", 1: ""}), htmx=True)
    assert picked(made) == [(0, 0, 7), (0, 1, None)]
    assert client.post(url("memo", made.rfq), {"start": "own"}).status_code == 302
    award = Award.objects.get()
    assert sorted(award.lines.values_list("opened_bid", "quantity")) == [
        (made.bids[0].pk, 7),
        (made.bids[1].pk, 3),
    ]


@pytest.mark.parametrize(
    "bids",
    [
        {0: "x", 1: ""},
        {0: "11", 1: ""},
        {0: "6", 1: "5"},
        {0: "10", 1: ""},
        {0: "-1", 1: "3"},
        {0: "0", 1: "3"},
    ],
)
def test_wrong_quantities_are_named_at_their_line_and_nothing_is_kept(client, made, bids):
    pick(client, made, (0, {0: ""}))
    for htmx in (True, False):
        page = pick(client, made, (0, bids), (1, {0: ""}), htmx=htmx)
        assert page.status_code == 422
        assert page.context["rows"][0].error
        assert f'value="{bids[0]}"' in text(page)
        assert picked(made) == [(0, 0, None)]


def test_a_forged_pick_of_another_rfq_is_refused(client, made):
    other = make_opened([["1"]])
    client.force_login(made.officer)
    key = f"{made.lines[0].pk}-{other.bids[0].pk}"
    assert client.post(url("picks", made.rfq), {"shown": made.lines[0].pk, "pick": key}).status_code == 422
    shown = {"shown": other.lines[0].pk, "pick": f"{other.lines[0].pk}-{other.bids[0].pk}"}
    assert client.post(url("picks", made.rfq), shown).status_code == 422
    assert not OwnPick.objects.exists()


def test_another_way_is_taken_over_and_changed_line_by_line(client, made):
    client.force_login(made.officer)
    answer = client.post(url("adopt", made.rfq), {"start": "lines"})
    assert answer.url == f"{url('comparison', made.rfq)}?scenario=own"
    assert picked(made) == [(0, 0, None), (1, 1, None)]
    page = client.get(answer.url)
    assert "¥280.00" in text(page)
    assert page.context["scenario"].saving == 220
    client.post(url("adopt", made.rfq))
    assert picked(made) == []


def test_an_award_memo_is_one_press_from_any_way(client, made):
    client.force_login(made.officer)
    answer = client.post(url("memo", made.rfq), {"start": "lines"})
    award = Award.objects.get()
    assert answer.url == url("award", award)
    assert (award.net, award.justification) == (280, "")
    page = client.post(url("memo", made.rfq), {"start": "lines"})
    assert "Pick at least one line" in text(page)
    assert "Create award memo" not in text(client.get(url("comparison", made.rfq)))


def test_what_an_award_holds_cannot_be_picked(client, made):
    propose(made, all_to(made)[:1])
    page = get(client, made.officer, f"{url('comparison', made.rfq)}?scenario=own")
    assert [row.can_be_picked for row in page.context["rows"]] == [False, True]
    assert pick(client, made, (0, {0: ""})).status_code == 422
    assert picked(made) == []


def test_own_picks_are_the_officers_alone(client, made):
    pick(client, made, (0, {0: ""}))
    other = make_officer(made.company)
    page = get(client, other, f"{url('comparison', made.rfq)}?scenario=own")
    assert not page.context["scenario"].shares
    evaluator = make_evaluator(made.company)
    assert "own" not in [
        one.key for one in get(client, evaluator, url("comparison", made.rfq)).context["scenarios"]
    ]
    assert client.post(url("picks", made.rfq), {"shown": made.lines[0].pk}).status_code == 404


# --- scores ---


def test_an_evaluator_keeps_points_and_remarks(client, made):
    evaluator = make_evaluator(made.company)
    quality = made.rfq.criteria.get(kind="quality")
    first, second = (f"{bid.pk}_{quality.pk}" for bid in made.bids)
    client.force_login(evaluator)
    data = {f"points_{first}": "87.5", f"comment_{first}": "Good works", f"points_{second}": "60"}
    assert client.post(url("scores", made.rfq), data).status_code == 302
    assert list(Score.objects.order_by("opened_bid").values_list("points", "comment")) == [
        (Decimal("87.5"), "Good works"),
        (60, ""),
    ]
    assert 'value="87.5"' in text(client.get(url("scores", made.rfq)))
    client.post(url("scores", made.rfq), {f"points_{first}": "90", f"points_{second}": ""})
    assert list(Score.objects.values_list("points", flat=True)) == [90]


def test_others_points_are_not_shown_on_the_sheet(client, made):
    quality = made.rfq.criteria.get(kind="quality")
    scoring.save_scores(
        rfq_id=made.rfq.pk,
        given=[Given(made.bids[0].pk, quality.pk, Decimal("73.25"))],
        actor=make_evaluator(made.company),
    )
    assert "73.25" not in text(get(client, make_evaluator(made.company), url("scores", made.rfq)))


@pytest.mark.parametrize("points", ["101", "-1", "NaN", "abc", "1e2", "10.555"])
def test_wrong_points_are_named_at_their_field_and_kept(client, made, points):
    quality = made.rfq.criteria.get(kind="quality")
    name = f"points_{made.bids[0].pk}_{quality.pk}"
    client.force_login(make_evaluator(made.company))
    page = client.post(url("scores", made.rfq), {name: points})
    assert page.status_code == 200
    assert name in page.context["form"].errors
    assert f'value="{points}"' in text(page)
    assert not Score.objects.exists()


def test_scores_stand_once_an_award_is_sent(client, made):
    quality = made.rfq.criteria.get(kind="quality")
    evaluator = make_evaluator(made.company)
    given = [Given(bid.pk, quality.pk, Decimal(80)) for bid in made.bids]
    scoring.save_scores(rfq_id=made.rfq.pk, given=given, actor=evaluator)
    one_approver(made)
    submit(propose(made))
    client.force_login(evaluator)
    assert "the scores stand" in text(client.get(url("scores", made.rfq)))
    page = client.post(url("scores", made.rfq), {f"points_{made.bids[0].pk}_{quality.pk}": "1"})
    assert "the scores stand" in text(page)
    assert set(Score.objects.values_list("points", flat=True)) == {80}


# --- writing an award ---


def picks(made, *rows, **more):
    """Form data: for each line (bid index or None, quantity) pairs."""
    data = {"justification": "Lowest", **more}
    for line, slots in zip(made.lines, rows, strict=True):
        for slot, (bid, quantity) in enumerate(slots):
            data[f"pick_{line.pk}_{slot}"] = "" if bid is None else made.bids[bid].pk
            data[f"quantity_{line.pk}_{slot}"] = quantity
    return data


def test_the_form_starts_from_a_scenario(client, made):
    for start, chosen in [
        ("lines", [0, 1]),
        ("one", [0, 0]),
        (f"bid-{made.bids[1].pk}", [1, 1]),
        ("bogus", [None, None]),
    ]:
        page = get(client, made.officer, f"{url('award_create', made.rfq)}?from={start}")
        values = [row.slots[0].pick.value() for row in page.context["form"].rows]
        assert values == ["" if bid is None else str(made.bids[bid].pk) for bid in chosen]


def test_picks_become_an_award(client, made):
    client.force_login(made.officer)
    data = picks(made, [(0, ""), (None, "")], [(0, "4"), (1, "6")])
    response = client.post(url("award_create", made.rfq), data)
    award = Award.objects.get()
    assert response.url == url("award", award)
    assert sorted((line.rfq_line.position, line.opened_bid_id, line.quantity) for line in award.lines.select_related("rfq_line")) == [
        (1, made.bids[0].pk, 10), (2, made.bids[0].pk, 4), (2, made.bids[1].pk, 6)
    ]  # fmt: skip
    assert award.justification == "Lowest"
    assert quantities(made) == [10, 10]


def test_one_open_quantity_takes_what_the_other_leaves(client, made):
    client.force_login(made.officer)
    client.post(url("award_create", made.rfq), picks(made, [(0, ""), (1, "3")], [(None, ""), (None, "")]))
    assert sorted(line.quantity for line in Award.objects.get().lines.all()) == [3, 7]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([[(0, "11"), (None, "")], [(None, ""), (None, "")]], id="more than is left"),
        pytest.param([[(0, "x"), (None, "")], [(None, ""), (None, "")]], id="no figure"),
        pytest.param([[(0, "0"), (None, "")], [(None, ""), (None, "")]], id="zero"),
        pytest.param([[(0, "-5"), (None, "")], [(None, ""), (None, "")]], id="negative"),
        pytest.param([[(0, ""), (1, "")], [(None, ""), (None, "")]], id="two open quantities"),
        pytest.param([[(0, "5"), (0, "5")], [(None, ""), (None, "")]], id="the same supplier twice"),
        pytest.param([[(None, "5"), (None, "")], [(None, ""), (None, "")]], id="a quantity for nobody"),
        pytest.param([[(None, ""), (None, "")], [(None, ""), (None, "")]], id="nothing picked"),
        pytest.param([[(0, "10"), (1, "")], [(None, ""), (None, "")]], id="nothing left for the second"),
    ],
)
def test_wrong_picks_are_explained_and_kept(client, made, rows):
    client.force_login(made.officer)
    page = client.post(url("award_create", made.rfq), picks(made, *rows))
    assert page.status_code == 200
    assert page.context["form"].errors
    assert "Lowest" in text(page)
    for (bid, quantity), slot in zip(rows[0], page.context["form"].rows[0].slots, strict=True):
        assert slot.quantity.value() == quantity
        assert str(slot.pick.value()) == ("" if bid is None else str(made.bids[bid].pk))
    assert not Award.objects.exists()
    assert quantities(made) == [0, 0]


def test_a_forged_pick_is_refused(client, made):
    other = make_opened([["1"]])
    client.force_login(made.officer)
    for forged in [str(other.bids[0].pk), "abc", "0", "9" * 30]:
        page = client.post(
            url("award_create", made.rfq), {f"pick_{made.lines[0].pk}_0": forged, "justification": "x"}
        )
        assert page.status_code == 200
    assert not Award.objects.exists()


@pytest.mark.parametrize("quantity", ["", "10"])
def test_the_loser_of_a_race_learns_who_won(client, made, quantity):
    """The page was made while the lines were free; somebody else was faster."""
    winner = propose(made)
    client.force_login(make_officer(made.company))
    page = text(client.post(url("award_create", made.rfq), picks(made, [(1, quantity)], [(1, quantity)])))
    assert f"{winner.number} holds the rest: proposed by {winner.created_by.name}" in page
    assert Award.objects.count() == 1


def test_a_line_taken_meanwhile_is_not_dropped_in_silence(client, made):
    propose(made, all_to(made)[:1])
    client.force_login(make_officer(made.company))
    page = client.post(url("award_create", made.rfq), picks(made, [(1, "")], [(1, "")]))
    assert page.status_code == 200
    assert "Only 0 are left of this line" in text(page)
    assert Award.objects.count() == 1


def test_lines_of_other_windows_are_kept(client):
    made = make_opened([[str(n) for n in range(1, 61)], ["15"] * 60])
    client.force_login(made.officer)
    address = f"{url('award_create', made.rfq)}?from=bid-{made.bids[0].pk}"
    shown = client.get(address).context["form"]
    data = {"justification": "x", "go": "2"}
    for row in shown.rows:
        data[row.slots[0].pick.html_name] = made.bids[1].pk
    response = client.post(address, data)
    award = Award.objects.get()
    assert response.url == f"{url('award_edit', award)}?page=2"
    assert award.lines.filter(opened_bid=made.bids[1]).count() == 50
    assert award.lines.filter(opened_bid=made.bids[0]).count() == 10
    page = client.get(response.url)
    assert [row.line.row.position for row in page.context["form"].rows] == list(range(51, 61))
    assert page.context["elsewhere"] == 50


def test_many_suppliers_are_picked_from_a_list(client):
    made = make_opened([[str(n)] for n in range(1, 12)])
    page = get(client, made.officer, f"{url('award_create', made.rfq)}?from=lines")
    assert "<select" in text(page)
    assert not page.context["form"].has_radios


def test_an_edit_shows_and_saves_what_is_held(client, made):
    award = propose(made, all_to(made)[:1])
    client.force_login(made.officer)
    page = client.get(url("award_edit", award))
    assert page.context["form"].rows[0].slots[0].pick.value() == str(made.bids[0].pk)
    data = picks(made, [(1, "2")], [(None, "")], edit_version=1)
    assert client.post(url("award_edit", award), data).status_code == 302
    award.refresh_from_db()
    assert (award.net, award.edit_version) == (Decimal("24.00"), 2)
    page = client.post(url("award_edit", award), data)
    assert "Somebody else changed this award" in text(page)


# --- the memo and what is done with it ---


def test_the_memo_says_why_what_and_compared_with_what(client):
    made = make_opened(
        [{"prices": ["10", "20"], "freight": "7"}, ["12", "18"], {"prices": ["1", "1"], "status": "unreadable"}],
        lines=[{"quantity": 10, "estimate": 25}] * 2, min_bidders=3,
    )  # fmt: skip
    one_approver(made)
    award = submit(propose(made, all_to(made)[:1] + all_to(made, 1)[1:], why="Best of both."))
    page = text(get(client, made.officer, url("award", award)))
    for said in [
        "Best of both.", "¥282.33", "43.5 %", "2 of 2 lines", "2 bids compared", "least 3", "could not be opened" and "is not compared",
        "Every line goes to its lowest price", "Freight is part of the award", "¥2.33", "Within the estimate", "Approval chain", "their turn since",
    ]:  # fmt: skip
        assert said in page, said


def test_concerns_are_named(client):
    made = make_opened([["10"], ["30"], ["31"]], lines=[{"quantity": 1, "estimate": 5}])
    page = text(get(client, made.officer, url("award", propose(made))))
    assert "Abnormally low price" in page
    assert "Above the estimate" in page
    other = make_opened([["10", None], ["9", "5"]])
    page = text(get(client, other.officer, url("award", propose(other, all_to(other)[:1]))))
    assert "Not every line goes to its lowest price" in page
    assert "1 line is not awarded in full" in page
    single = make_opened([["10"]])
    assert "A single bid" in text(get(client, single.officer, url("award", propose(single))))


def test_statements_of_a_memo_do_not_grow_with_it(client, django_assert_max_num_queries):
    small = make_opened([["1"]])
    large = make_opened([[str(n) for n in range(1, 81)] for _n in range(20)])
    for made in (small, large):
        award = propose(made)
        client.force_login(made.officer)
        with django_assert_max_num_queries(32):
            client.get(url("award", award))


def test_who_will_be_asked_is_shown_before_sending(client, made):
    made.rfq.criteria.filter(kind="quality").delete()
    award = propose(made)
    assert "Nobody: this award is below every limit" in text(get(client, made.officer, url("submit", award)))
    approver = one_approver(made)
    assert approver.name in text(client.get(url("submit", award)))
    assert client.post(url("submit", award), {"justification": "The lowest."}).status_code == 302
    award.refresh_from_db()
    assert award.status == "in_approval"


def test_what_is_missing_is_said_before_sending(client, made):
    award = propose(made)
    page = text(get(client, made.officer, url("submit", award)))
    assert "Not scored yet" in page
    page = text(client.post(url("submit", award)))
    assert "Not scored yet" in page
    award.refresh_from_db()
    assert award.status == "draft"


def test_a_rule_that_finds_nobody_is_said_before_sending(client):
    made = make_opened([["10"]])
    make_rules({"document_type": "award", "stages": [{"role": Role.FINANCE}]})
    page = text(get(client, made.officer, url("submit", propose(made))))
    assert "Nobody else holds it" in page


def test_a_second_click_says_how_it_stands(client):
    made = make_opened([["10"]])
    one_approver(made)
    award = propose(made)
    client.force_login(made.officer)
    assert client.post(url("submit", award), {"justification": "The lowest."}).status_code == 302
    again = client.post(url("submit", award), {"justification": "The lowest."})
    assert again.status_code == 409
    assert made.officer.name in text(again)
    assert "In approval" in text(again)
    assert client.get(url("submit", award)).status_code == 404


def test_taken_back_and_given_up(client):
    made = make_opened([["10"]])
    one_approver(made)
    award = submit(propose(made))
    client.force_login(made.officer)
    assert client.post(url("withdraw", award)).status_code == 302
    page = client.post(url("cancel", award), {"reason": ""})
    assert page.context["form"].errors["reason"]
    assert client.post(url("cancel", award), {"reason": "Wrong lines"}).status_code == 302
    award.refresh_from_db()
    assert award.status == "cancelled"
    assert "Wrong lines" in text(client.get(url("award", award)))


def test_nothing_more_is_awarded(client):
    made = make_opened([["10", "20"]])
    submit(propose(made, all_to(made)[:1]))
    client.force_login(made.officer)
    assert "Award nothing more" in text(client.get(url("comparison", made.rfq)))
    client.post(url("close", made.rfq), {"code": "need_gone"})
    made.rfq.refresh_from_db()
    assert made.rfq.status == "awarded"


# --- the list ---


def test_the_list_is_scoped_narrowed_and_paged(client, made, django_assert_max_num_queries):
    made.rfq.criteria.filter(kind="quality").delete()
    mine = [propose(made, all_to(made, quantity=Decimal("0.1"))) for _n in range(25)]
    submit(mine[0])
    propose(make_opened([["1"]]))
    client.force_login(made.officer)
    with django_assert_max_num_queries(13):
        page = client.get(reverse("evaluation:list"))
    assert len(page.context["page"]) == 20
    assert page.context["page"].count == 25
    assert mine[-1].number in text(page)
    active = client.get(reverse("evaluation:list") + "?status=active").context["page"]
    assert [award.pk for award in active] == [mine[0].pk]
    assert "No award found" in text(client.get(reverse("evaluation:list") + "?q=nothing"))
    assert len(client.get(f"{reverse('evaluation:list')}?q={mine[3].number}").context["page"]) == 1
    assert client.get(reverse("evaluation:list") + "?status=bogus&q=%00").status_code == 200


def test_people_without_a_part_in_it_see_an_empty_list(client, made):
    propose(made)
    for person in (make_requester(made.company), make_approver(made.company)):
        assert "No awards yet" in text(get(client, person, reverse("evaluation:list")))
    assert get(client, make_member(), reverse("evaluation:list")).status_code == 404
    assert len(get(client, make_auditor(made.company), reverse("evaluation:list")).context["page"]) == 1


# --- whose turn ---


def test_turns_follow_the_award(made):
    from procurement.common import turns
    from procurement.common.clock import database_clock

    def kinds(user):
        if hasattr(user, "_standing"):
            del user._standing
        return [
            (turn.kind, str(turn.action))
            for turn in turns.for_user(user, database_clock())
            if turn.kind in {"award", "score"}
        ]

    evaluator = make_evaluator(made.company)
    assert kinds(made.officer) == [("award", "Compare and award")]
    assert kinds(evaluator) == [("score", "Score the bids")]
    quality = made.rfq.criteria.get(kind="quality")
    scoring.save_scores(
        rfq_id=made.rfq.pk,
        given=[Given(bid.pk, quality.pk, Decimal(80)) for bid in made.bids],
        actor=evaluator,
    )
    assert kinds(evaluator) == []
    one_approver(made)
    award = propose(made)
    assert kinds(made.officer) == [("award", "Send for approval")]
    submit(award)
    assert kinds(made.officer) == []
    from tests.evaluation.acts import decide

    decide(award, "return", comment="?")
    assert kinds(made.officer) == [("award", "Answer the question")]
    awards.cancel(award_id=award.pk, reason="x", actor=made.officer)
    assert kinds(made.officer) == [("award", "Compare and award")]
