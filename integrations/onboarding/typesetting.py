"""PDFs. Set by Typst in a process of its own, which a hostile picture may slow or end without harm to ours.

What people wrote travels as a value and never as markup, so it cannot say anything to the typesetter.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "documents"
SECONDS = 25
MEMORY_BYTES = 768 * 1024 * 1024
# Alone it imports neither Django nor us. Fonts: Typst's own, then the system's for the scripts that those lack.
# One thread, because every other one would reserve memory of its own. macOS takes the limit and does not keep it.
PROGRAM = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
main, root, most = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_DATA, (int(most), int(most)))
os.environ["RAYON_NUM_THREADS"] = "1"
import typst
sys.stdout.buffer.write(typst.compile(main, root=root, sys_inputs={"data": sys.stdin.read()}))
"""


class TypesettingFailed(Exception):
    """No PDF came about; the text says why. The content is whole, and can be had as Markdown."""


def typeset(template: str, data: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> bytes:
    """Return the PDF of `documents/<template>.typ` with `data`, in which `pictures` are named by their keys.

    A picture that cannot be set is left out. Raises TypesettingFailed.
    """
    try:
        return _set(template, data, pictures or {})
    except TypesettingFailed:
        if not pictures:
            raise
        return _set(template, {**data, "without_pictures": True}, {})


def _set(template: str, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="partnerbus-") as root:
        main = Path(root) / "main.typ"
        main.write_bytes((TEMPLATES / f"{template}.typ").read_bytes())
        for name, content in pictures.items():
            (Path(root) / f"{name}.picture").write_bytes(content)
        command = [sys.executable, "-I", "-c", PROGRAM, str(main), root, str(MEMORY_BYTES)]
        try:
            done = subprocess.run(
                command, input=json.dumps(data).encode(), capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(f"The PDF was not ready after {SECONDS} seconds.") from None
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise TypesettingFailed(done.stderr.decode(errors="replace")[-2_000:])
    return done.stdout
