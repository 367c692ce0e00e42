"""How a guest without a password comes in from a mail: its link names the notice, signed, and so the address too.

The page behind it asks for one click before a code is sent, for scanners of mail open links as well. Nobody can make
such a link for another notice, so it tells of no address but the one that it was mailed to.
"""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from workflows.notices.models import Notice

_signer = Signer(salt="caigou.notices.arrivals")


def token_for(notice: Notice) -> str:
    """What the link of this notice's mail carries."""
    return _signer.sign(str(notice.pk))


def notice_of(token: str) -> Notice | None:
    """The notice that a link was mailed for; nothing for a link that we did not make."""
    try:
        pk = int(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
    return Notice.objects.select_related("recipient").filter(pk=pk).first()
