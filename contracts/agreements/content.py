"""The whole text of a contract as plain data: parties, lines, amounts, filled clauses, in both languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Value

from contracts.agreements import clauses
from contracts.agreements.models import (
    Contract,
    ContractClause,
    ContractLine,
    ContractTemplate,
    TemplateClause,
)
from procurement.common import money, wording
from procurement.common.figures import amount_text, price_text, quantity_text
from procurement.organization.models import Company
from suppliers.registry.models import Supplier


def lines_of(contract: Contract) -> list[ContractLine]:
    """The contract's lines with their units."""
    return list(contract.lines.select_related("unit"))


def content_of(
    contract: Contract,
    *,
    lines: Sequence[ContractLine],
    version: int,
    at: datetime,
    sources: Sequence[clauses.Source] | None = None,
) -> dict[str, Any]:
    """What a version says. Raises a RuleViolation that names the clause when its text cannot be filled.

    The contract comes with company, supplier, template and the award's RFQ at hand; `sources` are its clauses where
    they are not those that are stored.
    """
    said = frame_of(contract, lines=lines, version=version, at=at)
    found = sources_of(contract) if sources is None else sources
    filled = clauses.fill([*found, *_special(contract)], placeholder_values(said))
    return {**said, "clauses": filled}


def frame_of(
    contract: Contract, *, lines: Sequence[ContractLine], version: int, at: datetime
) -> dict[str, Any]:
    """All that it says but its clauses."""
    rfq = contract.award.rfq
    return {
        "number": contract.number,
        "version": version,
        "title": contract.title,
        "language": contract.language,
        "date": at.astimezone(ZoneInfo(contract.company.time_zone)).date().isoformat(),
        "time_zone": contract.company.time_zone,
        "buyer": _buyer(contract.company),
        "supplier": _supplier(contract.supplier),
        "rfq": {"number": rfq.number or "", "title": rfq.title},
        "award": contract.award.number,
        "template": contract.template.code,
        "currency": contract.currency,
        "terms": {
            "starts_on": _day(contract.starts_on),
            "ends_on": _day(contract.ends_on),
            "delivery": contract.delivery_terms,
            "payment": contract.payment_terms,
            "warranty_months": contract.warranty_months,
        },
        "lines": [_line(line, contract.currency) for line in lines],
        **_amounts(lines, contract.freight, contract.currency),
    }


def preview_of(contract: Contract, *, at: datetime) -> dict[str, Any]:
    """The text as it would stand if it were sent for approval now; lines included."""
    return content_of(contract, lines=lines_of(contract), version=contract.version + 1, at=at)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _buyer(company: Company) -> dict[str, str]:
    return {
        "name": company.name,
        "name_en": company.name_en or company.name,
        "registration_id": company.registration_id,
        "address": company.address,
        "phone": company.phone,
        "bank": company.bank,
        "representative": "",
    }


def _supplier(supplier: Supplier) -> dict[str, str]:
    return {
        "name": supplier.name,
        "name_en": supplier.name_en or supplier.name,
        "registration_id": supplier.registration_id,
        "address": supplier.address,
        "phone": supplier.phone,
        "bank": wording.joined((supplier.bank_name, supplier.bank_account), " "),
        "representative": supplier.legal_representative,
    }


def _line(line: ContractLine, currency: str) -> dict[str, Any]:
    unit = line.unit
    return {
        "position": line.position,
        "description": line.description,
        "specification": line.specification,
        "quantity": quantity_text(line.quantity),
        "unit": unit.name,
        "unit_en": unit.symbol or unit.name_en or unit.code,
        "unit_price": price_text(line.unit_price, currency),
        "price_per": quantity_text(line.price_per),
        "discount": quantity_text(line.discount * 100),
        "tax_rate": quantity_text(line.tax_rate * 100),
        "net": amount_text(line.net, currency),
        "tax": amount_text(line.tax, currency),
        "lead_time_days": line.lead_time_days,
    }


def _amounts(lines: Sequence[ContractLine], freight: Decimal, currency: str) -> dict[str, Any]:
    """Sums of the lines and the freight, never of anything else; tax also by rate. Freight is as bid, no tax on it."""
    sums = money.totals([*((line.net, line.tax) for line in lines), (freight, Decimal(0))])
    by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        by_rate[line.tax_rate] += line.tax
    return {
        "freight": amount_text(freight, currency) if freight else "",
        "net": amount_text(sums.net, currency),
        "tax": amount_text(sums.tax, currency),
        "gross": amount_text(sums.gross, currency),
        "taxes": [
            {"rate": quantity_text(rate * 100), "tax": amount_text(tax, currency)}
            for rate, tax in sorted(by_rate.items())
        ],
        "words_zh": wording.chinese_amount(sums.gross, currency),
        "words_en": wording.english_amount(sums.gross, currency),
    }


def sources_of(contract: Contract) -> list[clauses.Source]:
    """The contract's own clauses, or else those of its template; one statement for both."""
    own = _said(ContractClause.objects.filter(contract=contract), whose=1)
    usual = _said(TemplateClause.objects.filter(template=contract.template_id), whose=2, at="clause__")
    return _in_order(own.union(usual, all=True))


def template_sources(template: ContractTemplate) -> list[clauses.Source]:
    """The clauses of a template as the library says them, in order."""
    return _in_order(_said(TemplateClause.objects.filter(template=template), whose=2, at="clause__"))


def _said(places: QuerySet[Any], *, whose: int, at: str = "") -> Any:
    fields = (f"{at}{name}" for name in ("code", "title", "title_en", "body", "body_en"))
    return places.annotate(whose=Value(whose)).order_by().values_list("whose", "position", *fields)


def _in_order(rows: Iterable[tuple[Any, ...]]) -> list[clauses.Source]:
    """Only the first owner's where there are two."""
    found = sorted(rows)
    return [clauses.Source(*said) for whose, _position, *said in found if whose == found[0][0]]


def _special(contract: Contract) -> list[clauses.Source]:
    terms = contract.special_terms
    return [clauses.Source("special", "特别约定", "Special terms", terms, terms)] if terms.strip() else []


def placeholder_values(content: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What each placeholder says, in Chinese and in English."""
    currency, terms = content["currency"], content["terms"]
    values = {
        "contract.number": content["number"],
        "contract.title": content["title"],
        "contract.date": content["date"],
        "contract.lines": str(len(content["lines"])),
        "contract.starts": terms["starts_on"],
        "contract.ends": terms["ends_on"],
        "contract.delivery": terms["delivery"],
        "contract.payment": terms["payment"],
        "contract.warranty_months": str(terms["warranty_months"]),
        "rfq.number": content["rfq"]["number"],
        "rfq.title": content["rfq"]["title"],
        "award.number": content["award"],
    }
    for party in ("buyer", "supplier"):
        for key in ("registration_id", "address", "bank", "representative"):
            values[f"{party}.{key}"] = content[party][key]
    both = {name: (value, value) for name, value in values.items() if name in clauses.PLACEHOLDERS}
    for party in ("buyer", "supplier"):
        both[f"{party}.name"] = (content[party]["name"], content[party]["name_en"])
    for name in ("net", "tax", "gross"):
        both[f"contract.{name}"] = _amount_in_text(content[name], currency)
    both["contract.gross_words"] = (
        f"（大写：{content['words_zh']}）" if content["words_zh"] else "",
        f" ({content['words_en']})" if content["words_en"] else "",
    )
    return both


def _amount_in_text(amount: str, currency: str) -> tuple[str, str]:
    chinese = f"人民币 {amount} 元" if currency == "CNY" else f"{currency} {amount}"
    return chinese, f"{currency} {amount}"
