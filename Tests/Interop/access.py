"""Access control: each SDK as auth function, middleware and hooks of a listener, and each as a worker that connects there.

The engine has two listeners, as in the fixture of the official suites: the gate connects to the open one, the guests to the
other, with a token in the query of their address. A worker that is given the name NAME serves `NAME::auth` and so on.
"""
import pathlib, re

from iii import InitOptions, register_worker

from stage import Engine, Stage, check, eventually

CONFIG = """
workers:
  - name: iii-worker-manager
    config: {{host: 127.0.0.1, port: 0}}
  - name: iii-worker-manager
    config:
      host: 127.0.0.1
      port: 0
      middleware_function_id: {gate}::middleware
      rbac:
        auth_function_id: {gate}::auth
        on_function_registration_function_id: {gate}::hook
        on_trigger_registration_function_id: {gate}::hook
        on_trigger_type_registration_function_id: {gate}::hook
        expose_functions:
          - match("{gate}::echo")
          - match("engine::functions::list")
          - metadata: {{kind: sum}}
"""


def gate(name, iii_dev, commands, folder):
    """One language guards the second listener; all languages connect to it."""
    config = pathlib.Path(folder, f"{name}-access.yaml")
    config.write_text(CONFIG.format(gate=name))
    engine = Engine(iii_dev, f"{folder}/{name}-access.log", str(config), listeners=2)
    engine.start()
    stage = Stage(engine, folder)
    stage.environment["III_URL"] = open_url = engine.urls[0]
    guarded = engine.urls[1]
    stage.driver = register_worker(open_url, InitOptions(worker_name="driver", otel={"enabled": False}))
    try:
        stage.start(name, commands[name], open_url)
        check(f"{name} guards a listener", eventually(lambda: stage.ask(f"{name}::hook", {}, 2) == {}))
        for kind in commands:
            stage.start(f"{kind}-guest", commands[kind], f"{guarded}/?token=valid")
            stage.start(f"{kind}-forbidden", commands[kind], f"{guarded}/?token=forbidden")
            stage.start(f"{kind}-prefix", commands[kind], f"{guarded}/?token=prefix")
        for kind in commands:
            guest(stage, name, kind)
        for kind in commands:
            refused(stage, name, kind, commands[kind], guarded)
    finally:
        stage.driver.shutdown()
        stage.end()


def guest(stage, gate, kind):
    worker, about = f"{kind}-guest", f"{kind} at a listener of {gate}"
    # The last function that every worker registers: the hook has been asked about all others.
    is_up = eventually(lambda: stage.ask(f"{worker}::hook", {}, 2) == {})
    check(f"{about}: it is let in and its function is called", is_up)

    def call(caller, function, payload):
        return stage.outcome(f"{caller}::call", {"function": function, "payload": payload})

    got = call(worker, f"{gate}::echo", {"n": [1, None, "déjà vu"]})
    value = got.get("value") or {}
    # Old Pythons show the id of the worker that calls, which here is the middleware's.
    ok = value.get("token") == "valid" and value["result"].get("n") == [1, None, "déjà vu"]
    check(f"{about}: a call passes the middleware, which knows the context", ok, got)

    got = (call(worker, f"{gate}::notes", {}).get("error") or {})
    ok = (got.get("code"), got.get("message")) == (
        "FORBIDDEN", f"function '{gate}::notes' not allowed (add to rbac.expose_functions)")
    check(f"{about}: FORBIDDEN for what is not exposed", ok and got.get("function") == f"{gate}::notes", got)

    eventually(lambda: stage.ask(f"{kind}-forbidden::hook", {}, 2) == {})
    got = call(f"{kind}-forbidden", f"{gate}::echo", {}).get("error")
    ok = got and got.get("message") == f"function '{gate}::echo' not allowed (remove from rbac.forbidden_functions)"
    check(f"{about}: FORBIDDEN for what its session forbids", ok, got)

    rows = call(worker, "engine::functions::list", {}).get("value") or {}
    seen = {row["function_id"] for row in rows.get("functions", [])}
    ok = f"{gate}::echo" in seen and f"{worker}::add" in seen and f"{gate}::notes" not in seen
    check(f"{about}: it is shown what it may call", ok, seen)

    got = stage.outcome(f"{worker}::big", {"function": f"{gate}::echo", "bytes": 17})
    check(f"{about}: a hook denies a function", (got.get("driver") or "").startswith("function_not_found"), got)

    called = eventually(lambda: stage.ask(f"team::{kind}-prefix::add", {"a": 1, "b": 2}, 2), 20)
    check(f"{about}: a prefix is put in front of its functions, and it knows them without", called == {"sum": 3}, called)


def refused(stage, gate, kind, command, guarded):
    name = f"{kind}-stranger"
    stage.start(name, command, f"{guarded}/?token=wrong")
    logged = eventually(lambda: re.search(rf"Access denied: connection, by '{gate}::auth'.*invalid token", stage.engine.text()), 20)
    check(f"{kind} without a valid token at a listener of {gate}: refused, and the log says so", logged,
          stage.engine.text()[-800:])
    if kind == "swift":
        said = stage.said(name, "AUTH_ERROR")
        check(f"{kind} is told the reason by {gate}", said, stage.log_of(name).read_text(errors="replace")[-500:])
    stage.kill(name)


def play(iii_dev, commands, folder):
    for name in commands:
        home = pathlib.Path(folder, f"access-{name}")
        home.mkdir()
        gate(name, iii_dev, commands, str(home))
