"""Whoever has no browser hears about it; a machine that tests for others has to have one."""

import os
from pathlib import Path

import pytest

from launcher import LaunchError, chromium


@pytest.fixture(autouse=True)
def _no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # as root it would install one


def test_a_person_without_a_browser_is_told_loudly_what_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    chromium.require()
    assert "THE BROWSER TESTS WILL BE SKIPPED" in capsys.readouterr().out


def test_under_ci_a_missing_browser_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(LaunchError, match="Under CI that is a failure"):
        chromium.require()


def test_a_browser_that_is_named_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = tmp_path / "my-browser"
    browser.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    chromium.require()
    assert capsys.readouterr().out == ""
