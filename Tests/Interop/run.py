#!/usr/bin/env python3
"""The official Python SDK in two versions and a Swift worker, each calling the others through iii-dev.

run.py IIIDEV SWIFT_WORKER PYTHON013 PYTHON025: the programs. Run by the Python of iii-sdk 0.25, whose SDK drives it.
Every worker offers the same functions (python_worker.py, Worker/), so that every pair is tested alike, both ways.
"""
import itertools, os, pathlib, re, signal, subprocess, sys, tempfile, threading, time

from iii import InitOptions, register_worker

HERE = pathlib.Path(__file__).parent
KIB, MIB = 1 << 10, 1 << 20
LIMIT = 240                                                # seconds for the whole run
passed = failed = 0


def check(name, ok, got=None):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'PASS' if ok else 'FAIL'} {name}" + ("" if ok else f"\n     got {str(got)[:600]}"), flush=True)


class Engine:
    """An iii-dev, started on a free port and again on the same one; its output is kept."""
    def __init__(self, program, log):
        self.program, self.log, self.port = program, log, 0

    def start(self):
        self.process = subprocess.Popen([self.program, "--port", str(self.port)], stdout=open(self.log, "ab"),
                                        stderr=subprocess.STDOUT)
        seen = 0
        while True:
            ready = re.findall(r"^iii-dev listening on (ws://\S+:(\d+))$", self.text(), re.M)
            if len(ready) > getattr(self, "starts", 0):
                self.starts = len(ready)
                self.url, self.port = ready[-1][0], int(ready[-1][1])
                return
            if self.process.poll() is not None or seen > 400:
                sys.exit(f"interop: iii-dev does not start:\n{self.text()}")
            seen += 1
            time.sleep(0.05)

    def stop(self):
        """Ends it as a service manager does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def text(self):
        return pathlib.Path(self.log).read_text(errors="replace")


def main():
    iii_dev, swift_worker, python013, python025 = sys.argv[1:]
    folder = tempfile.TemporaryDirectory()
    engine = Engine(iii_dev, f"{folder.name}/engine.log")
    engine.start()
    environment = {**os.environ, "III_URL": engine.url, "PYTHONWARNINGS": "ignore"}
    workers = {}
    stop_late(engine, workers)

    def start(name, *command):
        log = open(f"{folder.name}/{name}.log", "ab")
        workers[name] = subprocess.Popen([*command, name], env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log)

    start("swift", swift_worker)
    start("py013", python013, str(HERE / "python_worker.py"))
    start("py025", python025, str(HERE / "python_worker.py"))
    driver = register_worker(engine.url, InitOptions(worker_name="driver", otel={"enabled": False}))

    def ask(function, payload, timeout=30):
        return driver.trigger({"function_id": function, "payload": payload, "timeout_ms": int(timeout * 1000)})

    def outcome(function, payload, timeout=30):
        """What `call` and `big` of a worker say, or an error of the driver's own call in the same form."""
        try:
            return ask(function, payload, timeout)
        except Exception as e:
            return {"driver": f"{getattr(e, 'code', type(e).__name__)}: {getattr(e, 'message', e)}"}

    def eventually(attempt, seconds=40):
        """Until `attempt` gives something true: registrations are not acknowledged, reconnecting takes its time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if value := attempt():
                    return value
            except Exception:
                pass
            time.sleep(0.1)
        return None

    def is_up(name):
        return eventually(lambda: ask(f"{name}::add", {"a": 1, "b": 1}, 2) == {"sum": 2})

    def pair(a, b, when=""):
        got = outcome(f"{a}::call", {"function": f"{b}::add", "payload": {"a": 20, "b": 22}})
        check(f"{a} calls {b}{when}", got.get("value") == {"sum": 42}, got)

    for name in workers:
        check(f"{name} connects and its functions can be called", is_up(name))

    values = {"text": "déjà vu \u2028 😀 \"\\/\n", "numbers": [0, -1, 2**53, 1.5, 1e-7], "nothing": None, "flags": [True, False],
              "deep": {"empty": {}, "list": [[], [[]]]}}
    for a, b in itertools.permutations(workers, 2):
        pair(a, b)
        got = outcome(f"{a}::call", {"function": f"{b}::echo", "payload": [values]})
        check(f"{a} calls {b}: values come back as they went", got.get("value") == [values], got)

        got = outcome(f"{a}::call", {"function": f"{b}::fail", "payload": {}}).get("error") or {}
        wanted = ("DECLINED", "at the till\nat the door") if b == "swift" else ("invocation_failed", "ValueError: no funds")
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

        size = 900 * KIB if "py013" in (a, b) else 8 * MIB
        got = outcome(f"{a}::big", {"function": f"{b}::echo", "bytes": size}, 60)
        check(f"{a} calls {b}: {size // KIB} KiB there and back", got.get("value") is True, got)

    # More than an old Python takes: it hangs up, the call ends, the engine says why, and the worker comes back.
    got = outcome("swift::big", {"function": "py013::echo", "bytes": 2 * MIB}).get("error") or {}
    check("2 MiB to py013: the caller is told", got.get("code") == "invocation_stopped", got)
    hint = eventually(lambda: re.search(r"py013.*\n?.*1 MiB|1 MiB.*\n?.*py013", engine.text()), 5)
    check("2 MiB to py013: the engine's log has the hint", hint, engine.text()[-1500:])
    check("2 MiB to py013: it comes back", is_up("py013"))

    code = engine.stop()
    check("the engine ends on SIGTERM with 0", code == 0, code)
    engine.start()
    for name in workers:
        check(f"{name} is back after a restart of the engine", is_up(name))
    for a, b in itertools.permutations(workers, 2):
        pair(a, b, " after the restart")

    shown = subprocess.run([iii_dev, "trigger", "py013::add", "a=2", "b=3", "--port", str(engine.port)], capture_output=True,
                           text=True, timeout=30)
    check("iii-dev trigger calls Python", (shown.returncode, shown.stdout) == (0, '{\n  "sum": 5\n}\n'), shown)

    # A worker that dies takes its calls with it.
    for victim, caller in (("py025", "py013"), ("py013", "swift"), ("swift", "driver")):
        answer = []
        hang = {"function": f"{victim}::hang", "payload": {}}

        def wait():
            answer.append(outcome(f"{caller}::call", hang) if caller != "driver" else outcome(f"{victim}::hang", {}))

        thread = threading.Thread(target=wait)
        thread.start()
        busy = eventually(lambda: any(w["name"] == victim and w["active_invocations"] > 0
                                      for w in ask("engine::workers::list", {})["workers"]), 10)
        workers[victim].kill()
        thread.join(30)
        got = answer[0] if answer else None
        told = (got or {}).get("driver") if caller == "driver" else ((got or {}).get("error") or {}).get("code", "")
        check(f"{victim} is killed while {caller} waits", busy and told and told.startswith("invocation_stopped"), got)

    driver.shutdown()
    check("the engine ends on SIGTERM with 0 at last", engine.stop() == 0)


def stop_late(engine, workers):
    """Nothing is left behind, whatever happens."""
    def end():
        for process in [*workers.values(), engine.process]:
            process.kill()
        print(f"interop: not done after {LIMIT} s; the engine's log ends:\n{engine.text()[-1500:]}", flush=True)
        os._exit(1)
    timer = threading.Timer(LIMIT, end)
    timer.daemon = True
    timer.start()


main()
print(f"{passed} passed, {failed} failed", flush=True)
os._exit(bool(failed))
