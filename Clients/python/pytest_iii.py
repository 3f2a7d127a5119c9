"""pytest plugin for workers of iii: starts `iii-dev`, gives each test an engine, and drives its `mock::` functions.

Copy this file beside your tests and name it in `conftest.py`:

    pytest_plugins = ["pytest_iii"]

Fixtures:
    iii_engine  a fresh engine for the test: its address is `iii_engine.url`, and `III_URL` is set to it
    iii         the controls of that engine: `iii.journal`, `iii.faults`, `iii.access`, `iii.clock`, `iii.stubs`

Options: `--iii-dev PROGRAM` (or the variable III_DEV; default: `iii-dev` in PATH), `--iii-option OPTION` (repeatable, for
`iii-dev`, as `--iii-option=--config=iii.yaml`). The last entries of the journal are shown with a test that fails.

    def test_charge(iii):
        worker = register_worker(iii.url)
        worker.register_function("orders::charge", lambda order: {"ok": True})
        iii.wait_for_function("orders::charge")
        iii.call("orders::charge", {"id": 1, "password": "p"})
        iii.journal.verify("orders::charge", times=1)
        with iii.faults.add("drop_result", function_id="orders::charge"):
            ...

Needs iii-sdk (0.13 or later) and pytest. Nothing here depends on the version of either.
"""
import json, os, re, signal, subprocess, tempfile, threading, time

import pytest

READY = re.compile(r"^iii-dev listening on (ws://\S+)$", re.M)


class Engine:
    """An `iii-dev` process on a free port."""

    def __init__(self, program="iii-dev", options=(), start_timeout=20):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="iii-dev-", suffix=".log")
        configured = any(option.startswith(("--config", "-c", "--port")) for option in options)
        command = [program, *([] if configured else ["--port", "0"]), *options]
        try:
            self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise RuntimeError(f"cannot start {program}: {error}; name it with --iii-dev or III_DEV") from error
        end = time.monotonic() + start_timeout
        while not (urls := READY.findall(self.text())):
            if self.process.poll() is not None or time.monotonic() > end:
                text = self.text()
                self.stop()
                raise RuntimeError(f"{' '.join(command)} does not start:\n{text}")
            time.sleep(0.01)
        self.urls = urls
        self.url = urls[0]

    def text(self):
        """What the engine has printed."""
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def stop(self):
        """Ends the process: SIGTERM, then SIGKILL. Returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        return self.process.returncode


class Controls:
    """Calls the functions that only this engine has, on a connection of its own."""

    def __init__(self, url, register=None):
        if register is None:
            from iii import InitOptions, register_worker

            register = lambda url: register_worker(
                url, InitOptions(worker_name="iii-test-controls", otel={"enabled": False}))
        self.url = url
        self.worker = register(url)
        self.journal = Journal(self)
        self.faults = Faults(self)
        self.access = Access(self)
        self.clock = Clock(self)
        self.stubs = Stubs(self)

    def call(self, function_id, payload=None, timeout=30.0):
        """Calls a function and returns its result; what it fails with is raised as the SDK's error."""
        return self.worker.trigger(
            {"function_id": function_id, "payload": {} if payload is None else payload, "timeout_ms": int(timeout * 1000)})

    def mock(self, name, timeout=30.0, **payload):
        """Calls a `mock::` function; members that are None are left out."""
        return self.call(f"mock::{name}", {k: v for k, v in payload.items() if v is not None}, timeout)

    def wait_for_function(self, function_id, timeout=10.0):
        """Waits until a function is registered: registrations are not acknowledged."""
        end = time.monotonic() + timeout
        while True:
            rows = self.call("engine::functions::list", {"prefix": function_id}).get("functions", [])
            if any(row["function_id"] == function_id for row in rows):
                return
            if time.monotonic() > end:
                raise AssertionError(f"function '{function_id}' did not appear within {timeout} s")
            time.sleep(0.01)

    def reset(self):
        """Takes back deny rules and faults, and clears the journal; with an engine that can be reset, all of its state."""
        try:
            return self.mock("engine::reset")
        except Exception as error:
            if getattr(error, "code", None) != "function_not_found" and "not found" not in str(error):
                raise
        self.access.reset()
        self.faults.remove()
        self.journal.clear()

    def close(self):
        self.worker.shutdown()


class Part:
    def __init__(self, controls):
        self._mock = controls.mock


