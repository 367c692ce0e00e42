"""The slow files named for scheduling are there, and what shares a world stays together."""

from procurement.config.bootstrap import CHECKOUT
from tests.scheduling import SLOWEST, TOGETHER, group_of


def test_every_slow_file_that_is_named_exists():
    assert [name for name in SLOWEST if not (CHECKOUT / name).exists()] == []


def test_files_that_share_a_world_are_one_group():
    for folder in TOGETHER:
        files = [path.relative_to(CHECKOUT) for path in (CHECKOUT / folder).glob("test_*.py")]

        assert len(files) > 1
        assert {group_of(f"{file}::test_x[a::b]") for file in files} == {folder}
    assert group_of("tests/rfqs/test_pages.py::test_x[a::b]") == "tests/rfqs/test_pages.py"
