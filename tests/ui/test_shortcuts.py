"""The help sheet of the keyboard, and the switch that turns shortcuts off."""

import pytest
from django.urls import reverse

from procurement.common import places
from tests.factories import make_member, make_officer

pytestmark = pytest.mark.django_db


def test_the_sheet_lists_ones_own_places_and_keys(client):
    client.force_login(make_officer())
    staff = client.get(reverse("shortcuts")).content.decode()
    client.force_login(make_member())
    supplier = client.get(reverse("shortcuts")).content.decode()

    assert "Demand pool" in staff
    assert "Approve; asks once more" in staff
    assert "Demand pool" not in supplier
    assert "Approve; asks once more" not in supplier
    assert "data-shortcuts" in supplier


def test_no_two_places_share_a_key():
    assert len(set(places.KEYS.values())) == len(places.KEYS)


@pytest.mark.parametrize("wanted", [True, False])
def test_shortcuts_can_be_switched_off(client, wanted):
    officer = make_officer()
    client.force_login(officer)
    body = {"name": officer.name, "language": "", "time_zone": "", **({"shortcuts": "on"} if wanted else {})}

    client.post(reverse("accounts:profile"), body)

    assert ('data-keys="off"' in client.get("/").content.decode()) is not wanted


def test_the_account_page_shows_how_it_is_kept_safe(client):
    officer = make_officer()
    client.force_login(officer)

    page = client.get(
        reverse("accounts:profile"), headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/131.0"}
    )

    assert [(one.browser, one.is_current) for one in page.context["sessions"]] == [("Chrome · Windows", True)]
    text = page.content.decode()
    for name in ("mfa_index", "usersessions_list", "notices:preferences", "account_email", "shortcuts"):
        assert reverse(name) in text
