"""The process of one case: drawn, in words, and as a file of BPMN 2.0."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from django.utils import translation

from procurement.requisitions import services as requisitions
from tests.approvals.acts import active, decide, one_approver, submit, two_stages, withdraw
from tests.factories import RequisitionFactory, make_approver, make_auditor, make_person
from workflows.approvals.models import ApprovalCase
from workflows.flows import drawing, versions

pytestmark = pytest.mark.django_db
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SHAPES = "{http://www.omg.org/spec/BPMN/20100524/DI}"
NODES = {"startEvent", "exclusiveGateway", "complexGateway", "userTask", "endEvent"}


def states(case):
    case = ApprovalCase.objects.select_related("process").get(pk=case.pk)
    stops = drawing.stops_of(case.process.flow_class, case.process)
    return {stop.node.name: stop.state for stop in stops}


def page(client, user, case):
    client.force_login(user)
    return client.get(reverse("flows:process", args=[case.pk]))


def test_each_step_says_whether_it_is_done_now_or_not_reached(document, django_assert_num_queries):
    requester, together, last = two_stages()
    case = submit(requester)
    assert states(case) == {
        "start": "done", "ask": "done", "decide": "now", "stage_over": "later", "what_next": "later",
        "approved": "later", "returned": "later", "rejected": "later",
    }  # fmt: skip

    decide(active(case)[0])
    process = ApprovalCase.objects.select_related("process").get(pk=case.pk).process
    with django_assert_num_queries(1):
        stops = drawing.stops_of(process.flow_class, process)
    (turn,) = [stop for stop in stops if stop.node.name == "decide"]
    assert (turn.state, turn.note) == ("now", "1 time done, 1 now")

    decide(active(case)[0])
    decide(active(case)[0])
    reached = {name for name, state in states(case).items() if state == "done"}
    assert reached == {"start", "ask", "decide", "stage_over", "what_next", "approved"}


def test_a_returned_and_a_withdrawn_case_say_so(document):
    requester, _approver = one_approver()
    first, second = submit(requester), submit(requester, document_id=2)
    decide(active(first)[0], "return", comment="Why?")
    withdraw(second)

    assert states(first)["returned"] == "done"
    assert states(first)["approved"] == "later"
    assert states(second)["decide"] == "needless"


def test_the_page_says_it_all_in_words(client, document, django_assert_max_num_queries):
    requester, _together, _last = two_stages()
    case = submit(requester)

    page(client, requester, case)
    with django_assert_max_num_queries(11):
        text = client.get(reverse("flows:process", args=[case.pk])).content.decode()

    assert "Approval of a requisition" in text
    assert text.count("Not reached") >= 5 * 2
    assert 'aria-current="step"><th scope="row">Each approver decides' in text
    assert re.search(r'<svg class="flow"[^>]+role="img" aria-label="[^"]*Each approver decides: Now\.', text)
    assert "style=" not in text
    for person in _together:
        assert person.name in text


@pytest.mark.parametrize(("language", "word"), [("en", "Stage complete"), ("zh-hans", "本级完成")])
def test_it_is_read_in_both_languages(client, document, language, word):
    requester, _approver = one_approver()
    requester.language = language
    requester.save(update_fields=["language"])

    assert word in page(client, requester, submit(requester)).content.decode()


def test_rounds_lead_to_each_other(client, document):
    requester, _approver = one_approver()
    first = submit(requester)
    decide(active(first)[0], "return", comment="How many?")
    second = submit(requester, round=2)

    assert reverse("flows:process", args=[first.pk]) in page(client, requester, second).content.decode()
    assert reverse("flows:process", args=[second.pk]) in page(client, requester, first).content.decode()


def test_whoever_may_not_see_the_case_finds_nothing(client, document):
    requester, approver = one_approver()
    case = submit(requester)
    company = requester.person.company
    seen = {requester: 200, approver: 200, make_auditor(company): 200, make_auditor(): 404,
            make_person(company): 404, make_approver(company): 404}  # fmt: skip

    for user, status in seen.items():
        client.force_login(user)
        for name in ("process", "bpmn"):
            assert client.get(reverse(f"flows:{name}", args=[case.pk])).status_code == status, (user, name)


def test_a_chain_leads_to_it_where_the_case_may_be_seen(client):
    requester, approver = one_approver()
    made = RequisitionFactory(requester=requester, lines=[{"need_date": date(2099, 1, 1)}])
    requisitions.submit(requisition_id=made.pk, actor=requester)
    address = reverse("flows:process", args=[ApprovalCase.objects.get().pk])
    url = reverse("requisitions:detail", args=[made.pk])
    for user, seen in ((requester, True), (approver, True)):
        client.force_login(user)
        assert (address in client.get(url).content.decode()) is seen


def test_a_case_in_which_nobody_was_asked_says_so(client, document):
    requester, _approver = one_approver()
    case = submit(requester)
    decide(active(case)[0])
    ApprovalCase.objects.filter(pk=case.pk).update(process=None)

    text = page(client, requester, case).content.decode()

    assert "Nobody had to be asked in this round" in text
    assert "In words" not in text


# --- BPMN


def bpmn(flow):
    return ElementTree.fromstring(drawing.bpmn_of(flow))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("flow", versions.registered())
def test_the_file_is_a_whole_bpmn_process(flow, language):
    with translation.override(language):
        root = bpmn(flow)
    assert root.tag == f"{BPMN}definitions"
    (process,) = root.findall(f"{BPMN}process")
    found = {one.get("id"): one for one in process if one.tag != f"{BPMN}sequenceFlow"}
    flows = {one.get("id"): one for one in process.findall(f"{BPMN}sequenceFlow")}
    every = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(every) == len(set(every))
    assert {one.tag.removeprefix(BPMN) for one in found.values()} == NODES
    assert {one.get("name") for one in found.values()} == {
        str(node.task_title) for node in flow.instance.nodes() if language == "en"
    } or language != "en"
    assert all(one.get("name") for one in found.values())
    for key, way in flows.items():
        source, target = found[way.get("sourceRef")], found[way.get("targetRef")]
        assert key in [one.text for one in source.findall(f"{BPMN}outgoing")]
        assert key in [one.text for one in target.findall(f"{BPMN}incoming")]
    named = [one.text for tag in ("incoming", "outgoing") for one in process.iter(f"{BPMN}{tag}")]
    assert sorted(named) == sorted([*flows, *flows])


@pytest.mark.parametrize("flow", versions.registered())
def test_the_file_has_a_shape_for_each_node_and_a_line_for_each_way(flow):
    root = bpmn(flow)
    (process,) = root.findall(f"{BPMN}process")
    (plane,) = root.iter(f"{SHAPES}BPMNPlane")
    assert plane.get("bpmnElement") == process.get("id")
    shapes = {one.get("bpmnElement") for one in plane.findall(f"{SHAPES}BPMNShape")}
    lines = {one.get("bpmnElement"): len(one) for one in plane.findall(f"{SHAPES}BPMNEdge")}
    assert shapes | set(lines) == {one.get("id") for one in process}
    assert all(points >= 2 for points in lines.values())


@pytest.mark.parametrize("flow", versions.registered())
def test_a_token_gets_through(flow):
    """No gateway waits for a way that is not taken: only the one after the turns has to wait, and has one way in."""
    (process,) = bpmn(flow).findall(f"{BPMN}process")
    assert process.find(f"{BPMN}parallelGateway") is None
    (join,) = process.findall(f"{BPMN}complexGateway")
    assert len(join.findall(f"{BPMN}incoming")) == 1
    assert process.find(f"{BPMN}userTask/{BPMN}multiInstanceLoopCharacteristics") is not None


def test_it_is_downloaded_under_a_name(client, document):
    requester, _approver = one_approver()
    case = submit(requester)
    client.force_login(requester)

    answer = client.get(reverse("flows:bpmn", args=[case.pk]))

    assert answer["Content-Disposition"] == 'attachment; filename="requisition-approval-v1.bpmn"'
    assert answer["Content-Type"].startswith("application/xml")
    assert ElementTree.fromstring(answer.content).tag == f"{BPMN}definitions"


# --- the drawing


@pytest.mark.parametrize("flow", versions.registered())
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_nothing_overlaps_and_every_word_is_in_its_box(flow, language):
    with translation.override(language):
        drawn = drawing.drawing_of(flow, drawing.stops_of(flow, None))
        boxes = list(drawn.boxes.values())
        assert len(boxes) == len(list(flow.instance.nodes()))
        for box in boxes:
            assert box.x >= 0
            assert box.x + box.width <= drawn.width
            assert box.state_y < box.y + box.height
            assert "".join(box.lines).replace(" ", "") == box.stop.name.replace(" ", "")
            for other in boxes:
                apart = (
                    box.x + box.width <= other.x
                    or other.x + other.width <= box.x
                    or box.y + box.height <= other.y
                    or other.y + other.height <= box.y
                )
                assert other is box or apart
        assert len(drawn.ways) == sum(len(list(node._outgoing())) for node in flow.instance.nodes())
