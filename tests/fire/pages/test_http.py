"""What every page tells a browser: no inline code, no framing, no sniffing, nothing of a bid kept in a cache."""

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import reverse

from procurement.accounts.models import User
from procurement.bids.models import BidVersion
from procurement.common.views import Policy
from tests.fire.crawl import local, look, view_of
from tests.fire.watch import changes
from tests.fire.world import door
from tests.stories.test_every_url import ours, policy_of

pytestmark = pytest.mark.django_db
STRICT = (
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
)


@pytest.fixture(scope="module")
def pages(walks):
    """The pages themselves, with the name of whoever saw them."""
    return [(name, seen) for name, walk in walks.items() for seen in walk.values()]


def test_the_walk_reached_most_of_the_site(walks):
    views = {view_of(url) for walk in walks.values() for url in walk}
    for name in (
        "office:home", "requisitions:detail", "rfqs:detail", "bids:open", "evaluation:comparison", "evaluation:award", "agreements:detail",
        "orders:detail", "inbox:decide", "notices:list", "registry:detail", "portal:home", "portal:bid", "portal:receipt", "account_login",
    ):  # fmt: skip
        assert name in views, name


def test_no_link_leads_to_an_error(pages):
    broken = [(who, seen.url, seen.status, seen.found_on) for who, seen in pages if seen.status >= 400]
    assert not broken


def test_no_page_carries_inline_code(pages):
    found = {(view_of(seen.url), one) for _who, seen in pages if seen.page for one in seen.page.forbidden}
    assert not found


def test_every_answer_carries_the_strict_headers(pages):
    for _who, seen in pages:
        policy = seen.headers.get("Content-Security-Policy", "")
        if "sandbox" in policy:  # a file on its way out runs nothing at all
            assert "default-src 'none'" in policy
        else:
            assert all(one in policy for one in STRICT), (seen.url, policy)
        assert "unsafe" not in policy
        assert seen.headers["X-Content-Type-Options"] == "nosniff", seen.url
        assert seen.headers["Referrer-Policy"] == "same-origin", seen.url
        assert seen.headers["X-Frame-Options"] in {"SAMEORIGIN", "DENY"}, seen.url
        assert seen.headers["Cross-Origin-Opener-Policy"] == "same-origin", seen.url


def test_nothing_is_loaded_from_elsewhere(pages):
    for _who, seen in pages:
        for link in seen.page.links if seen.page else ():
            parts = urlsplit(link)
            outside = parts.netloc and parts.netloc != "testserver"
            assert not outside or link.startswith((settings.SOURCE_URL, "https://", "mailto:")), (
                seen.url,
                link,
            )
            assert parts.scheme not in {"javascript", "data", "vbscript"}, (seen.url, link)


def test_pages_that_show_a_bid_are_kept_by_no_cache(world):
    rfq, user = world.a.documents["rfq"]["published"], world.a.bidders["x"]
    invitation = rfq.invitations.get(supplier=world.a.suppliers["x"])
    version = BidVersion.objects.get(bid__rfq=rfq, supplier=world.a.suppliers["x"])
    client = door(user)
    key = str(rfq.lines.first().key)
    typed = {f"unit_price-{key}": "4", "revision": "0", "tab": "t"}
    assert (
        look(client, reverse("portal:bid", args=[invitation.public_id]))
        .headers["Cache-Control"]
        .count("no-store")
    )
    answers = [client.post(reverse("portal:autosave", args=[invitation.public_id]), typed)]
    answers += [
        client.get(reverse(f"portal:{name}", args=[invitation.public_id]))
        for name in ("bid", "submit", "withdraw")
    ]
    answers += [
        client.get(reverse("portal:receipt_file", args=[version.bid.public_id, 1, kind]))
        for kind in ("json", "sig")
    ]
    for answer in answers:
        assert answer.status_code in {200, 409}
        assert "no-store" in answer["Cache-Control"], answer.request["PATH_INFO"]


def test_no_page_behind_the_log_in_may_be_kept_by_a_shared_cache(pages):
    for who, seen in pages:
        if who != "stranger":
            assert "public" not in seen.headers.get("Cache-Control", ""), seen.url
            assert "Cookie" in seen.headers.get("Vary", ""), seen.url


def test_files_go_out_as_attachments_that_run_nothing(pages):
    names = {
        "rfqs:document",
        "requisitions:document",
        "portal:document",
        "documents:download",
        "agreements:scan",
    }
    found = {view_of(seen.url): seen for _who, seen in pages if view_of(seen.url) in names}
    assert {"rfqs:document", "portal:document"} <= set(found)
    for seen in found.values():
        assert seen.headers["Content-Disposition"].startswith("attachment"), seen.url
        assert "sandbox" in seen.headers["Content-Security-Policy"]
        assert seen.headers["Cache-Control"] == "private, no-store"


