"""Sees to it that the browser tests have a browser, or that nobody overlooks that they do not."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from launcher import LaunchError
from launcher.speech import say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHTS_OWN = (Path("~/.cache/ms-playwright"), Path("~/Library/Caches/ms-playwright"))


def require() -> None:
    """Installs Chromium where that is one command of the system's package manager; says loudly what is skipped else.

    Raises LaunchError instead of skipping when CI is set.
    """
    if _is_there() or (_can_be_installed() and _install()):
        return
    missing = (
        "No Chromium was found: THE BROWSER TESTS WILL BE SKIPPED. To have them, install it (Debian: apt install "
        "chromium; elsewhere: .venv/bin/playwright install --with-deps chromium) or name it with CHROMIUM=/path."
    )
    if os.environ.get("CI", "").lower() in ("1", "true"):
        raise LaunchError(f"{missing}\nUnder CI that is a failure.")
    say(f"\n{'!' * 100}\n{missing}\n{'!' * 100}\n")


def _is_there() -> bool:
    named = os.environ.get("CHROMIUM")
    on_path = any(shutil.which(name) for name in ([named] if named else NAMES))
    return on_path or any(any(place.expanduser().glob("chromium-*")) for place in PLAYWRIGHTS_OWN)


def _can_be_installed() -> bool:
    # Ubuntu's package of that name only asks for a snap, which containers do not have.
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _distribution() == "debian"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["ID"]
    except OSError:
        return ""


def _install() -> bool:
    say("Installing Chromium for the browser tests (apt-get, once)")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        finished = subprocess.run(["apt-get", *arguments], env=environment, stdin=subprocess.DEVNULL, check=False)
        if finished.returncode != 0:
            return False
    return True
