"""A real browser without a window: pages as it has built them, and as it shows them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

#: Width and height of pictures, in pixels.
SIZE = (1400, 1000)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=12000",  # the page's clock runs ahead whenever nothing is fetched
)


def find_browser() -> str | None:
    """Path of one, if there is any on this machine."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def dump_page(url: str) -> str:
    """The page's HTML after its scripts have run."""
    return _open(url, "--dump-dom")


def take_picture(url: str, path: Path) -> None:
    """Write the page as a PNG of `SIZE`."""
    _open(url, f"--screenshot={path}", f"--window-size={SIZE[0]},{SIZE[1]}")


def png_size(path: Path) -> tuple[int, int]:
    """Width and height, from the header."""
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def _open(url: str, *options: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [str(find_browser()), *_FLAGS, f"--user-data-dir={profile}", *options, url]
        opened = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert opened.returncode == 0, opened.stderr
    return opened.stdout
