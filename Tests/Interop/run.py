#!/usr/bin/env python3
"""The official SDKs for Python and Node in two versions each and a Swift worker, each calling the others through iii-dev.

run.py IIIDEV SWIFT_WORKER PYTHON013 PYTHON025 NODE_SDKS: the programs, and the folder with the archives of the Node SDKs,
which may be absent. Run by the Python of iii-sdk 0.25, whose SDK drives it. Every worker offers the same functions
(python_worker.py, node_worker.mjs, Worker/), so that every pair is tested alike, both ways.
"""
import itertools, os, pathlib, re, shutil, subprocess, sys, tempfile, threading, traceback

import access
import built_ins
import clients
import queues
import recording
import schemas
import stage as counts
import telemetry
import triggers
from stage import Engine, Stage, check, eventually

HERE = pathlib.Path(__file__).parent
KIB, MIB = 1 << 10, 1 << 20
LIMIT = 480                                                # seconds for the whole run
NODE_SDKS = {"node011": "iii-sdk-0.11.6", "node022": "iii-sdk-0.22.1"}


def node_commands(sdks, folder):
    """The programs of the Node workers, each unpacked with its SDK; none where Node or its SDKs are absent."""
    node, sdks = shutil.which("node"), pathlib.Path(sdks)
    archives = {name: sdks / f"{sdk}.tar.xz" for name, sdk in NODE_SDKS.items()}
    absent = [] if node else ["the program `node`"]
    absent += [str(archive) for archive in archives.values() if not archive.is_file()]
    if absent:
        print(f"SKIP Node: {' and '.join(absent)} not there (III_INTEROP_NODE names the folder of its SDKs)", flush=True)
        return {}
    for name, archive in archives.items():
        home = pathlib.Path(folder, name)
        home.mkdir()
        subprocess.run(["tar", "-xJf", archive, "-C", home], check=True)
        for program in ("node_worker.mjs", "node_telemetry.mjs"):
            shutil.copy(HERE / program, home)
    return {name: [node, f"{folder}/{name}/node_worker.mjs"] for name in archives}


