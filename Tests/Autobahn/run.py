#!/usr/bin/env python3
"""Runs the Autobahn cases without compression against the echo program, in both roles, and compares the counts.

run.py ECHO KOSOKU EXPECTED [--update]: the programs, and the table to compare with (or to write anew).
"""
import collections, json, pathlib, socket, subprocess, sys, tempfile, time

CASES = ["-x", "12.*", "-x", "13.*"]                        # those are of compression
CASES_RUN = 301
LIMIT = 300                                                 # seconds for one role


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"autobahn: nothing listens on port {port}")


def server_role(echo, kosoku, out):
    """Our server side: the fuzzing client connects to it."""
    server = subprocess.Popen([echo, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().split()[-1]
        subprocess.run([kosoku, "-m", "fuzzingclient", *CASES, "-o", out, address], stdout=subprocess.DEVNULL, timeout=LIMIT)
    finally:
        server.stdin.close()
        server.wait(10)


def client_role(echo, kosoku, out):
    """Our client side: it connects to the fuzzing server."""
    port = free_port()
    server = subprocess.Popen([kosoku, "-m", "fuzzingserver", *CASES, "-o", out, f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        subprocess.run([echo, "client", f"127.0.0.1:{port}"], check=True, stdout=subprocess.DEVNULL, timeout=LIMIT)
        server.wait(30)
    finally:
        server.kill()
        server.wait()


def tally(out):
    """Counts by behaviour, and the cases that are neither OK nor INFORMATIONAL."""
    index = pathlib.Path(out) / "index.json"
    if not index.exists():
        sys.exit("autobahn: the run left no report")
    (cases,) = json.loads(index.read_text()).values()
    counts = collections.Counter()
    odd = {}
    for name, case in cases.items():
        counts["messages", case["behavior"]] += 1
        counts["close", case["behaviorClose"]] += 1
        for which in ("behavior", "behaviorClose"):
            if case[which] not in ("OK", "INFORMATIONAL"):
                odd.setdefault(name, []).append(f"{which} {case[which]}")
    return len(cases), counts, odd


def main():
    echo, kosoku, expected, *options = sys.argv[1:]
    lines, failed = ["role    of        behaviour      cases"], 0
    for role, run in (("server", server_role), ("client", client_role)):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as out:
            run(echo, kosoku, out)
            total, counts, odd = tally(out)
        print(f"autobahn: {role}: {total} cases in {time.monotonic() - began:.0f} s", flush=True)
        for name, what in odd.items():
            print(f"autobahn: {role}: case {name}: {', '.join(what)}")
        if total != CASES_RUN:
            print(f"autobahn: {role}: {CASES_RUN} cases were wanted")
            failed += 1
        failed += sum(n for (_, behaviour), n in counts.items() if behaviour.startswith("FAILED"))
        lines += [f"{role:<7} {of:<9} {behaviour:<14} {n:>5}" for (of, behaviour), n in sorted(counts.items())]
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if "--update" in options:
        pathlib.Path(expected).write_text(table)
    elif pathlib.Path(expected).read_text() != table:
        print(f"autobahn: the counts differ from {expected}; `Scripts/autobahn --update` writes it anew")
        failed += 1
    print(f"autobahn: {'FAILED' if failed else 'as expected'}")
    sys.exit(bool(failed))


main()
