"""The components draw what they are told, and nothing that people typed becomes markup."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.forms import formset_factory
from django.template import engines
from django.utils import timezone, translation

from procurement.common.components import Check, Crumb, Entry, Fact, FileItem, Step, Turn
from procurement.common.forms import FigureField, PercentField

EVIL = "<script>alert(1)</script>"
CLOSING = datetime(2026, 3, 20, 10, 0, tzinfo=UTC)


def draw(source, **context):
    return engines["django"].from_string(source).render(context)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (Decimal("3564458.56"), "CNY", "¥3,564,458.56"),
        (Decimal("-0.5"), "CNY", "-¥0.50"),
        (Decimal("1000"), "JPY", "JPY\u00a01,000"),
        (Decimal("12.5"), "KWD", "KWD\u00a012.500"),
        (None, "CNY", "–"),
    ],
)
def test_money_is_grouped_with_the_currencys_own_decimals(amount, currency, shown):
    assert draw("{% money amount currency %}", amount=amount, currency=currency) == shown


@pytest.mark.parametrize(
    ("price", "shown"),
    [("374.740000", "374.74"), ("0.012500", "0.0125"), ("1890", "1,890.00"), ("1.255", "1.255")],
)
def test_a_unit_price_keeps_the_decimals_that_say_something(price, shown):
    assert draw('{% price price "CNY" %}', price=Decimal(price)) == shown


@pytest.mark.parametrize(
    ("quantity", "shown"), [("1240.000000", "1,240"), ("0.500000", "0.5"), ("0", "0"), ("100", "100")]
)
def test_a_quantity_has_no_idle_zeros(quantity, shown):
    assert draw("{% quantity quantity %}", quantity=Decimal(quantity)) == shown


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("en", "Asia/Shanghai", "20 Mar 2026, 18:00 China Time (UTC+8)"),
        ("zh-hans", "Asia/Shanghai", "2026年3月20日 18:00 中国时间 (UTC+8)"),
        ("en", "Asia/Kolkata", "20 Mar 2026, 15:30 India Time (UTC+5:30)"),
        ("en", "America/St_Johns", "20 Mar 2026, 07:30 Newfoundland Time (UTC-2:30)"),
        ("en", "UTC", "20 Mar 2026, 10:00 UTC+0"),
    ],
)
def test_a_moment_names_its_zone(language, zone, shown):
    with translation.override(language):
        html = draw("{% when moment zone %}", moment=CLOSING, zone=zone)
    assert shown in html
    assert f'datetime="{CLOSING.astimezone(ZoneInfo(zone)).isoformat()}"' in html


def test_a_moment_without_a_zone_is_shown_in_the_readers_own():
    with timezone.override("Europe/Berlin"):
        assert "11:00 Central European Time (UTC+1)" in draw("{% when moment %}", moment=CLOSING)


def test_a_date_is_a_date_in_the_readers_zone():
    late = datetime(2026, 3, 20, 17, 0, tzinfo=UTC)
    with timezone.override("Asia/Shanghai"):
        assert draw("{% day moment %}", moment=late) == '<time datetime="2026-03-21">21 Mar 2026</time>'
    assert "20 Mar 2026" in draw("{% day day %}", day=date(2026, 3, 20))


def test_a_countdown_says_what_is_left_and_by_which_clock():
    html = draw(
        "{% countdown moment %}", moment=timezone.now() + timedelta(days=2, hours=3, minutes=40, seconds=30)
    )
    assert "<b>2</b>d <b>03</b>h <b>40</b>min" in html
    assert "data-now=" in html
    assert "data-tone" not in html


def test_a_countdown_that_is_over_says_so():
    assert "Closed" in draw('{% countdown moment over="Closed" %}', moment=CLOSING - timedelta(days=9999))


def test_a_status_comes_from_the_document():
    rfq = SimpleNamespace(status_label="Open for bids", status_tone="go")
    assert draw("{% status rfq %}", rfq=rfq) == '<span class="status" data-tone="go">Open for bids</span>'


def test_an_unknown_tone_is_quiet():
    assert 'data-tone="idle"' in draw("{% tag 'x' tone %}", tone='" onclick="x')


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", 'Valves <span lang="zh-CN">阀门</span>'), ("zh-hans", '阀门 <span lang="en">Valves</span>')],
)
def test_the_companion_name_stands_in_grey(language, shown):
    with translation.override(language):
        assert draw("{% bilingual item %}", item=SimpleNamespace(name="阀门", name_en="Valves")) == shown


def test_one_name_stands_alone():
    assert draw("{% bilingual item %}", item=SimpleNamespace(name="阀门", name_en="")) == "阀门"


EVERY_COMPONENT = """
{% status evil "go" %}{% tag evil %}{% bilingual named %}{% quantity 1 evil %}{% money 1 evil %}
{% panel title=evil sub=evil badge=evil link=evil link_label=evil id=evil tone=evil %}{{ evil }}{% endpanel %}
{% head title=evil companion=evil number=evil crumbs=crumbs meta=meta trail=steps until=at until_note=evil %}{{ evil }}{% endhead %}
{% notice title=evil tone=evil %}{{ evil }}{% endnotice %}{% dialog id=evil title=evil %}{{ evil }}{% enddialog %}
{% datagrid label=evil kind=evil %}<tr><td>{{ evil }}</td></tr>{% enddatagrid %}
{% facts facts %}{% kv facts %}{% chain turns %}{% timeline entries %}{% timeline entries plain=True %}{% checklist checks %}
{% filelist files %}{% progress job url=evil %}{% empty evil evil evil evil %}{% pager page %}{% icon evil %}{% countdown at over=evil %}
{% diff evil evil2 %}{% dock %}{{ evil }}{% enddock %}{% toast %}{{ evil }}{% endtoast %}{% choice crumbs evil %}{% tabs crumbs evil %}{% skeleton 2 %}
{% form_errors form %}{{ form }}{{ form.as_div }}{% field form.name affix=evil %}
"""


def every_component():
    class Named(forms.Form):
        name = forms.CharField(label=EVIL, help_text=EVIL)

        def clean(self):
            raise forms.ValidationError(EVIL)

    return draw(
        EVERY_COMPONENT,
        evil=EVIL,
        evil2=EVIL + "2",
        named=SimpleNamespace(name=EVIL, name_en=EVIL + "2"),
        at=timezone.now() + timedelta(hours=3),
        crumbs=[Crumb(EVIL, EVIL), Crumb(EVIL)],
        meta=[EVIL],
        steps=[Step(EVIL, "done", EVIL), Step(EVIL, "now"), Step(EVIL)],
        facts=[Fact(EVIL, EVIL, EVIL, "wait", total=True)],
        turns=[
            Turn(EVIL, EVIL, EVIL, EVIL, "done"),
            Turn("", state="now", together=[Turn(EVIL, state="now")]),
        ],
        entries=[Entry(CLOSING, EVIL, EVIL, "bad")],
        checks=[Check(EVIL, "bad", EVIL, EVIL), Check(EVIL)],
        files=[FileItem(EVIL, EVIL, EVIL, 2048, EVIL), FileItem(EVIL, error=EVIL)],
        job=SimpleNamespace(title=EVIL, total=2, done=1, message=EVIL, error="", is_finished=False),
        page=SimpleNamespace(previous_cursor=EVIL, next_cursor=EVIL, count_label=EVIL, query='a="><script>'),
        form=Named({"name": EVIL}),
    )


def test_nothing_typed_becomes_markup_in_any_component():
    html = every_component()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 60


def test_components_carry_no_inline_style_or_handler():
    html = every_component()
    assert " style=" not in html
    assert " onclick=" not in html
    assert "javascript:" not in html


class Offer(forms.Form):
    price = FigureField(label="Unit price", max_digits=19, decimal_places=6, help_text="Without tax")
    rate = PercentField(label="VAT", required=False, max_digits=9, decimal_places=6)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="Agreed")


def test_a_field_ties_label_help_and_error_together():
    html = draw("{% field form.price %}", form=Offer({"price": "186OO"}))
    assert '<label for="id_price">Unit price</label>' in html
    assert 'value="186OO"' in html  # what was typed is kept
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_price_helptext id_price_error"' in html
    assert '<span class="help" id="id_price_helptext">Without tax</span>' in html
    assert '<span class="error" id="id_price_error">' in html


def test_choices_are_a_group_with_a_legend_and_a_tick_stands_before_its_words():
    html = draw("{{ form }}", form=Offer({"kind": "z"}))
    assert '<fieldset class="field" aria-describedby="id_kind_error">' in html.replace("  ", " ")
    assert "<legend>Kind</legend>" in html
    assert '<label class="option" for="id_agreed"><input type="checkbox"' in html


def test_errors_are_listed_on_top_and_lead_to_their_fields():
    html = draw("{% form_errors form %}", form=Offer({"price": "x", "kind": "a", "agreed": "on"}))
    assert 'role="alert"' in html
    assert '<a href="#id_price">Unit price: Not a number: x</a>' in html


def test_an_error_in_a_grid_says_on_which_line_it_stands():
    typed = {"price": "1", "kind": "a", "agreed": "on"}
    lines = {f"lines-{n}-{name}": text for n in range(2) for name, text in typed.items()}
    counts = {"lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0"}
    grid = formset_factory(Offer)({**counts, **lines, "lines-1-price": "x"}, prefix="lines")
    html = draw("{% form_errors form %}", form=grid)
    assert '<a href="#id_lines-1-price">Line 2, Unit price: Not a number: x</a>' in html


def test_a_sound_form_has_no_list_of_errors():
    assert (
        draw("{% form_errors form %}", form=Offer({"price": "1", "kind": "a", "agreed": "on"})).strip() == ""
    )
    assert draw("{% form_errors form %}", form=Offer()).strip() == ""


@pytest.mark.parametrize(
    "typed", ["NaN", "Infinity", "1_000", "1E3", "１２", "12,34", "1.2.3", "0x10", "1,2,3"]
)
def test_what_only_looks_like_a_number_is_refused_at_its_field(typed):
    form = Offer({"price": typed, "kind": "a", "agreed": "on"})
    assert not form.is_valid()
    assert list(form.errors) == ["price"]


@pytest.mark.parametrize(
    ("typed", "price"),
    [("1,234.50", "1234.50"), (" 12 ", "12"), ("1 234.5", "1234.5"), ("0.000001", "0.000001")],
)
def test_figures_are_read_as_people_write_them(typed, price):
    form = Offer({"price": typed, "kind": "a", "agreed": "on"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["price"] == Decimal(price)


def test_a_rate_is_typed_in_percent_and_kept_as_a_fraction():
    form = Offer({"price": "1", "kind": "a", "agreed": "on", "rate": "13"})
    assert form.is_valid()
    assert form.cleaned_data["rate"] == Decimal("0.13")
    assert 'value="13"' in str(Offer(initial={"rate": Decimal("0.130000")})["rate"])
    assert not Offer(
        {"price": "1", "rate": "13"}, initial={"price": Decimal(1), "rate": Decimal("0.13")}
    ).changed_data


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("20 %", "10 %", '<span class="diff"><del>20 %</del> <ins>10 %</ins></span>'),
        ("", "10 %", '<span class="diff"><ins>10 %</ins></span>'),
        ("20 %", "", '<span class="diff"><del>20 %</del> </span>'),
        ("same", "same", "same"),
    ],
)
def test_a_difference_shows_what_went_and_what_came(before, after, shown):
    assert draw("{% diff before after %}", before=before, after=after) == shown


def test_the_choice_that_holds_is_current_and_leads_nowhere_else():
    html = draw("{% choice options 'Scope' %}", options=[Crumb("Mine"), Crumb("All", "?show=all")])
    assert '<a href="" aria-current="true">Mine</a><a href="?show=all">All</a>' in html


def test_a_grid_of_lines_can_grow():
    lines = forms.formset_factory(Offer, extra=1, can_delete=True)(prefix="lines")
    html = draw("{% line_grid formset label='Lines' %}", formset=lines)
    assert 'data-lines="lines"' in html
    assert 'name="lines-TOTAL_FORMS"' in html
    assert 'name="lines-__prefix__-price"' in html
    assert 'name="lines-0-price"' in html
    assert '<label class="sr" for="id_lines-0-price">Unit price</label>' in html
    assert "data-lines-add hidden" in html  # shown by the script that makes it work
