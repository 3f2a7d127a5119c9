"""What the official SDKs report over /otel: their logs and spans come to the engine as they were."""
import pathlib

from stage import check, eventually


def program(command):
    """The program that reports, of a worker's command."""
    python, worker = pathlib.Path(command[0]), pathlib.Path(command[1])
    return [str(python), str(worker.with_name(worker.name.replace("_worker.", "_telemetry.")))]


def reports(stage, sdk, command):
    name = f"{sdk}-reporter"
    stage.start(name, program(command))
    logs = eventually(lambda: [r for r in stage.ask("engine::logs::list", {"severity_min": 13})["logs"]
                               if r["body"] == f"logged by {name}"], 20)
    record = logs[0] if logs else {}
    ok = (len(logs or []) == 1 and record["service_name"] == name and record["severity_number"] == 13
          and record["attributes"].get("log.data") == {"pears": 3})
    check(f"{sdk} logs over /otel", ok, logs)
    spans = eventually(lambda: [s for s in stage.ask("engine::traces::list", {"service_name": name})["spans"]
                                if s["name"] == f"span of {name}"], 20)
    span = spans[0] if spans else {}
    ok = len(spans or []) == 1 and ["by", name] in span["attributes"] and span["trace_id"] == record.get("trace_id")
    check(f"{sdk} reports a span over /otel, and its log names it", ok and span["span_id"] == record["span_id"], (spans, logs))
    stage.kill(name)
