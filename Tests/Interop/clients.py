"""The clients of `Clients/`: tests of workers in Python and Node, each with two versions of its SDK, and tests that fail."""
import os, pathlib, shutil, subprocess

from stage import check

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = HERE.parent.parent / "Clients"


def run(command, environment, folder):
    done = subprocess.run(command, env={**os.environ, **environment}, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def failure(name, status, text):
    ok = status != 0 and "`orders::chrage` was never called, expected 1 time; `orders::charge` was called once" in text
    check(f"{name}: a test that fails names the function that was probably meant", ok, text[-1500:])
    ok = "journal of the engine (the last entries)" in text and '{"id": 7}' in text.replace('{"id":7}', '{"id": 7}')
    check(f"{name}: and shows the last entries of the journal", ok, text[-1500:])


def play(iii_dev, commands):
    for name, (program, *_) in commands.items():
        if name.startswith("py"):
            environment = {"III_DEV": iii_dev, "PYTHONPATH": str(CLIENTS / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
            pytest = [program, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            status, text = run([*pytest, "."], environment, HERE / "Clients")
            check(f"{name}: tests with the pytest plugin pass", status == 0 and "4 passed" in text, text[-3000:])
            failure(name, *run([*pytest, "failing.py"], environment, HERE / "Clients"))
        elif name.startswith("node"):
            home = pathlib.Path(commands[name][1]).parent
            for source in (CLIENTS / "node" / "iii-test.mjs", HERE / "Clients" / "orders.mjs"):
                shutil.copy(source, home)
            status, text = run([program, "orders.mjs"], {"III_DEV": iii_dev}, home)
            check(f"{name}: tests with the Node helper pass", status == 0, text[-3000:])
            failure(name, *run([program, "orders.mjs"], {"III_DEV": iii_dev, "FAIL": "1"}, home))
