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


def unmatched(name, status, text):
    ok = status != 0 and "faults that never had an effect: drop_result invocationresult of 'orders::chrage'" in text
    check(f"{name}: a test whose fault never had an effect is reported", ok, text[-1500:])


def play(iii_dev, commands):
    for name, (program, *_) in commands.items():
        if name.startswith("py"):
            python(iii_dev, name, program)
        elif name.startswith("node"):
            node(iii_dev, name, program, pathlib.Path(commands[name][1]).parent)


def python(iii_dev, name, program):
    environment = {"III_DEV": iii_dev, "PYTHONPATH": str(CLIENTS / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [program, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    folder = HERE / "Clients"
    tests = 15
    for about, command in (("tests with the pytest plugin", pytest), ("iii-dev exec -- pytest", [iii_dev, "exec", "--", *pytest])):
        status, text = run([*command, "."], environment, folder)
        check(f"{name}: {about}: {tests} passed", status == 0 and f"{tests} passed" in text, text[-3000:])
    failure(name, *run([*pytest, "failing.py"], environment, folder))
    status, text = run([iii_dev, "exec", "--", *pytest, "failing.py"], environment, folder)
    check(f"{name}: iii-dev exec has the status of pytest and shows the engine's log", status == 1 and "istening" in text, text[-1500:])
    unmatched(name, *run([*pytest, "unmatched.py"], environment, folder))


def node(iii_dev, name, program, home):
    for source in (CLIENTS / "node" / "iii-test.mjs", *(HERE / "Clients" / file for file in ("orders.mjs", "queues.yaml"))):
        shutil.copy(source, home)
    # The SDK is in node_modules already: nothing is installed.
    (home / "package.json").write_text('{"private": true, "scripts": {"test": "node --test orders.mjs"}}')
    environment = {"III_DEV": iii_dev, "npm_config_update_notifier": "false"}
    tests = 9
    for about, command in (("tests with the Node helper", [program, "--test", "orders.mjs"]),
                           ("iii-dev exec -- npm test", [iii_dev, "exec", "--", "npm", "test"])):
        status, text = run(command, environment, home)
        check(f"{name}: {about}: {tests} passed", status == 0 and f"# pass {tests}\n" in text, text[-3000:])
    failure(name, *run([program, "orders.mjs"], {**environment, "FAIL": "near miss"}, home))
    unmatched(name, *run([program, "orders.mjs"], {**environment, "FAIL": "unmatched"}, home))
