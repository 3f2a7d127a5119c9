"""A test that fails: its report has the near miss and the journal."""
from iii import InitOptions, register_worker


def test_misspelled(iii):
    worker = register_worker(iii.url, InitOptions(worker_name="orders", otel={"enabled": False}))
    worker.register_function("orders::charge", lambda order: {"charged": order["id"]})
    iii.wait_for_function("orders::charge")
    iii.call("orders::charge", {"id": 7})
    worker.shutdown()
    iii.journal.verify("orders::chrage", times=1)
