"""What axe says against a page, by WCAG 2.2 AA. Its script comes in by the browser's own door, so our policy stays strict."""

from axe_playwright_python.sync_playwright import Axe

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"], "iframes": False}
_axe = Axe()


def faults(page, **only):
    """One line for each fault: the rule, what it asks, the first places. `only` narrows what is asked, as axe's options do."""
    found = _axe.run(page, options=OPTIONS | only).response["violations"]
    return [
        f"{page.url} {one['id']}: {one['help']} · "
        + " · ".join(f"{node['target']} {node['html'][:160]}" for node in one["nodes"][:3])
        for one in found
    ]
