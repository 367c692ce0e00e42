"""Which room answers under which address. A room's own addresses stand in its `urls.py`."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _

from procurement.common.shortcut_views import Shortcuts

ROOMS = {  # prefix: room; both doors share the host until the security round parts them
    "accounts/": "procurement.accounts",
    "organization/": "procurement.organization",
    "catalog/": "procurement.catalog",
    "requisitions/": "procurement.requisitions",
    "suppliers/": "suppliers.registry",
    "rfqs/": "procurement.rfqs",
    "bids/": "procurement.bids",
    "evaluation/": "procurement.evaluation",
    "contracts/": "contracts.agreements",
    "orders/": "contracts.orders",
    "analytics/": "procurement.analytics",
    "approvals/": "workflows.approvals",
    "inbox/": "workflows.inbox",
    "rules/": "workflows.rules",
    "processes/": "workflows.flows",
    "notices/": "workflows.notices",
    "operations/": "workflows.operations",
    "portal/": "suppliers.portal",
    "documents/": "procurement.common",
    "jobs/": "procurement.common.jobs",
    "lists/": "procurement.common.listings",
    "": "procurement.office",
}


def room_patterns() -> list[URLPattern | URLResolver]:
    """The rooms that have pages."""
    modules = {prefix: f"{room}.urls" for prefix, room in ROOMS.items()}
    return [path(prefix, include(module)) for prefix, module in modules.items() if find_spec(module)]


# The administration's own log-in page knows neither limits nor second factors; ours does.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = _("Caigou, administration")
admin.site.index_title = _("What the group is, and who does what")

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("shortcuts/", Shortcuts.as_view(), name="shortcuts"),
    *room_patterns(),
]