def configuration(folder):
    """All of the engine's workers but iii-stream, whose trigger types are those that nobody provides."""
    path = pathlib.Path(folder, "engine.yaml")
    entries = ["{ name: iii-worker-manager, config: { host: 127.0.0.1, port: 0 } }",
               "{ name: iii-http, config: { host: 127.0.0.1, port: 0 } }",
               *(f"{{ name: iii-{name} }}" for name in ("observability", "pubsub", "cron", "state", "queue"))]
    path.write_text("workers:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return path


def main():
    iii_dev, swift_worker, python013, python025, node_sdks = sys.argv[1:]
    folder = tempfile.TemporaryDirectory()
    engine = Engine(iii_dev, f"{folder.name}/engine.log", str(configuration(folder.name)))
    engine.start()
    stage = Stage(engine, folder.name)
    stop_late(stage)
    try:
        play(stage, iii_dev, swift_worker, python013, python025, node_sdks)
    finally:
        stage.end()


def play(stage, iii_dev, swift_worker, python013, python025, node_sdks):
    engine, workers = stage.engine, stage.workers
    commands = {"swift": [swift_worker], "py013": [python013, str(HERE / "python_worker.py")],
                "py025": [python025, str(HERE / "python_worker.py")], **node_commands(node_sdks, stage.folder)}
    for name, command in commands.items():
        stage.start(name, command)
    stage.connect()
    ask, outcome, is_up = stage.ask, stage.outcome, stage.is_up
    # Swift with each, both ways, and the two Pythons with each other.
    pairs = [p for p in itertools.permutations(commands, 2) if "swift" in p or {*p} == {"py013", "py025"}]

    def pair(a, b, when=""):
        got = outcome(f"{a}::call", {"function": f"{b}::add", "payload": {"a": 20, "b": 22}})
        check(f"{a} calls {b}{when}", got.get("value") == {"sum": 42}, got)

    for name in workers:
        up = is_up(name)
        check(f"{name} connects and its functions can be called", up)
        if not up:
            sys.exit(f"interop: {name} does not start:\n{stage.log_of(name).read_text(errors='replace')[-1500:]}")

    values = {"text": "déjà vu \u2028 😀 \"\\/\n", "numbers": [0, -1, 2**53, 1.5, 1e-7], "nothing": None, "flags": [True, False],
              "deep": {"empty": {}, "list": [[], [[]]]}}
    for a, b in pairs:
        pair(a, b)
        got = outcome(f"{a}::call", {"function": f"{b}::echo", "payload": [values]})
        check(f"{a} calls {b}: values come back as they went", got.get("value") == [values], got)

        got = outcome(f"{a}::call", {"function": f"{b}::fail", "payload": {}}).get("error") or {}
        wanted = {"s": ("DECLINED", "at the till\nat the door"), "p": ("invocation_failed", "ValueError: no funds"),
                  "n": ("invocation_failed", "Error: no funds")}[b[0]]
        ok = (got.get("code") == wanted[0] and got.get("message") == "no funds: déjà vu"
              and wanted[1] in (got.get("stacktrace") or "") and got.get("function") == f"{b}::fail")
        check(f"{a} calls {b}: code, message and stack trace of an error", ok, got)

        got = outcome(f"{a}::call", {"function": f"{b}::nothing", "payload": {}}).get("error") or {}
        ok = (got.get("code"), got.get("message")) == ("function_not_found", f"Function {b}::nothing not found")
        check(f"{a} calls {b}: a function that is not there", ok, got)

        got = outcome(f"{a}::call", {"function": f"{b}::hang", "payload": {}, "timeout_ms": 200}).get("error") or {}
        check(f"{a} calls {b}: a call that times out", got.get("code") == "TIMEOUT", got)

        note = f"{a} to {b}"
        got = outcome(f"{a}::call", {"function": f"{b}::note", "payload": {"note": note}, "action": "void"})
        arrived = eventually(lambda: note in ask(f"{b}::notes", {}), 10)
        check(f"{a} calls {b}: void", arrived and not got.get("error") and not got.get("driver"), got)

        size = 8 * MIB if {a, b} == {"swift", "py025"} else 900 * KIB
        got = outcome(f"{a}::big", {"function": f"{b}::echo", "bytes": size}, 60)
        check(f"{a} calls {b}: {size // KIB} KiB there and back", got.get("value") is True, got)

    schemas.inferred(stage, "swift")

    others = [name for name in commands if name != "swift"]
    for name in others:
        telemetry.reports(stage, name, commands[name])
    telemetry.one_trace(stage, commands)
    # The Swift SDK has no ends of channels.
    for a, b in itertools.product(others, repeat=2):
        got = outcome(f"{a}::pour", {"function": f"{b}::drink", "bytes": MIB}, 60)
        read = (got.get("read") or {}).get("value") or {}
        ok = read.get("count") == MIB and read.get("hash") == got.get("written") and read.get("texts") == ["déjà vu"]
        check(f"a channel from {a} to {b}: 1 MiB and a text", ok, got)

    # More than an old Python takes: it hangs up, the call ends, the engine says why, and the worker comes back.
    got = outcome("swift::big", {"function": "py013::echo", "bytes": 2 * MIB}).get("error") or {}
    check("2 MiB to py013: the caller is told", got.get("code") == "invocation_stopped", got)
    hint = eventually(lambda: re.search(r"py013.*\n?.*1 MiB|1 MiB.*\n?.*py013", engine.text()), 5)
    check("2 MiB to py013: the engine's log has the hint", hint, engine.text()[-1500:])
    check("2 MiB to py013: it comes back", is_up("py013"))

    built_ins.play(stage, pairs)

    swift_pairs = [p for p in pairs if "swift" in p]
    for owner, provider in swift_pairs:
        triggers.bells(stage, owner, provider)
        triggers.refusals(stage, owner, provider)
    for name in commands:
        triggers.missing_type(stage, name)
    for other in others:
        triggers.owner_dies(stage, other, commands[other], "swift")
        triggers.owner_dies(stage, "swift", commands["swift"], other)
        triggers.provider_comes(stage, other, "swift", commands["swift"])
        triggers.provider_comes(stage, "swift", other, commands[other])

    # These stay until the end: each is seen by the others, and is there again after a restart.
    for owner, provider in swift_pairs:
        triggers.bind(stage, owner, f"{provider}::bell", {"note": f"{owner} at {provider}"}, name=provider)
        triggers.registered(stage, owner, provider, f"{owner} at {provider}")
    for seer, seen in swift_pairs:
        triggers.discovery(stage, seer, seen)

    told_before = {pair: len(triggers.registrations(stage, *pair, "{} at {}".format(*pair))) for pair in swift_pairs}
    code = engine.stop()
    check("the engine ends on SIGTERM with 0", code == 0, code)
    engine.start()
    for name in workers:
        check(f"{name} is back after a restart of the engine", is_up(name))
    for a, b in pairs:
        pair(a, b, " after the restart")
    for owner, provider in swift_pairs:
        note = f"{owner} at {provider}"
        # Swift's handler is told of what changed only: nothing, if the owner was back before the provider.
        times = told_before[owner, provider] - (provider == "swift")
        again = triggers.registered(stage, owner, provider, note, times)
        back = eventually(lambda: f"{owner}::note" in triggers.listed(stage, f"{provider}::bell"))
        check(f"{owner}'s trigger of {provider}'s type is there again after the restart, and fires",
              again and back and triggers.rings(stage, owner, provider, note), again)
        if provider == "swift":
            told = triggers.told(stage, owner, provider, note)
            check(f"{provider}'s handler has {owner}'s trigger once", told["registered"] - told["unregistered"] == 1, told)

    shown = subprocess.run([iii_dev, "trigger", "py013::add", "a=2", "b=3", "--port", str(engine.port)], capture_output=True,
                           text=True, timeout=30)
    check("iii-dev trigger calls Python", (shown.returncode, shown.stdout) == (0, '{\n  "sum": 5\n}\n'), shown)

    # A worker that dies takes its calls with it.
    nodes = [(name, "swift") for name in commands if name in NODE_SDKS]
    for victim, caller in (*nodes, ("py025", "py013"), ("py013", "swift"), ("swift", "driver")):
        answer = []
        hang = {"function": f"{victim}::hang", "payload": {}}

        def wait():
            answer.append(outcome(f"{caller}::call", hang) if caller != "driver" else outcome(f"{victim}::hang", {}))

        thread = threading.Thread(target=wait)
        thread.start()
        busy = eventually(lambda: any(w["name"] == victim and w["active_invocations"] > 0
                                      for w in ask("engine::workers::list", {})["workers"]), 10)
        stage.kill(victim)
        thread.join(30)
        got = answer[0] if answer else None
        told = (got or {}).get("driver") if caller == "driver" else ((got or {}).get("error") or {}).get("code", "")
        check(f"{victim} is killed while {caller} waits", busy and told and told.startswith("invocation_stopped"), got)

    stage.driver.shutdown()
    access.play(iii_dev, commands, stage.folder)
    clients.play(iii_dev, commands)
    recording.play(iii_dev, commands, stage.folder)
    queues.play(iii_dev, commands, stage.folder)
    check("the engine ends on SIGTERM with 0 at last", engine.stop() == 0)


def stop_late(stage):
    def end():
        stage.end()
        print(f"interop: not done after {LIMIT} s; the engine's log ends:\n{stage.engine.text()[-1500:]}", flush=True)
        os._exit(1)
    timer = threading.Timer(LIMIT, end)
    timer.daemon = True
    timer.start()


try:
    main()
except BaseException:
    traceback.print_exc()
    os._exit(1)
print(f"{counts.passed} passed, {counts.failed} failed", flush=True)
os._exit(bool(counts.failed))
