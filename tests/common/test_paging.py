"""Lists by keys: forwards and back the pages are the whole list, and no cursor breaks a page."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.accounts.models import User
from procurement.common import paging
from procurement.common.models import Event, StoredFile
from procurement.common.paging import page_of

pytestmark = pytest.mark.django_db


def get(**parameters):
    return RequestFactory().get("/", parameters)


@pytest.fixture
def files():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    StoredFile.objects.bulk_create(
        StoredFile(
            name="n" * (n % 3),
            content_type="x",
            size=n % 4,
            sha256="",
            path=str(n),
            created_at=start + timedelta(days=n % 5),
        )
        for n in range(23)
    )
    return StoredFile.objects.all()


ORDERS = [
    ("-pk",),
    ("pk",),
    ("size", "pk"),
    ("-size", "-pk"),
    ("-created_at", "pk"),
    ("name", "-size", "pk"),
    ("public_id",),
]


def walk(rows, order, size, key, start=None):
    found, cursor, turns = [], start, 0
    while True:
        page = page_of(rows, get(**({key: cursor} if cursor else {})), order=order, size=size)
        found.append(page)
        cursor = page.next_cursor if key == "after" else page.previous_cursor
        turns += 1
        assert turns < 60
        if not cursor:
            return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 4, 22, 23, 24])
def test_the_pages_forwards_are_the_whole_list(files, order, size):
    whole = [row.pk for row in files.order_by(*order)]
    pages = walk(files, order, size, "after")
    assert [row.pk for page in pages for row in page] == whole
    assert pages[0].previous_cursor is None
    assert pages[-1].next_cursor is None
    assert all(page.previous_cursor for page in pages[1:])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 4, 22])
def test_and_so_are_the_pages_back_from_the_end(files, order, size):
    whole = [row.pk for row in files.order_by(*order)]
    last = walk(files, order, size, "after")[-1]
    back = walk(files, order, size, "before", last.previous_cursor)
    found = [row.pk for page in reversed(back) for row in page] + [row.pk for row in last]
    assert found == whole
    assert back[-1].previous_cursor is None
    assert all(page.next_cursor for page in back)


def test_rows_added_on_the_way_neither_repeat_nor_skip_others(files):
    first = page_of(files, get(), order=("-pk",), size=10)
    StoredFile.objects.create(name="new", content_type="x", size=1, sha256="", path="new")
    second = page_of(StoredFile.objects.all(), get(after=first.next_cursor), order=("-pk",), size=10)
    assert not {row.pk for row in first} & {row.pk for row in second}
    assert second.rows[0].pk == first.rows[-1].pk - 1


def test_an_empty_list_has_no_neighbours():
    page = page_of(StoredFile.objects.none(), get(), order=("-pk",))
    assert (len(page), page.next_cursor, page.previous_cursor, page.count_label) == (0, None, None, "0")


def packed(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


HOSTILE = [
    "x", "=", "====", "[", "null", "%00", "a" * 100_000, packed({}), packed([]), packed([None]), packed([[1]]), packed(["abc"]), packed([10**400]),
    packed([-(10**30)]), packed([1.5]), packed([{"t": "abc"}]), packed([{"t": "2026-01-01"}]), packed([{"t": "2026-01-01T00:00:00"}]),
    packed([{"x": 1}]), packed(["\x00"]), packed(["\ud800"]), packed([True]), packed([1, 2, 3]), packed([float("nan")]), packed(["1e99999"]),
    packed(["'; DROP TABLE x; --"]), base64.urlsafe_b64encode(b"[" * 400).decode(), base64.urlsafe_b64encode(b"\xff\xfe").decode(), "é", "\u200b",
]  # fmt: skip


@pytest.mark.parametrize("cursor", HOSTILE)
@pytest.mark.filterwarnings("ignore:DateTimeField:RuntimeWarning")
def test_no_cursor_breaks_a_page(files, cursor):
    for order in [("-pk",), ("-created_at",), ("public_id",), ("name",), ("size",)]:
        for key in ("after", "before"):
            assert len(page_of(files, get(**{key: cursor}), order=order, size=5)) <= 5


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=st.lists(
        st.one_of(
            st.integers(),
            st.text(),
            st.none(),
            st.floats(),
            st.booleans(),
            st.fixed_dictionaries({"t": st.text()}),
        ),
        max_size=3,
    )
)
def test_no_made_up_cursor_breaks_a_page(files, values):
    page_of(
        files,
        get(after=packed(values)),
        order=("-created_at", "name", "pk")[3 - max(1, len(values)) :],
        size=5,
    )


def test_both_cursors_at_once_go_on(files):
    page = page_of(files, get(), order=("pk",), size=5)
    again = page_of(files, get(after=page.next_cursor, before=page.next_cursor), order=("pk",), size=5)
    assert [row.pk for row in again] == [row.pk for row in files.order_by("pk")[5:10]]


def test_counting_stops_at_the_cap(monkeypatch, files, django_assert_num_queries):
    monkeypatch.setattr(paging, "COUNT_CAP", 10)
    with django_assert_num_queries(2):
        page = page_of(files, get(), size=5)
    assert page.count_label == "10+"
    assert page_of(files, get(), size=5, count=False).count_label == ""


def test_other_choices_in_the_address_are_kept(files):
    page = page_of(files, get(status="x", after="bad"), size=5)
    assert page.query == "status=x"


def test_a_cursor_reaches_through_a_relation():
    user = User.objects.create_user("a@common.test", name="A")
    Event.objects.bulk_create(
        Event(verb=str(n), subject_type="x", subject_id=n, actor=user, at=datetime(2026, 1, 1, tzinfo=UTC))
        for n in range(5)
    )
    rows = Event.objects.select_related("actor")
    first = page_of(rows, get(), order=("actor__name", "pk"), size=3)
    second = page_of(rows, get(after=first.next_cursor), order=("actor__name", "pk"), size=3)
    assert [row.verb for row in second] == ["3", "4"]
