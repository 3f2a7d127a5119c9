"""A worker of iii-sdk, tested with the pytest plugin: it passes with every version of the SDK."""
import pytest
from iii import InitOptions, register_worker


@pytest.fixture
def orders(iii):
    worker = register_worker(iii.url, InitOptions(worker_name="orders", otel={"enabled": False}))
    worker.register_function("orders::charge", lambda order: {"charged": order["id"]})
    iii.wait_for_function("orders::charge")
    yield worker
    worker.shutdown()


def test_journal(iii, orders):
    assert iii.call("orders::charge", {"id": 1, "password": "p4ss"})["charged"] == 1
    iii.journal.wait("orders::charge", completed=True)
    iii.journal.verify("orders::charge", times=1)
    [call] = iii.journal.invocations("orders::*")
    assert call["payload"] == {"id": 1, "password": "[REDACTED]"} and call["result"] == {"charged": 1}
    with pytest.raises(AssertionError, match="`orders::charge` was called once"):
        iii.journal.verify("orders::chrage", times=1)
    iii.reset()
    iii.journal.verify("orders::charge", times=0)


def test_a_worker_comes_back(iii, orders):
    assert iii.call("orders::charge", {"id": 1})["charged"] == 1
    iii.journal.clear()
    with iii.faults.add("kill_worker", function_id="orders::charge"):
        with pytest.raises(Exception, match="invocation_stopped|Invocation stopped"):
            iii.call("orders::charge", {"id": 1})
    iii.journal.wait("engine::workers::register", timeout=20)
    iii.wait_for_function("orders::charge", timeout=20)
    assert iii.call("orders::charge", {"id": 2})["charged"] == 2
    assert iii.faults.unmatched() == []


def test_forbidden(iii, orders):
    iii.access.deny("orders::*")
    with pytest.raises(Exception, match="not allowed"):
        iii.call("orders::charge", {"id": 1})
    assert iii.access.denials()[0]["id"] == "orders::charge"
    iii.access.reset()
    assert iii.call("orders::charge", {"id": 1})["charged"] == 1


def test_a_lost_result(iii, orders):
    iii.faults.add("drop_result", function_id="orders::charge")
    with pytest.raises(Exception):
        iii.call("orders::charge", {"id": 1}, timeout=0.3)
    assert iii.journal.list(event="fault")[0]["effect"] == "invocationresult of 'orders::charge' was lost"