class Journal(Part):
    """`mock::journal::…`: what happened."""

    def list(self, **filter):
        """Entries that match: event, type, direction, function_id, worker_name, after, limit."""
        return self._mock("journal::list", **filter)["entries"]

    def invocations(self, function_id):
        """The calls of a function, with payload, result, caller and duration."""
        return self._mock("journal::list", invocations=True, function_id=function_id)["invocations"]

    def wait(self, function_id, count=1, completed=False, timeout=10.0):
        """Waits until a function was called so often, or until so many calls have ended."""
        _assert(lambda: self._mock(
            "journal::wait", timeout + 10, function_id=function_id, count=count, completed=completed,
            timeout_ms=int(timeout * 1000)))

    def verify(self, function_id, times=None, at_least=None, at_most=None):
        """Fails the test if a function was not called so often; without numbers, if it was never called."""
        _assert(lambda: self._mock(
            "journal::verify", function_id=function_id, times=times, at_least=at_least, at_most=at_most))

    def clear(self):
        self._mock("journal::clear")

    def tail(self, count=15):
        """The last entries as lines."""
        rows = [row for row in self.list(limit=200) if not str(row.get("function_id", "")).startswith("mock::")]
        return [_line(row) for row in rows[-count:]]


class Faults(Part):
    """`mock::faults::…`: what goes wrong on purpose."""

    def add(self, fault, times=None, **parameters):
        """Adds a fault, once unless `times` says more (0: until it is removed). In a `with` it is removed at the end."""
        answer = self._mock("faults::add", fault=fault, times=times, **parameters)
        return _Fault(self, answer["fault_id"])

    def list(self):
        return self._mock("faults::list")["faults"]

    def unmatched(self):
        """The faults that have had no effect."""
        return self._mock("faults::list")["unmatched"]

    def remove(self, fault_id=None):
        """Removes a fault, or all of them."""
        self._mock("faults::remove", fault_id=fault_id)


class _Fault:
    def __init__(self, faults, fault_id):
        self.faults, self.id = faults, fault_id

    def remove(self):
        self.faults.remove(self.id)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


class Access(Part):
    """`mock::access::…`: what may be called."""

    def deny(self, pattern, worker_name=None):
        self._mock("access::deny", pattern=pattern, worker_name=worker_name)

    def allow(self, pattern, worker_name=None):
        self._mock("access::allow", pattern=pattern, worker_name=worker_name)

    def reset(self):
        self._mock("access::reset")

    def explain(self, function_id, **question):
        return self._mock("access::explain", function_id=function_id, **question)

    def denials(self):
        return self._mock("access::denials")["denials"]


class Clock(Part):
    """`mock::clock::…`: time that obeys, in an engine with a manual clock."""

    def now(self):
        return self._mock("clock::now")

    def advance(self, **span):
        return self._mock("clock::advance", 120, **span)

    def settle(self, **options):
        return self._mock("clock::settle", 120, **options)


class Stubs(Part):
    """`mock::stubs::…`: functions without a worker."""

    def add(self, **stub):
        return self._mock("stubs::add", **stub)

    def remove(self, **which):
        return self._mock("stubs::remove", **which)

    def list(self):
        return self._mock("stubs::list")


def _assert(call):
    """What does not hold is an AssertionError, with the engine's text."""
    try:
        return call()
    except Exception as error:
        text = getattr(error, "message", None) or str(error)
        if getattr(error, "code", None) in ("VERIFICATION_FAILED", "TIMEOUT") or "was " in text and "expected" in text:
            raise AssertionError(text) from None
        raise


def _line(row):
    who = row.get("worker") or "-"
    what = " ".join(str(row[key]) for key in ("direction", "type", "function_id", "kind", "effect", "reason") if row.get(key))
    message = row.get("message")
    data = next((message[key] for key in ("data", "result", "error") if key in message), None) if isinstance(message, dict) else None
    shown = "" if data is None else " " + json.dumps(data)[:200]
    return f"#{row['number']} {row['time']:.3f}s {who}: {row['event']} {what}{shown}"


# The plugin


def pytest_addoption(parser):
    group = parser.getgroup("iii")
    group.addoption("--iii-dev", default=os.environ.get("III_DEV", "iii-dev"), help="the program iii-dev")
    group.addoption("--iii-option", action="append", default=[], help="an option for iii-dev; repeatable")


@pytest.fixture
def iii_engine(request, monkeypatch):
    """A fresh engine; III_URL is its address during the test."""
    engine = Engine(request.config.getoption("--iii-dev"), request.config.getoption("--iii-option"))
    monkeypatch.setenv("III_URL", engine.url)
    yield engine
    engine.stop()


@pytest.fixture
def iii(request, iii_engine):
    """The controls of the test's engine."""
    controls = Controls(iii_engine.url)
    request.node._iii_controls = controls
    yield controls
    controls.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    controls = getattr(item, "_iii_controls", None)
    if report.when != "call" or not report.failed or controls is None:
        return
    lines = []
    # The engine may be what is broken: the report does not wait for it.
    asking = threading.Thread(target=lambda: lines.extend(_tail(controls)), daemon=True)
    asking.start()
    asking.join(5)
    if lines:
        report.sections.append(("journal of the engine (the last entries)", "\n".join(lines)))


def _tail(controls):
    try:
        return controls.journal.tail()
    except Exception as error:
        return [f"the journal cannot be read: {error}"]
