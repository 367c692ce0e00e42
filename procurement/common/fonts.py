"""What WeasyPrint needs before it may be imported: our fonts, and the pango libraries.

Without fonts pango ends the whole process, so FONTCONFIG_FILE always points to a file of ours that names the
fonts that come with the packages; that makes documents look the same on every machine, too. Libraries that the
machine does not have are fetched from its own Debian archive into `.local`, without root and without installing.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

FONT_PACKAGES = ("noto_cjk_sans_jp_regular", "noto_cjk_sans_jp_bold")
NEEDED = ("gobject-2.0", "pango-1.0", "harfbuzz", "fontconfig", "pangoft2-1.0")
DEBIAN_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
FETCH_TIMEOUT = 180

FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
{folders}
  <cachedir>{cache}</cachedir>
  <alias binding="strong"><family>sans-serif</family><prefer><family>{family}</family></prefer></alias>
  <alias binding="strong"><family>serif</family><prefer><family>{family}</family></prefer></alias>
  <alias binding="strong"><family>monospace</family><prefer><family>{family}</family></prefer></alias>
</fontconfig>
"""
FAMILY = "Noto Sans CJK JP"

HOW_TO_INSTALL = {
    "debian": "sudo apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "fedora": "sudo dnf install pango",
    "alpine": "apk add pango",
    "arch": "sudo pacman -S pango",
    "suse": "sudo zypper install libpango-1_0-0",
    "darwin": "brew install pango",
}


def prepare(local_dir: Path) -> None:
    """Make it safe to import weasyprint in this process; without pango its import raises OSError."""
    os.environ["FONTCONFIG_FILE"] = str(write_font_configuration(local_dir))
    if not has_pango():
        load_fetched(local_dir)


def font_folders() -> list[Path]:
    """Where the shipped fonts lie."""
    specs = [importlib.util.find_spec(name) for name in FONT_PACKAGES]
    return [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]


def write_font_configuration(local_dir: Path) -> Path:
    """Write `fonts.conf` when it is not there as it should be; several processes may do so at once."""
    folder = local_dir / "fonts"
    path = folder / "fonts.conf"
    folders = "\n".join(f"  <dir>{escape(str(folder))}</dir>" for folder in font_folders())
    text = FONTS_CONF.format(folders=folders, cache=escape(str(folder / "cache")), family=FAMILY)
    if not path.exists() or path.read_text("utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(text, "utf-8")
        part.replace(path)
    return path


# --- pango ---


def has_pango() -> bool:
    """Whether the libraries that WeasyPrint opens are there for this process."""
    return all(_can_open(name) for name in NEEDED)


def _can_open(name: str) -> bool:
    soname = f"lib{name}.so.0" if sys.platform == "linux" else ctypes.util.find_library(name)
    soname = "libfontconfig.so.1" if soname == "libfontconfig.so.0" else soname
    if soname is None:
        return False
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def ensure_pango(local_dir: Path) -> bool:
    """Whether documents can be made; fetches the libraries once where that is possible without root."""
    if has_pango() or load_fetched(local_dir):
        return True
    return fetch(local_dir) and load_fetched(local_dir)


def _fetched_root(local_dir: Path) -> Path:
    return local_dir / "syslibs" / "root"


def load_fetched(local_dir: Path) -> bool:
    """Open all fetched libraries for everyone in this process, in whatever order they need one another."""
    libraries = sorted(_fetched_root(local_dir).rglob("lib*.so.*"))
    while libraries:
        left = [path for path in libraries if not _opened(path)]
        if len(left) == len(libraries):
            break
        libraries = left
    return has_pango()


def _opened(path: Path) -> bool:
    try:
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def fetch(local_dir: Path) -> bool:
    """Download the Debian packages (apt checks their signatures) and unpack them below `.local`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    folder = local_dir / "syslibs"
    for sub in ("lists/partial", "archives/partial", "root"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    print("Fetching the libraries for PDF documents (pango) …", file=sys.stderr, flush=True)
    apt = ["apt-get", "-qq", *_own_folders(folder)]
    try:
        _run([*apt, "update"])
        _run([*apt, "install", "--download-only", "--no-install-recommends", "-y", *DEBIAN_PACKAGES])
        for package in sorted((folder / "archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(folder / "root")])
            package.unlink()
    except (subprocess.SubprocessError, OSError):
        return False
    shutil.rmtree(folder / "lists", ignore_errors=True)
    return True


def _own_folders(folder: Path) -> list[str]:
    """Nothing of the machine's own apt is written, so that no root is needed."""
    return [
        *("-o", f"Dir::State::Lists={folder / 'lists'}"),
        *("-o", f"Dir::Cache={folder}"),
        *("-o", f"Dir::Cache::archives={folder / 'archives'}"),
        *("-o", "Debug::NoLocking=1"),
        *("-o", "APT::Sandbox::User="),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(
        command, check=True, capture_output=True, timeout=FETCH_TIMEOUT, env={**os.environ, "LC_ALL": "C"}
    )


def how_to_install() -> str:
    """The command that brings pango to this machine."""
    if sys.platform == "darwin":
        return HOW_TO_INSTALL["darwin"]
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    likes = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}"
    return next((line for name, line in HOW_TO_INSTALL.items() if name in likes), HOW_TO_INSTALL["debian"])
