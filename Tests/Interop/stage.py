"""What the interop run plays on: the engine, the workers, and the driver that asks them."""
import os, pathlib, re, signal, subprocess, sys, time

from iii import InitOptions, register_worker

passed = failed = 0


def check(name, ok, got=None):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'PASS' if ok else 'FAIL'} {name}" + ("" if ok else f"\n     got {str(got)[:600]}{' … ' + str(got)[-600:] if len(str(got)) > 600 else ''}"), flush=True)


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


class Engine:
    """An iii-dev, started on a free port and again on the same one; its output is kept."""
    def __init__(self, program, log, config=None, listeners=1):
        self.program, self.log, self.port, self.config, self.listeners = program, log, 0, config, listeners

    def start(self):
        options = ["--config", self.config] if self.config else []
        if self.listeners == 1:
            options += ["--port", str(self.port)]
        self.process = subprocess.Popen([self.program, *options], stdout=open(self.log, "ab"),
                                        stderr=subprocess.STDOUT)
        seen = 0
        while True:
            ready = re.findall(r"^iii-dev listening on (ws://\S+:(\d+))$", self.text(), re.M)
            if len(ready) >= getattr(self, "starts", 0) + self.listeners:
                self.starts = len(ready)
                self.url, self.port = ready[-1][0], int(ready[-1][1])
                self.urls = [url for url, _ in ready]
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


class Stage:
    """The workers by their names, which their functions begin with, and a driver of iii-sdk's own."""
    def __init__(self, engine, folder):
        self.engine, self.folder, self.workers = engine, folder, {}
        self.environment = {**os.environ, "III_URL": engine.url, "PYTHONWARNINGS": "ignore"}

    def connect(self):
        self.driver = register_worker(self.engine.url, InitOptions(worker_name="driver", otel={"enabled": False}))

    def start(self, name, command, url=None, **variables):
        log = open(self.log_of(name), "ab")
        environment = {**self.environment, "III_URL": url or self.engine.url, **variables}
        self.workers[name] = subprocess.Popen([*command, name], env=environment,
                                              stdin=subprocess.PIPE, stdout=log,
                                              stderr=log)

    def kill(self, name):
        process = self.workers.pop(name)
        process.kill()
        process.wait(10)

    def end(self):
        """Leaves nothing behind."""
        for process in [*self.workers.values(), self.engine.process]:
            process.kill()

    def log_of(self, name):
        return pathlib.Path(self.folder, f"{name}.log")

    def said(self, name, text):
        """Whether a worker wrote this text."""
        return eventually(lambda: text in self.log_of(name).read_text(errors="replace"), 10)

    def ask(self, function, payload, timeout=30):
        return self.driver.trigger({"function_id": function, "payload": payload, "timeout_ms": int(timeout * 1000)})

    def outcome(self, function, payload, timeout=30):
        """What `call` and `big` of a worker say, or an error of the driver's own call in the same form."""
        try:
            return self.ask(function, payload, timeout)
        except Exception as e:
            return {"driver": f"{getattr(e, 'code', type(e).__name__)}: {getattr(e, 'message', e)}"}

    def is_up(self, name):
        return eventually(lambda: self.ask(f"{name}::add", {"a": 1, "b": 1}, 2) == {"sum": 2})
