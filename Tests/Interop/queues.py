"""Queues: each language puts calls into the queues of an engine that another one serves, and publishes to durable topics.

The queues are those of the official suites' configuration. `NAME::call` with `queue` puts a call into a queue; `NAME::note`
keeps what it is called with, `NAME::fail` fails.
"""
import itertools, pathlib

from iii import InitOptions, register_worker

from stage import Engine, Stage, check, eventually

CONFIG = """
workers:
  - name: iii-worker-manager
    config: {host: 127.0.0.1, port: 0}
  - name: iii-queue
    config:
      queue_configs:
        default: {max_retries: 3, concurrency: 5}
        payment: {max_retries: 5, concurrency: 2, type: fifo, message_group_field: transaction_id}
        test-sequential: {max_retries: 3, concurrency: 1}
        test-fifo-groups: {max_retries: 3, concurrency: 2, type: fifo, message_group_field: group_id}
        quick: {max_retries: 3, backoff_ms: 10}
      adapter: {name: builtin, config: {store_method: in_memory}}
"""


def play(iii_dev, commands, folder):
    home = pathlib.Path(folder, "queues")
    home.mkdir()
    config = home / "config.yaml"
    config.write_text(CONFIG)
    engine = Engine(iii_dev, f"{home}/engine.log", str(config))
    engine.start()
    stage = Stage(engine, str(home))
    stage.driver = register_worker(engine.url, InitOptions(worker_name="driver", otel={"enabled": False}))
    try:
        for name, command in commands.items():
            stage.start(name, command)
        for name in commands:
            check(f"{name} is up at the engine with queues", stage.is_up(name))
        for a, b in itertools.product(commands, repeat=2):
            if a != b and "swift" not in (a, b) and not {a, b} == {"py013", "py025"}:
                continue
            pair(stage, a, b)
        for name in commands:
            order(stage, name)
            retries(stage, name)
            topics(stage, name)
    finally:
        stage.driver.shutdown()
        stage.end()


def enqueue(stage, caller, queue, function, payload):
    return stage.outcome(f"{caller}::call", {"function": function, "payload": payload, "queue": queue})


def notes(stage, name, prefix):
    return [n["n"] for n in stage.ask(f"{name}::notes", {}) if isinstance(n, dict) and n.get("from") == prefix]


def pair(stage, a, b):
    payload = {"from": f"{a} to {b}", "n": "déjà vu", "transaction_id": "t"}
    for queue in ("default", "payment"):
        got = enqueue(stage, a, queue, f"{b}::note", payload)
        receipt = (got.get("value") or {}).get("messageReceiptId")
        check(f"{a} puts a call of {b} into {queue}: a receipt", isinstance(receipt, str) and len(receipt) == 36, got)
    came = eventually(lambda: len(notes(stage, b, f"{a} to {b}")) == 2 and notes(stage, b, f"{a} to {b}"), 10)
    check(f"{a} puts calls of {b} into queues: each comes once, as it was sent", came == ["déjà vu"] * 2, came)
    got = enqueue(stage, a, "payment", f"{b}::note", {"n": 1}).get("error") or {}
    ok = (got.get("code"), got.get("message")) == (
        "enqueue_error", "FIFO queue 'payment' requires field 'transaction_id' in data, but it was not found")
    check(f"{a} is told that a payload has no group", ok, got)
    got = enqueue(stage, a, "no-such-queue", f"{b}::note", {}).get("error") or {}
    ok = (got.get("code"), got.get("message")) == ("enqueue_error", "Queue 'no-such-queue' not found")
    check(f"{a} is told that a queue is not there", ok, got)


def order(stage, name):
    for queue in ("test-sequential", "test-fifo-groups"):
        about = f"{name} in order at {queue}"
        for n in range(10):
            enqueue(stage, name, queue, f"{name}::note", {"from": about, "n": n, "group_id": "g"})
        came = eventually(lambda: len(notes(stage, name, about)) == 10 and notes(stage, name, about), 10)
        check(f"{name}: {queue} keeps the order", came == list(range(10)), came)


def retries(stage, name):
    got = enqueue(stage, name, "quick", f"{name}::fail", {"by": name})
    letters = eventually(lambda: [row for row in stage.ask("mock::queues::dead", {"queue": "quick"})["dead_letters"]
                                  if row["payload"] == {"by": name}], 10) or [{}]
    history = letters[0].get("history", [])
    ok = letters[0].get("attempt") == 3 and len(history) == 3 and all(
        "no funds" in row["error"]["message"] and row["worker_name"] == name for row in history)
    check(f"{name}: a job that fails three times is a dead letter, which says why", ok, (got, letters))
    got = stage.ask("iii::queue::discard_message", {"queue": "quick", "message_id": letters[0].get("id", "x")})
    check(f"{name}: the dead letter is discarded", got.get("redriven") == 1, got)


def topics(stage, name):
    topic, about = f"durable by {name}", f"{name} publishes durably"
    stage.ask(f"{name}::bind", {"name": "durable", "type": "durable:subscriber", "function": f"{name}::note",
                                "config": {"topic": topic}, "metadata": None})
    eventually(lambda: topic in {row["name"] for row in stage.ask("engine::queue::list_topics", {})}, 10)
    got = stage.outcome(f"{name}::call", {"function": "iii::durable::publish",
                                          "payload": {"topic": topic, "data": {"from": about, "n": 1}}})
    came = eventually(lambda: notes(stage, name, about), 10)
    check(f"{name} publishes to a durable topic and gets the message", came == [1] and not got.get("error"), (got, came))
    stage.ask(f"{name}::unbind", {"name": "durable"})
