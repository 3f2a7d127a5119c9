"""All controls of the pytest plugin, with every version of the SDK."""
import pytest
from iii import InitOptions, register_worker


@pytest.fixture
def worker(iii):
    worker = register_worker(iii.url, InitOptions(worker_name="orders", otel={"enabled": False}))
    yield worker
    worker.shutdown()


@pytest.mark.iii(manual_clock=True)
def test_clock(iii):
    before = iii.clock.now()
    assert before["manual"] is True
    after = iii.clock.advance(seconds=90)
    assert after["milliseconds"] - before["milliseconds"] == 90_000
    assert iii.clock.settle() == after == iii.clock.now()
    assert iii.clock.advance(to_milliseconds=after["milliseconds"] + 500)["milliseconds"] == after["milliseconds"] + 500
    with pytest.raises(Exception, match="cannot go back"):
        iii.clock.advance(milliseconds=-1)


def test_a_clock_that_is_not_manual(iii):
    assert iii.clock.now()["manual"] is False
    with pytest.raises(Exception, match="--manual-clock"):
        iii.clock.advance(seconds=1)


@pytest.mark.iii(manual_clock=True)
def test_a_slow_dependency(iii, worker):
    worker.register_function("rates::euro", lambda _: 1.08)
    iii.wait_for_function("rates::euro")
    iii.stubs.delay("rates::euro", 4000)
    call = iii.begin("rates::euro")
    iii.journal.wait("rates::euro")
    iii.clock.advance(milliseconds=3999)
    iii.journal.verify("rates::euro", times=1)
    assert not call.has_ended
    iii.clock.advance(milliseconds=1)
    assert call.result() == 1.08 and call.has_ended


def test_stubs(iii, worker):
    worker.register_function("bank::refund", lambda order: {"real": order["id"]})
    iii.wait_for_function("bank::refund")
    with iii.stubs.returning("bank::refund", {"ok": True}, then=[{"error": {"code": "DECLINED", "message": "twice"}}]):
        assert iii.call("bank::refund", {"id": 7}) == {"ok": True}
        with pytest.raises(Exception, match="twice"):
            iii.call("bank::refund", {"id": 7})
        [stub] = iii.stubs.list()
        assert stub["function_id"] == "bank::refund" and stub["calls"] == 2
    assert iii.call("bank::refund", {"id": 7})["real"] == 7
    iii.stubs.returning("bank::refund", None, when={"id": 8}, times=1)
    assert iii.call("bank::refund", {"id": 8}) is None
    assert iii.call("bank::refund", {"id": 8})["real"] == 8
    iii.stubs.fail("bank::pay", "TIMEOUT")
    with pytest.raises(Exception):
        iii.call("bank::pay")
    iii.stubs.hang("bank::wait")
    with pytest.raises(Exception):
        iii.call("bank::wait", timeout=0.3)
    iii.stubs.remove()
    assert iii.stubs.list() == []


def test_channels(iii, worker):
    # The worker has introduced itself once its function is there.
    worker.register_function("orders::charge", lambda order: order["id"])
    iii.wait_for_function("orders::charge")
    made = worker.trigger({"function_id": "engine::channels::create", "payload": {"buffer_size": 2}})
    [channel] = iii.channels.list()
    assert channel["channel_id"] == made["reader"]["channel_id"]
    assert (channel["worker_name"], channel["writer"], channel["reader"]) == ("orders", "unopened", "unopened")
    assert (channel["buffer_size"], channel["buffered_bytes"], channel["messages_passed"]) == (2, 0, 0)
    iii.channels.slow(channel["channel_id"], 1000)
    assert iii.channels.list()[0]["bytes_per_second"] == 1000
    iii.channels.slow(channel["channel_id"])
    assert iii.channels.list()[0]["bytes_per_second"] is None
    assert iii.channels.cut(channel["channel_id"], "reader") == 0
    with pytest.raises(Exception, match="no channel"):
        iii.channels.cut("unknown")


