"""Letters: one sheet to one company, with its address, a subject, what is said, and who signs.

A room that writes letters registers them as every document (`documents.register`), puts a `Letter` into the context of
its `Document` under the name `letter`, and extends `templates/print/letter.html`, whose block `letter` is the text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands around the text of every letter, in both languages where it has both.

    The date, the number and the letterhead are those of the `Document`; `about` says in one line what it concerns.
    """

    addressee: str  # the company written to
    addressee_en: str = ""
    attention: str = ""  # the person there, if one is known
    heading: str  # 采购结果通知书
    heading_en: str  # Letter of result
    about: str = ""  # RFQ-2026-0147, what it is called
    signer: str = ""
    position: str = ""
    position_en: str = ""
