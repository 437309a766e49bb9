from typing import Any

import pytest

from integrations.sandbox import protocols, selftest, services


def test_the_installed_libraries_pass() -> None:
    selftest.check_seams()


def test_a_moto_that_reads_differently_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Changed(protocols.QueryParser):  # type: ignore[misc]
        def parse(self, request_dict: Any) -> dict[str, Any]:
            return {**super().parse(request_dict), "Attributes": {}}

    monkeypatch.setattr(protocols, "QueryParser", Changed)
    with pytest.raises(selftest.SeamBroken, match="install the versions of moto and botocore"):
        selftest.check_seams()


def test_an_operation_that_botocore_does_not_know_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(services.SERVICES["events"], "InventedOperation", lambda simulator, call: {})
    with pytest.raises(selftest.SeamBroken, match="InventedOperation"):
        selftest.check_seams()
