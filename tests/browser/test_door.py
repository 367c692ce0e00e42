"""The log-in page and the pages about oneself, in both themes, wide and narrow."""

import pytest

from procurement.accounts.models import User

# Every look in one test: emptying the database after each test costs more than looking.
LOOKS = [
    {"width": width, "height": 844, "phone": width < 500, "scheme": scheme}
    for width in (1440, 390)
    for scheme in ("light", "dark")
]


def fits(page):
    """Nothing on the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_login_page_reads_well_everywhere(new_page, picture):
    for look in LOOKS:
        page = new_page(**look)
        page.goto("/accounts/login/")

        assert page.get_by_role("heading", name="Log in").is_visible()
        assert fits(page)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(13, 15, 19)") == (look["scheme"] == "dark")
        picture(page, f"login-{look['width']}-{look['scheme']}")


def test_one_logs_in_by_mail_and_password(new_page):
    from allauth.account.models import EmailAddress

    user = User.objects.create_user("lin@example.com", "a long enough passphrase 7", name="Lin Yue")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    page = new_page()
    page.goto("/accounts/login/?next=/accounts/profile/")
    page.get_by_label("Email").fill("lin@example.com")
    page.get_by_label("Password").fill("a long enough passphrase 7")
    page.get_by_role("button", name="Log in").click()

    page.wait_for_url("**/accounts/profile/")
    assert page.get_by_role("heading", name="Lin Yue").is_visible()


@pytest.mark.parametrize("side", ["staff", "supplier"])
def test_profile_reads_well_on_both_sides(page_as, picture, side):
    user = User.objects.create_user(
        f"{side}@example.com", "a long enough passphrase 7", name="林悦 Lin Yue", side=side
    )
    for look in LOOKS:
        page = page_as(user, **look)
        page.goto("/accounts/profile/")

        assert page.get_by_label("Time zone").is_visible()
        assert fits(page)
        picture(page, f"profile-{side}-{look['width']}-{look['scheme']}")


def test_the_language_is_switched_from_the_page_one_is_on(page_as):
    user = User.objects.create_user("lin@example.com", None, name="Lin Yue")
    page = page_as(user)
    page.goto("/accounts/profile/")
    page.get_by_role("button", name="中文").click()
    page.wait_for_load_state()

    assert page.url.endswith("/accounts/profile/")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
