"""Which process runs what: a long file begun last would leave the other processors idle at the end."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/fire/pages/", "tests/analytics/")  # each shares a world that takes its time to make
SLOWEST = (  # begun first, in this order; of the rest whatever has most tests
    "tests/fire/pages/",
    "tests/browser/test_story.py",
    "tests/browser/test_jobs.py",
    "tests/approvals/test_machine.py",
    "tests/browser/test_accessibility.py",
    "tests/common/test_words.py",
    "tests/browser/test_inbox.py",
    "tests/browser/test_sourcing.py",
    "tests/demo/test_benchmarks.py",
    "tests/browser/test_portal.py",
    "tests/browser/test_rules.py",
    "tests/browser/test_operations.py",
    "tests/requisitions/test_permissions.py",
    "tests/browser/test_evaluation.py",
    "tests/evaluation/test_pages.py",
    "tests/stories/test_every_url.py",
    "tests/demo/test_replay.py",
    "tests/approvals/test_races.py",
    "tests/stories/test_pages_story.py",
    "tests/agreements/test_print.py",
    "tests/browser/test_scripts.py",
    "tests/browser/test_requests.py",
    "tests/browser/test_contracts.py",
    "tests/demo/test_load_demo.py",
    "tests/analytics/",
    "tests/races/test_kills.py",
    "tests/documents/test_award_memo.py",
    "tests/documents/test_structure.py",
    "tests/documents/test_bid_documents.py",
    "tests/documents/test_rfq_print.py",
    "tests/documents/test_letters.py",
    "tests/documents/test_rendering.py",
    "tests/browser/test_door.py",
    "tests/bids/test_races.py",
    "tests/agreements/test_editor.py",
    "tests/rfqs/test_pages.py",
    "tests/portal/test_pages.py",
    "tests/requisitions/test_pages.py",
    "tests/inbox/test_acts.py",
    "tests/config/test_supervisor.py",
    "tests/operations/test_sealed.py",
)


def group_of(nodeid):
    """What runs in one process, one after the other: a file, or a folder that shares what it makes."""
    shared = (one for one in TOGETHER if nodeid.startswith(one))
    return next(shared, nodeid.split("::", 1)[0])


class SlowestFirst(LoadFileScheduling):
    """Files as xdist hands them out, but the slow ones before all others."""

    def _split_scope(self, nodeid):
        return group_of(nodeid)

    def _assign_work_unit(self, node):
        for group in SLOWEST:
            if group in self.workqueue:
                self.workqueue.move_to_end(group, last=False)
                break
        super()._assign_work_unit(node)
