"""Rules go out as a spreadsheet and come back the same; every mistake is named by its cell and nothing is half stored."""

from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from procurement.bids.pricesheet import SheetMistakes
from procurement.common import sheets
from procurement.common.sheets import SheetRefused
from procurement.organization.models import Role
from tests.factories import CategoryFactory, CompanyFactory, DepartmentFactory, ProjectFactory, make_person
from tests.rules.conftest import rule
from tests.rules.test_rulebook import everything, say
from workflows.approvals import rulebook
from workflows.approvals.models import ApproverGroup
from workflows.approvals.ruledata import StageData, rules_of
from workflows.rules import sheet
from workflows.rules.lookups import Known

pytestmark = pytest.mark.django_db
HEADS = [
    "Rule no.", "Name", "Document", "Company", "Department", "Category", "Project", "Procedure", "Only if", "Currency", "From this amount",
    "Below this amount", "Tolerance, %", "Order", "Who is asked", "Role, group or person", "How many", "This number", "Levels at most",
    "Remind after, days", "Time limit, days", "After the limit",
]  # fmt: skip


def book(*rows, heads=HEADS):
    """A workbook as people make one; a row is a dict of heads."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        page = workbook.add_worksheet("Rules")
        page.write_row(0, 0, heads)
        for number, row in enumerate(rows, start=1):
            for head, value in row.items():
                page.write(number, heads.index(head), value)
    return out.getvalue()


def row(number=1, **more):
    said = {
        "Rule no.": number,
        "Name": f"R{number}",
        "Document": "Requisition",
        "Who is asked": "The requester's manager",
    }
    return {**said, **more}


@pytest.fixture
def rich(house, draft):
    """A draft with everything that a rule may say."""
    other = CompanyFactory(code="XY")
    department = DepartmentFactory(company=other, code="PUR")
    DepartmentFactory(company=house.company, code="PUR")
    group = ApproverGroup.objects.create(name="Board 评审")
    person = make_person(house.company)
    rules = [
        rule(
            name="阀门 Valves", document_type="award", company_id=other.pk, department_id=department.pk, category_id=CategoryFactory().pk,
            project_id=ProjectFactory(company=other).pk, flags=("single_bid", "over_estimate"), currency="EUR",
            amount_from=Decimal("1234.5600"), amount_below=Decimal("999999999999999.0000"), tolerance=Decimal("2.50"),
            stages=(
                StageData(position=1, role=Role.FINANCE, mode="any", remind_after=2, limit=3, overdue="escalate"),
                StageData(position=1, approver="group", group_id=group.pk, mode="quorum", needed=2),
                StageData(position=2, approver="person", person_id=person.pk, limit=5, overdue="return"),
                StageData(position=3, approver="manager_chain", levels=4),
                StageData(position=4, approver="cost_owner"),
            ),
        ),
        rule(name="=1+1", stages=(StageData(approver="department_head"), StageData(position=7, approver="manager"))),
    ]  # fmt: skip
    rulebook.replace_rules(rule_set_id=draft.pk, rules=rules, edit_version=1, actor=house.writer)
    draft.refresh_from_db()
    return draft


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_goes_out_comes_back_the_same(rich, language):
    with override(language):
        content = sheet.workbook(rich, rules_of(rich))
    with override("en"):
        again = sheet.read(content, name="rules.XLSX", known=Known())

    assert [one.plain() for one in again] == say(rich)


def test_the_sheet_says_the_rules_in_words_too(rich):
    [_rules, words] = sheets.read(sheet.workbook(rich, rules_of(rich)), name="r.xlsx")

    told = "\n".join(str(cells[0]) for cells in words.rows)
    assert "2 of the group “Board 评审”" in told
    assert "→" in told


def test_a_sheet_by_hand_is_understood():
    make_person(None, user__name="Luo Min", user__email="luo@example.test")
    company = CompanyFactory(code="AB")
    data = book(
        row(7, Company="ab", Department="", Currency="cny", **{"From this amount": "1,000", "Only if": "Single bid， over_estimate"}),
        {"Rule no.": 7, "Who is asked": "A named person", "Role, group or person": "LUO@example.test"},
        {},
        row(9, Document="award", **{"Who is asked": "role", "Role, group or person": "Finance clerk", "How many": "All of them"}),
    )  # fmt: skip

    first, second = sheet.read(data, name="r.xlsx", known=Known())

    assert (first.name, first.company_id, first.amount_from) == ("R7", company.pk, 1000)
    assert first.flags == ("single_bid", "over_estimate")
    assert [(one.position, one.approver) for one in first.stages] == [(1, "manager"), (2, "person")]
    assert (second.document_type, second.stages[0].role, second.stages[0].mode) == ("award", "finance", "all")


@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ({"Rule no.": ""}, "A2"),
        ({"Rule no.": "one"}, "A2"),
        ({"Rule no.": 1.5}, "A2"),
        ({"Name": ""}, "B2"),
        ({"Name": "x" * 121}, "B2"),
        ({"Document": "Order"}, "C2"),
        ({"Company": "nowhere"}, "D2"),
        ({"Department": "XX/YY"}, "E2"),
        ({"Category": "nothing"}, "F2"),
        ({"Project": "nothing"}, "G2"),
        ({"Procedure": "magic"}, "H2"),
        ({"Only if": "Single bid, surprise"}, "I2"),
        ({"Currency": "euro"}, "J2"),
        ({"From this amount": "much"}, "K2"),
        ({"From this amount": -1}, "K2"),
        ({"From this amount": "1" * 16}, "K2"),
        ({"From this amount": 10, "Below this amount": 10}, "L2"),
        ({"Below this amount": True}, "L2"),
        ({"Tolerance, %": 101}, "M2"),
        ({"Order": 100}, "N2"),
        ({"Who is asked": ""}, "O2"),
        ({"Who is asked": "King"}, "O2"),
        ({"Who is asked": "Holder of a role", "Role, group or person": ""}, "P2"),
        ({"Who is asked": "Holder of a role", "Role, group or person": "King"}, "P2"),
        ({"Who is asked": "A group", "Role, group or person": "Nobody"}, "P2"),
        ({"Who is asked": "A named person", "Role, group or person": "nobody@x"}, "P2"),
        ({"Who is asked": "Holder of a role", "Role, group or person": "Approver", "How many": "A number of them"}, "R2"),
        ({"Levels at most": 1000, "Who is asked": "Managers upward, to the one whose limit covers it"}, "S2"),
        ({"Remind after, days": 5, "Time limit, days": 5}, "T2"),
        ({"Time limit, days": 0}, "U2"),
        ({"Time limit, days": "1e3"}, "U2"),
        ({"After the limit": "Explode"}, "V2"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_by_its_cell(said, cell):
    with pytest.raises(SheetMistakes) as refusal:
        sheet.read(book(row(**said), row(2)), name="r.xlsx", known=Known())

    assert [text.partition(":")[0] for text in refusal.value.mistakes] == [cell]


def test_all_mistakes_are_told_at_once_and_rows_of_one_rule_agree():
    data = book(
        row(1, Document="Order", Currency="euro"), row(1, Name="Other"), row(2, **{"Who is asked": "King"})
    )

    with pytest.raises(SheetMistakes) as refusal:
        sheet.read(data, name="r.xlsx", known=Known())

    assert [text.partition(":")[0] for text in refusal.value.mistakes] == ["C2", "J2", "B3", "C3", "O4"]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (book(), "r.xlsx", sheet.NotOurSheet),
        (book(heads=["Name", "Who is asked"]), "r.xlsx", sheet.NotOurSheet),
        (book(heads=HEADS[:-1]), "r.xlsx", sheet.NotOurSheet),
        (b"Name,Who", "r.csv", sheet.NotOurSheet),
        (b"Name,Who", "r.xlsx", Exception),
        (b"PK\x03\x04" + b"x" * 99, "r.xlsx", Exception),
    ],
    ids=["no rules", "other heads", "a column is missing", "csv", "text", "broken"],
)
def test_other_files_are_refused(data, name, kind):
    from procurement.common.errors import RuleViolation

    with pytest.raises(RuleViolation) as refusal:
        sheet.read(data, name=name, known=Known())
    assert isinstance(refusal.value, kind)
    assert not isinstance(refusal.value, SheetMistakes)


def test_a_sheet_replaces_the_rules_of_a_draft_by_page(house, rich, client):
    client.force_login(house.writer, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("rules:import", args=[rich.pk])
    before = everything()

    def send(data, name="r.xlsx", edit_version=rich.edit_version):
        return client.post(page, {"edit_version": edit_version, "file": SimpleUploadedFile(name, data)})

    assert client.get(page).status_code == 200
    answer = send(book(row(Document="Order")))
    assert answer.status_code == 422
    assert "C2: Unknown here: Order." in answer.content.decode()
    assert send(b"", name="r.xlsx").status_code == 422
    assert send(book(row()), edit_version=99).status_code == 422
    assert client.post(page, {"edit_version": "x"}).status_code == 422
    assert everything() == before

    taken = client.get(reverse("rules:export", args=[rich.pk])).content
    assert send(book(row(), row(2))).status_code == 302
    assert [one.name for one in say(rich)] == ["R1", "R2"]
    rich.refresh_from_db()
    said = {"edit_version": rich.edit_version, "file": SimpleUploadedFile("again.xlsx", taken)}
    assert client.post(page, said).status_code == 302
    assert [one.name for one in say(rich)] == ["=1+1", "阀门 Valves"]


def test_a_hostile_archive_only_kills_its_reader(monkeypatch):
    monkeypatch.setattr(sheets, "SECONDS", 0)

    with pytest.raises(SheetRefused):
        sheet.read(book(row()), name="r.xlsx", known=Known())
