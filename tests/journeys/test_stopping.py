"""An orderly stop, on a stack of its own, because nothing can be tested on it afterwards."""

from launcher.stack import running
from tests.journeys.customers import customers, names
from tests.smoke.disturbing import Simulator
from tests.smoke.registering import registered_backend


def test_an_orderly_stop_lets_the_publisher_finish_its_round() -> None:
    with running() as stack:
        (alder,) = customers(stack, registered_backend(stack), "alder")
        alder.accept()
        alder.post("first")
        alder.wait_for("first")
        Simulator(str(stack.sandbox_url)).misbehave({"latency_ms": 500})
        alder.post(*names("last", 100))
        assert stack.stop() == 0
        said = (stack.data.logs / "worker.log").read_text()
        assert "Warm shutdown" in said
        assert "WorkerLost" not in said
        assert "signal 15" not in said
