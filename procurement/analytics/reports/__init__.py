"""The pages of figures: each turns the answers of one statement or two into panels."""

from procurement.analytics.reports.base import Asked
from procurement.analytics.reports.market import competition_report, orders_report
from procurement.analytics.reports.money import savings_report, spend_report
from procurement.analytics.reports.process import cycles_report, pipeline_report

__all__ = [
    "Asked",
    "competition_report",
    "cycles_report",
    "orders_report",
    "pipeline_report",
    "savings_report",
    "spend_report",
]
