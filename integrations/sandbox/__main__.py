"""`python -m integrations.sandbox`: the AWS simulator in the foreground."""

import argparse
import os
import signal
import sys
import threading

from integrations.sandbox.persistence import StateFileUnusable
from integrations.sandbox.selftest import SeamBroken, check_seams
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.simulator import Simulator

# 1,000 levels of detail are legal at AWS, and numbers of any length are legal JSON.
RECURSION_LIMIT = 5_000


def main() -> int:
    arguments = _arguments()
    sys.setrecursionlimit(RECURSION_LIMIT)
    sys.set_int_max_str_digits(0)
    try:
        check_seams()
        server = SandboxServer(arguments.host, arguments.port, Simulator(arguments.state))
    except (SeamBroken, StateFileUnusable) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"Cannot listen on {arguments.host}:{arguments.port} ({error.strerror}): set SANDBOX_PORT.")
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever() to return, which is interrupted by this very handler.
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"AWS sandbox listening on http://{arguments.host}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
    server.server_close()
    return 0


def _arguments() -> argparse.Namespace:
    environment = os.environ
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description="The AWS simulator.")
    parser.add_argument("--host", default=environment.get("SANDBOX_HOST", "127.0.0.1"))
    port = environment.get("SANDBOX_PORT", "4566")
    parser.add_argument("--port", type=int, default=port, help="0 takes a free port; the first line of output names it")
    state = environment.get("SANDBOX_STATE", "memory")
    parser.add_argument("--state", default=state, help="path of the state file, or 'memory'")
    return parser.parse_args()


def _complain(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
