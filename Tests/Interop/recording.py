"""A session of each SDK is recorded through iii-dev record, and replayed: without a difference, and with one changed byte."""
import pathlib, subprocess

from stage import check

HERE = pathlib.Path(__file__).resolve().parent


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def play(iii_dev, commands, folder):
    for name, (program, *rest) in commands.items():
        if name == "swift":
            continue
        source = "recorded_session.py" if name.startswith("py") else "recorded_session.mjs"
        session = HERE / source if name.startswith("py") else pathlib.Path(rest[0]).parent / source
        if session.parent != HERE:
            session.write_text((HERE / source).read_text())
        conversation(iii_dev, name, [program, session], pathlib.Path(folder, f"{name}.json"))


def conversation(iii_dev, name, worker, recording):
    # The engine of `exec`, a proxy in front of it, and the worker.
    inner = f'exec "{iii_dev}" record --upstream "$III_URL" -o "{recording}" -- "$@"'
    status, text = run(iii_dev, "exec", "--", "sh", "-c", inner, "sh", *worker)
    recorded = recording.read_text()
    check(f"{name}: a session is recorded", status == 0 and '"send"' in recorded and "orders::charge" in recorded, (text, recorded))
    check(f"{name}: secrets of connections and ids are not in the recording", '"$uuid1"' in recorded and '"$number"' in recorded, recorded)
    status, text = run(iii_dev, "replay", recording, "--", *worker)
    check(f"{name}: the recording replays without a difference", status == 0 and "no difference" in text, text)
    broken = recording.with_suffix(".broken.json")
    # The worker's answer, not the engine's message that passes it on.
    at = next(line for line in recorded.splitlines() if '"send"' in line and '"charged":7' in line)
    broken.write_text(recorded.replace(at, at.replace('"charged":7', '"charged":8'), 1))
    status, text = run(iii_dev, "replay", broken, "--", *worker)
    ok = status == 1 and "at result.charged: recorded 8, got 7" in text
    check(f"{name}: one changed byte of the recording is found and named", ok, text)
    # What the engine says is changed: the worker answers something else.
    at = next(line for line in recorded.splitlines() if '"receive"' in line and '"id":7' in line)
    broken.write_text(recorded.replace(at, at.replace('"id":7', '"id":9'), 1))
    status, text = run(iii_dev, "replay", broken, "--", *worker)
    ok = status == 1 and "at result.charged: recorded 7, got 9" in text
    check(f"{name}: the recorded engine's messages reach the worker as they are in the file", ok, text)
