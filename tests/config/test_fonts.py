"""Documents look the same everywhere: our fonts, and pango from wherever it can be had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from procurement.common import fonts

CHECKOUT = Path(__file__).resolve().parents[2]

RENDER = """
import sys; from pathlib import Path
from procurement.common import fonts
fonts.prepare(Path(sys.argv[1]))
import weasyprint
html = '<html lang="zh-Hans"><p>采购合同 <b>金额</b> Contract é</p></html>'
weasyprint.HTML(string=html).write_pdf(sys.argv[2])
"""


def test_the_configuration_names_only_our_fonts(tmp_path):
    path = fonts.write_font_configuration(tmp_path)
    text = path.read_text()

    assert text.count("<dir>") == 2
    assert all(any(folder.glob("*.otf")) for folder in fonts.font_folders())
    assert "/usr/share/fonts" not in text


def test_it_is_written_once(tmp_path):
    first = fonts.write_font_configuration(tmp_path).stat().st_mtime_ns

    assert fonts.write_font_configuration(tmp_path).stat().st_mtime_ns == first


@pytest.mark.skipif(not fonts.has_pango(), reason="no pango on this machine")
def test_chinese_is_set_in_a_real_bold(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "FONTCONFIG_FILE"}
    document = tmp_path / "contract.pdf"

    subprocess.run(
        [sys.executable, "-c", RENDER, str(tmp_path), str(document)],
        cwd=CHECKOUT,
        env=environment,
        check=True,
    )

    pypdf = pytest.importorskip("pypdf")
    page = pypdf.PdfReader(document).pages[0]
    used = sorted(
        str(font.get_object()["/BaseFont"]).split("+")[-1] for font in page["/Resources"]["/Font"].values()
    )
    assert used == ["Noto-Sans-CJK-JP", "Noto-Sans-CJK-JP-Bold"]
    assert "采购合同" in page.extract_text()


def test_without_apt_nothing_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts.shutil, "which", lambda name: None)

    assert not fonts.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetching_writes_below_our_own_folder_only(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(fonts.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(fonts, "_run", calls.append)

    assert fonts.fetch(tmp_path)

    update, install = calls
    assert "--download-only" in install
    for option in (f"Dir::State::Lists={tmp_path}/syslibs/lists", f"Dir::Cache={tmp_path}/syslibs"):
        assert option in update
        assert option in install


def test_a_failed_fetch_is_no_failure_of_ours(tmp_path, monkeypatch):
    def unreachable(command):
        raise subprocess.CalledProcessError(100, command)

    monkeypatch.setattr(fonts.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(fonts, "_run", unreachable)
    monkeypatch.setattr(fonts, "has_pango", lambda: False)

    assert not fonts.ensure_pango(tmp_path)


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "sudo apt install libpango-1.0-0"),
        ({"ID": "fedora"}, "sudo dnf install pango"),
        ({"ID": "alpine"}, "apk add pango"),
    ],
)
def test_the_right_command_is_named(monkeypatch, release, command):
    monkeypatch.setattr(fonts.platform, "freedesktop_os_release", lambda: release)
    monkeypatch.setattr(fonts.sys, "platform", "linux")

    assert fonts.how_to_install().startswith(command)
