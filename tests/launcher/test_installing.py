"""The installation: done once, done again when the lock changes, and never believed when it did not finish."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from launcher import LaunchError, installing
from launcher.configuration import ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with lock files that name one small package, and an index that has nothing else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # without uv, which needs no test of ours
    for version in ("1.0", "2.0"):
        make_wheel(tmp_path / "wheels", version)
    lock(tmp_path, "requirements.txt", "1.0")
    lock(tmp_path, "requirements-dev.txt", "1.0")
    return tmp_path


def make_wheel(directory: Path, version: str) -> None:
    directory.mkdir(exist_ok=True)
    info = f"parcel-{version}.dist-info"
    files = {
        "parcel.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: parcel\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},sha256={digest(text)},{len(text)}\n" for name, text in files.items()]
    with zipfile.ZipFile(directory / f"parcel-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def lock(checkout: Path, name: str, version: str, sha256: str = "") -> None:
    wheel = checkout / f"wheels/parcel-{version}-py3-none-any.whl"
    sha256 = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
    (checkout / name).write_text(f"# {name}\nparcel=={version} --hash=sha256:{sha256}\n")


def installed_version(checkout: Path) -> str:
    question = [installing.python_of(checkout), "-c", "import parcel; print(parcel.version)"]
    return subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip()


def test_it_installs_once_and_again_only_when_the_lock_changes(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installing.install(checkout, "requirements.txt")
    assert installed_version(checkout) == "1.0"
    capsys.readouterr()
    installing.install(checkout, "requirements.txt")
    assert capsys.readouterr().out == ""
    lock(checkout, "requirements.txt", "2.0")
    installing.install(checkout, "requirements.txt")
    assert installed_version(checkout) == "2.0"


def test_the_development_packages_contain_the_others(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    installing.install(checkout, "requirements-dev.txt")
    capsys.readouterr()
    installing.install(checkout, "requirements.txt")
    assert capsys.readouterr().out == ""


def test_a_package_with_another_hash_is_refused_and_not_taken_for_installed(checkout: Path) -> None:
    lock(checkout, "requirements.txt", "1.0", sha256="0" * 64)
    with pytest.raises(LaunchError, match="could not be installed"):
        installing.install(checkout, "requirements.txt")
    with pytest.raises(LaunchError, match="could not be installed"):
        installing.install(checkout, "requirements.txt")


def test_an_environment_that_was_left_half_made_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/no/such/python")
    installing.install(checkout, "requirements.txt")
    assert installed_version(checkout) == "1.0"


def test_two_at_once_do_the_work_once(checkout: Path) -> None:
    program = (
        f"from pathlib import Path; from launcher import installing; "
        f"installing.install(Path({str(checkout)!r}), 'requirements.txt')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Installing" in output for output in outputs) == 1
    assert installed_version(checkout) == "1.0"


def test_an_older_python_is_told_what_is_needed() -> None:
    program = "import sys; sys.version_info = (3, 9); import runpy; runpy.run_module('launcher')"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "needs Python 3.11 or newer" in finished.stderr