def test_no_address_serves_the_media_folder(world, client):
    stored = world.a.documents["rfq"]["opened"].documents.first().file
    for address in (
        f"/media/{stored.path}",
        f"/{stored.path}",
        f"/static/{stored.path}",
        f"/static/../{stored.path}",
        "/static/%2e%2e/media/x",
    ):
        assert client.get(address).status_code == 404
    assert not any(local(link) and "/media/" in link for link in (settings.STATIC_URL,))


# --- methods, tokens, hosts, redirects


def test_no_change_by_get(world, pages):
    """Everything that was reached by links changed nothing: `walks` only ever asked with GET."""
    for kind, stages in world.a.documents.items():
        for stage, document in stages.items():
            status = document.status
            document.refresh_from_db(fields=["status"])
            assert document.status == status, (kind, stage)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "options", "head"])
def test_other_methods_change_nothing(world, method):
    client, rfq = door(world.a.users["officer"]), world.a.documents["rfq"]["draft"]
    addresses = [
        reverse(f"rfqs:{name}", args=[rfq.pk]) for name in ("edit", "detail", "cancel", "submit", "lines")
    ]
    with changes() as changed:
        for address in [*addresses, reverse("requisitions:list")]:
            assert getattr(client, method)(address).status_code < 500
    assert not changed


def test_every_post_needs_its_token(world, walks):
    tried = set()
    people = {
        "everybody": world.a.users["everybody"],
        "officer": world.a.users["officer"],
        "supplier": world.a.bidders["x"],
        "stranger": None,
    }
    for name, walk in walks.items():
        client = door(people[name], enforce_csrf_checks=True, raise_request_exception=False)
        for seen in walk.values():
            for form in seen.page.forms if seen.page else ():
                if form.method == "post" and local(form.action) and form.key not in tried:
                    tried.add(form.key)
                    assert "csrfmiddlewaretoken" in form.names(), (seen.url, form.action)
                    assert (
                        client.post(
                            local(form.action), form.filled() | {"csrfmiddlewaretoken": "x" * 64}
                        ).status_code
                        == 403
                    ), form.action
    assert len(tried) > 25
    assert {"portal:bid", "portal:submit", "bids:confirm"} & {key[0] for key in tried}


def test_script_posts_need_a_token_too(world):
    client = door(world.a.bidders["x"], enforce_csrf_checks=True)
    invitation = world.a.documents["rfq"]["published"].invitations.get(supplier=world.a.suppliers["x"])
    for name in ("autosave", "sheet", "intend", "detach", "bid", "submit", "withdraw", "decline"):
        assert (
            client.post(reverse(f"portal:{name}", args=[invitation.public_id]), {"x": "1"}).status_code == 403
        )


ELSEWHERE = ["https://evil.test/", "//evil.test/", "\\\\evil.test", "/\\evil.test", "javascript:alert(1)", "https:evil.test", "http:///evil.test", " //evil.test"]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_redirect_leads_elsewhere(world, client, target):
    for browser in (client, door(world.a.users["officer"])):
        answer = browser.post(reverse("accounts:set_language"), {"language": "en", "next": target})
        assert answer.status_code == 302
        assert urlsplit(answer["Location"]).netloc == ""
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))
    fresh = User.objects.get(pk=world.a.users["officer"].pk)
    fresh.set_password("correct-horse-battery-7f3a")
    fresh.save(update_fields=["password"])
    client.logout()
    answer = client.post(
        reverse("account_login"),
        {"login": fresh.email, "password": "correct-horse-battery-7f3a", "next": target},
    )
    assert "evil" not in answer.headers.get("Location", "")


def test_a_foreign_host_is_answered_with_nothing(client, settings):
    settings.ALLOWED_HOSTS = ["buyer.example"]
    assert client.get("/", headers={"host": "evil.test"}).status_code == 400
    assert (
        client.get("/", headers={"host": "buyer.example", "x-forwarded-host": "evil.test"}).status_code == 302
    )


def test_strangers_see_public_pages_only(walks):
    public = {
        (f"{namespace}:{pattern.name}" if namespace else pattern.name)
        for namespace, pattern, _route in ours()
        if policy_of(pattern) is Policy.PUBLIC
    }
    for url, seen in walks["stranger"].items():
        if seen.status == 200 and not view_of(url).startswith(("account_", "mfa_", "usersessions")):
            assert view_of(url) in public, url


def test_a_page_that_is_not_there_tells_nothing(world, client):
    seen = look(door(world.a.users["officer"]), "/rfqs/99999999/")
    assert seen.status == 404
    for word in ("Traceback", "Resolver404", "urlpatterns", "DoesNotExist", "No Rfq matches"):
        assert word not in seen.text
    assert not seen.page.forbidden
