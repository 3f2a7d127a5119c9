"""The engine's own workers, used by one language and answered by another: topics, cron jobs, state and its triggers.

`NAME::bind` registers a trigger for `NAME::note`, which keeps what it is called with; `NAME::call` calls any function.
"""
import re

from stage import check, eventually

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00"


def bind(stage, owner, name, type, config):
    stage.ask(f"{owner}::bind", {"name": name, "type": type, "function": f"{owner}::note", "config": config,
                                 "metadata": None})
    return eventually(lambda: f"{owner}::note" in {
        row["function_id"] for row in
        stage.ask("engine::registered-triggers::list", {"trigger_type": type})["registered_triggers"]}, 10)


def unbind(stage, owner, name):
    stage.ask(f"{owner}::unbind", {"name": name})


def call(stage, caller, function, payload):
    return stage.outcome(f"{caller}::call", {"function": function, "payload": payload})


def noted(stage, owner, wanted, seconds=10):
    """The notes of a worker that are as wanted, once there are any."""
    return eventually(lambda: [n for n in stage.ask(f"{owner}::notes", {}) if wanted(n)], seconds) or []


def topics(stage, publisher, subscriber):
    topic, note = f"from {publisher} to {subscriber}", f"{publisher} publishes to {subscriber}: déjà vu"
    bound = bind(stage, subscriber, "topic", "subscribe", {"topic": topic})
    got = call(stage, publisher, "publish", {"topic": topic, "data": {"note": note}})
    arrived = noted(stage, subscriber, lambda n: n == note)
    check(f"{publisher} publishes, {subscriber} is called once", bound and len(arrived) == 1 and not got.get("error"),
          (bound, got, arrived))
    unbind(stage, subscriber, "topic")
    eventually(lambda: not stage.ask("engine::registered-triggers::list", {"trigger_type": "subscribe"})
               ["registered_triggers"], 10)
    call(stage, publisher, "publish", {"topic": topic, "data": {"note": note}})
    call(stage, publisher, f"{subscriber}::note", {"note": f"after {note}"})
    noted(stage, subscriber, lambda n: n == f"after {note}")
    left = noted(stage, subscriber, lambda n: n == note)
    check(f"{publisher} publishes after {subscriber} has unsubscribed: nothing comes", len(left) == 1, left)


def state(stage, writer, watcher):
    scope, value = f"{writer} to {watcher}", {"count": 1, "texts": ["déjà vu", None], "b": 1, "a": 1.5}
    at = {"scope": scope, "key": "k"}
    bound = bind(stage, watcher, "state", "state", {"scope": scope, "key": "k"})

    def result(function, payload):
        got = call(stage, writer, function, payload)
        return got.get("value") if "error" not in got and "driver" not in got else got

    got = result("state::set", {**at, "value": value})
    check(f"{writer} sets state: it is new", (got or {}).get("new_value") == value and got.get("old_value") is None, got)
    got = result("state::update", {**at, "ops": [{"type": "increment", "path": "count", "by": 41},
                                                {"type": "append", "path": ["log", "lines"], "value": "one"},
                                                {"type": "increment", "path": "texts", "by": 1}]})
    after = {**value, "count": 42, "log": {"lines": ["one"]}}
    ok = (got or {}).get("new_value") == after and [e["code"] for e in got.get("errors", [])] == ["increment.not_number"]
    check(f"{writer} updates state", ok, got)
    got = call(stage, watcher, "state::get", at)
    check(f"{watcher} reads what {writer} wrote", got.get("value") == after, got)
    got = call(stage, watcher, "state::get", {"scope": scope, "key": "other"})
    check(f"{watcher} reads a key that is not there", got.get("value", None) is None and "error" not in got, got)
    got = result("state::list", {"scope": scope})
    check(f"{writer} lists the scope", got == [after], got)
    got = result("state::delete", at)
    check(f"{writer} deletes: it gets the value", got == after, got)

    def about(n):
        return isinstance(n, dict) and n.get("type") == "state" and n.get("scope") == scope
    eventually(lambda: len(noted(stage, watcher, about)) >= 3, 10)
    events = {n["event_type"]: n for n in noted(stage, watcher, about)}
    ok = bound and sorted(events) == ["state:created", "state:deleted", "state:updated"] and all(
        n["key"] == "k" for n in events.values()) and events["state:updated"]["old_value"] == value and (
        events["state:updated"]["new_value"] == events["state:deleted"]["old_value"] == after)
    check(f"{watcher}'s trigger sees the three changes by {writer}", ok, events)
    unbind(stage, watcher, "state")


def cron(stage, name):
    bound = bind(stage, name, "cron", "cron", {"expression": "* * * * * *"})
    runs = noted(stage, name, lambda n: isinstance(n, dict) and n.get("trigger") == "cron")
    unbind(stage, name, "cron")
    ok = bound and runs and sorted(runs[0]) == ["actual_time", "job_id", "scheduled_time", "trigger"] and all(
        re.fullmatch(RFC3339, runs[0][key]) for key in ("actual_time", "scheduled_time"))
    check(f"{name} has a cron job that runs", ok, runs)


def play(stage, pairs):
    for a, b in pairs:
        topics(stage, a, b)
        state(stage, a, b)
    for name in stage.workers:
        cron(stage, name)
