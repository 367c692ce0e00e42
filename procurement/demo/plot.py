"""What the demo company bought in two years, as a plot: when, what, of whom, at which prices. Nobody acts here yet.

Prices tell a story: steel rises, cables and computers fall, works follow the season; who asks for a thing knows its price
of half a year ago, and suppliers differ. The same seed gives the same plot.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from procurement.demo import people

SEED = 20260318
YEARS = 2
SEASON = (4, 2, 6, 6, 5, 5, 4, 4, 6, 3, 6, 4)  # purchases begun by month: few around the Spring Festival
ADOPTED = 0.2  # of all purchases passed through the system in its first month; by now all do
KNOWN_AGO = 0.5  # years: the price that requesters remember
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Market:
    """How a category's prices move, and how much of it is bought at once."""

    drift: float  # a year
    swing: float  # by season
    usual: float  # value of a line, CNY
    share: int  # of all purchases


MARKETS = {
    "M-VAL": Market(0.015, 0.01, 42_000, 24),
    "M-CAB": Market(-0.085, 0.02, 68_000, 18),
    "M-PMP": Market(0.03, 0.01, 58_000, 13),
    "M-STL": Market(0.12, 0.05, 120_000, 17),
    "W-CIV": Market(0.02, 0.06, 420_000, 12),
    "S-LAB": Market(0.0, 0.01, 24_000, 8),
    "S-IT": Market(-0.09, 0.02, 64_000, 8),
}
LEVELS = {  # suppliers that are usually cheaper or dearer than their market
    "haoyu": -0.035, "taihe": -0.015, "jnlk": 0.01, "beichen": 0.005, "ruilan": -0.03, "xinke": 0.0, "huaxin": 0.025,
    "haichuan": -0.01, "rhein": 0.03, "yuantong": -0.02, "henggu": 0.015, "donggang": -0.01, "panshi": 0.01,
    "xinzhu": 0.02, "boxi": 0.0, "qingyuan": -0.02, "labora": 0.02, "yunfeng": -0.015, "zhilian": 0.01,
}  # fmt: skip
TITLES = {
    "M-VAL": "阀门 · Valves", "M-CAB": "电缆 · Cables", "M-PMP": "泵 · Pumps", "M-STL": "钢材 · Steel",
    "W-CIV": "土建工程 · Civil works", "S-LAB": "化验用品 · Laboratory", "S-IT": "信息设备 · IT equipment",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Want:
    """A line somebody asks for: estimate as they know it, market price as it is."""

    item: str
    quantity: Decimal
    estimate: Decimal
    market: float


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, for which cost object."""

    requester: str
    cost_centre: str
    project: str
    wants: Sequence[Want]


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase from need to order, as it will go unless time runs out."""

    title: str
    category: str
    officer: str
    requests: Sequence[Request]
    invited: Sequence[str]
    factors: dict[str, float]  # the invited who bid → their price as a factor of the market
    ending: Literal["ordered", "unsuccessful", "cancelled"]
    days: dict[str, datetime] = field(default_factory=dict)  # step → when


def purchases(now: datetime) -> Iterator[Purchase]:
    """In the order in which they begin."""
    chance = random.Random(SEED)
    for months in range(-12 * YEARS - 1, 1):
        years, month = divmod(now.year * 12 + now.month - 1 + months, 12)
        begins = datetime(years, month + 1, 1, tzinfo=UTC)
        count = max(1, round(SEASON[month] * _adopted(months)))
        for number in range(count):
            yield _purchase(chance, begins + 30 * DAY * (number + chance.random()) / count, now)


def _adopted(months: int) -> float:
    """The share of purchases that went through the system so many months from now: few at first, then ever more.

    Most of a first start of the demo is spent on playing these, so the early months are thin, and none is empty.
    """
    grown = 1 + months / (12 * YEARS + 1)
    return ADOPTED + (1 - ADOPTED) * math.pow(grown, 4)


def _purchase(chance: random.Random, starts: datetime, now: datetime) -> Purchase:
    category = chance.choices(list(MARKETS), [market.share for market in MARKETS.values()])[0]
    years = (starts - now) / DAY / 365
    requests = _requests(chance, category, years)
    invited = [vendor.key for vendor in people.VENDORS if category in vendor.categories]
    likely = 0.84 + 0.05 * years  # more of them answer than two years ago
    bidding = [key for key in invited if chance.random() < likely]
    year, month = starts.year, starts.month
    return Purchase(
        title=f"{TITLES[category]} · {year}-{month:02d}-{chance.randrange(100, 999)}",
        category=category,
        officer=chance.choice(("lin", "wang")),
        requests=requests,
        invited=invited,
        factors={key: 0.985 + LEVELS[key] + chance.gauss(0.02, 0.03) for key in bidding},
        ending=_ending(chance, answered=bool(bidding)),
        days=_timetable(chance, starts, slow=1.25 if years < -1 else 1.0, large=category == "W-CIV"),
    )


def _ending(chance: random.Random, *, answered: bool) -> Literal["ordered", "unsuccessful", "cancelled"]:
    dice = chance.random()
    if dice < 0.05:
        return "cancelled"
    return "ordered" if answered and dice < 0.94 else "unsuccessful"


def _requests(chance: random.Random, category: str, years: float) -> list[Request]:
    choice = people.REQUESTS[category]
    asking = chance.sample(choice, 2 if chance.random() < 0.2 else 1)
    items = [item for item in people.ITEMS if item[1] == category]
    wanted = chance.sample(items, min(len(items), chance.choice((1, 2, 2, 3))))
    return [
        Request(
            *asked, wants=[_want(chance, category, code, float(price), years) for code, *_, price in wanted]
        )
        for asked in asking
    ]


def _want(chance: random.Random, category: str, item: str, today: float, years: float) -> Want:
    market = today * level(category, years)
    remembered = today * level(category, years - KNOWN_AGO) * chance.gauss(1.04, 0.02)
    quantity = MARKETS[category].usual * math.exp(chance.gauss(0, 0.5)) / today
    rough = 10 ** max(0, int(math.log10(quantity)) - 1) if quantity >= 1 else 1
    return Want(
        item=item,
        quantity=Decimal(max(1, round(quantity / rough) * rough)),
        estimate=Decimal(f"{remembered:.2f}"),
        market=market,
    )


def level(category: str, years: float) -> float:
    """The market's prices so many years from now (before it: negative), today's being one."""
    market = MARKETS[category]
    return math.pow(1 + market.drift, years) * (1 + market.swing * math.sin(2 * math.pi * years))


def _timetable(chance: random.Random, starts: datetime, *, slow: float, large: bool) -> dict[str, datetime]:
    """When each step is due: longer for works, shorter now than two years ago."""
    longer = slow * (1.3 if large else 1.0)
    waits = (  # step, at least, at most, days after the step before
        ("submitted", 0.05, 0.4), ("approved", 0.4, 4.0), ("sourced", 0.6, 6.0), ("sent", 0.3, 1.5), ("published", 0.1, 1.8),
        ("bids", 3.0, 5.0), ("closed", 3.2, 5.5), ("opened", 0.1, 2.0), ("proposed", 0.7, 6.0), ("awarded", 0.3, 4.0),
        ("drafted", 0.5, 3.5), ("agreed", 0.1, 1.5), ("signed", 0.3, 2.5), ("countersigned", 0.5, 5.0),
        ("ordered", 0.2, 2.0), ("acknowledged", 0.1, 4.2),
    )  # fmt: skip
    moment, days = starts, {"begun": starts}
    forgotten = chance.random() < 0.08  # the order is acknowledged weeks later
    for step, least, most in waits:
        wait = least + (most - least) * chance.random() ** 1.7
        if forgotten and step == "acknowledged":
            wait += 30
        moment += DAY * wait * longer
        days[step] = moment
    return days