def test_access(iii, worker):
    worker.register_function("orders::charge", lambda order: order["id"])
    worker.register_function("orders::call", lambda order: worker.trigger(
        {"function_id": "orders::charge", "payload": {"id": order["id"]}, "timeout_ms": 5000}))
    iii.wait_for_function("orders::call")
    assert iii.access.explain("orders::charge", worker_name="orders")["allowed"] is True
    iii.access.deny("orders::charge", worker_name="orders")
    explained = iii.access.explain("orders::charge", worker_name="orders")
    assert explained["allowed"] is False
    assert iii.call("orders::charge", {"id": 1}) == 1
    with pytest.raises(Exception, match="not allowed"):
        iii.call("orders::call", {"id": 1})
    [denial] = iii.access.denials()
    assert denial["id"] == "orders::charge" and denial["worker_name"] == "orders"
    iii.access.allow("orders::charge", worker_name="orders")
    assert iii.call("orders::call", {"id": 2}) == 2
    iii.access.reset()


def test_faults(iii, worker):
    worker.register_function("orders::charge", lambda order: order["id"])
    iii.wait_for_function("orders::charge")
    fault = iii.faults.add("deny", times=2, function_id="orders::*")
    [row] = iii.faults.list()
    assert row["fault_id"] == fault.id and row["remaining"] == 2
    assert len(iii.faults.unmatched()) == 1
    for _ in range(2):
        with pytest.raises(Exception, match="not allowed"):
            iii.call("orders::charge", {"id": 1})
    assert iii.call("orders::charge", {"id": 1}) == 1
    assert iii.faults.unmatched() == []
    with pytest.raises(Exception, match="did you mean `drop`"):
        iii.faults.add("dropp")


@pytest.mark.iii(manual_clock=True, config="queues.yaml")
def test_retries_until_the_dead_letter(iii, worker):
    attempts = []

    def fail(order):
        attempts.append(iii.clock.now()["milliseconds"])
        raise ValueError("no funds")

    worker.register_function("payments::charge", fail)
    iii.wait_for_function("payments::charge")
    start = iii.clock.now()["milliseconds"]
    iii.queues.enqueue("payments", "payments::charge", {"amount": 12})
    iii.clock.settle()
    [job] = iii.queues.jobs("payments")
    assert job["state"] == "delayed" and job["payload"] == {"amount": 12} and len(job["history"]) == 1
    iii.clock.advance(milliseconds=999)
    assert len(attempts) == 1
    iii.clock.advance(milliseconds=1)
    assert len(attempts) == 2
    iii.clock.advance(seconds=10)
    assert [moment - start for moment in attempts] == [0, 1000, 3000, 7000]  # after 1 s, 2 s and 4 s
    [letter] = iii.queues.dead("payments")
    assert [row["error"]["message"] for row in letter["history"]] == ["no funds"] * 4
    assert [row["dead"] for row in iii.queues.list() if row["name"] == "payments"] == [1]

    iii.queues.pause("payments")
    assert iii.queues.redrive("payments") == 1
    assert [job["state"] for job in iii.queues.jobs("payments")] == ["waiting"]
    assert iii.queues.clear("payments") == 1
    iii.queues.resume("payments")
    iii.queues.configure("payments", retries=False)
    iii.queues.enqueue("payments", "payments::charge", {"amount": 13})
    iii.clock.settle()
    assert len(attempts) == 5
    assert iii.queues.discard("payments") == 1
    assert iii.queues.drain("payments") == []


@pytest.mark.iii(shared=True)
@pytest.mark.parametrize("round", [1, 2])
def test_a_shared_engine_is_reset(iii, round):
    assert iii.stubs.list() == [] and iii.access.denials() == []
    iii.journal.verify("bank::pay", times=0)
    iii.stubs.returning("bank::pay", round)
    assert iii.call("bank::pay") == round
    iii.access.deny("bank::*")
    with pytest.raises(Exception, match="not allowed"):
        iii.call("bank::pay")

def test_restart(iii, worker):
    worker.register_function("orders::charge", lambda order: order["id"])
    iii.wait_for_function("orders::charge")
    iii.stubs.returning("bank::pay", True)
    iii.engine.restart()
    iii.wait_for_function("orders::charge", timeout=30)
    assert iii.call("orders::charge", {"id": 3}) == 3
    assert iii.call("bank::pay") is True
