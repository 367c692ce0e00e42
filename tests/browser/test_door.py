"""The log-in page and the pages about oneself, in both themes, wide and narrow."""

from allauth.account.models import EmailAddress

from procurement.accounts.models import User


def fits(page):
    """Nothing on the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_login_page_reads_well_everywhere(new_page, picture, looks):
    for look in looks:
        page = new_page(**look)
        page.goto("/accounts/login/")

        assert page.get_by_role("heading", name="Log in").is_visible()
        assert fits(page)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(13, 15, 19)") == (look["scheme"] == "dark")
        picture(page, f"login-{look['width']}-{look['scheme']}")


def log_in(page, user, address):
    """By mail address and password, and on to this page."""
    user.set_password("a long enough passphrase 7")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    page.goto(f"/accounts/login/?next={address}")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill("a long enough passphrase 7")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{address}")


def test_one_logs_in_by_mail_and_password(new_page):
    user = User.objects.create_user("lin@example.com", None, name="Lin Yue")
    page = new_page()
    log_in(page, user, "/accounts/profile/")
    assert page.get_by_role("heading", name="Lin Yue").is_visible()


def test_profile_reads_well_on_both_sides_and_the_language_is_switched_there(page_as, picture, looks):
    for side in ("staff", "supplier"):
        user = User.objects.create_user(f"{side}@example.com", None, name="林悦 Lin Yue", side=side)
        for look in looks:
            page = page_as(user, **look)
            page.goto("/accounts/profile/")

            assert page.get_by_label("Time zone").is_visible()
            assert fits(page)
            picture(page, f"profile-{side}-{look['width']}-{look['scheme']}")
    page = page_as(user)
    page.goto("/accounts/profile/")
    page.get_by_role("button", name="中文").click()
    page.wait_for_load_state()

    assert page.url.endswith("/accounts/profile/")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
