"""Which package may import which."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.sources import ROOT, modules

PROGRAM_OF_ITS_OWN = "integrations.sandbox"  # it stands beside the layers


def test_the_import_contracts_are_kept() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run(
        [lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_slice_and_every_shared_module_has_its_layer() -> None:
    """Where a module is in no layer, nothing says what it may import."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    there = {f"integrations.{path.parts[1].removesuffix('.py')}" for path in modules("integrations")}
    assert there - set(re.findall(r"[\w.]+", " ".join(layers))) == {"integrations.__init__", PROGRAM_OF_ITS_OWN}
