"""What the SDKs report over /otel: logs and spans come to the engine as they were, and calls between languages are one trace."""
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


def one_trace(stage, commands):
    """A call from Swift through Python and Node back to Swift is one trace, each span below its caller's."""
    chain = [name for name in ("swift", "py025", "node022") if name in commands]
    for name in chain:
        stage.start(f"{name}-traced", commands[name], OTEL_ENABLED="1")
    up = all(stage.is_up(f"{name}-traced") for name in chain)
    check("workers that report their spans connect", up)
    payload = {"function": "swift-traced::add", "payload": {"a": 1, "b": 2}}
    for name in reversed(chain[1:]):
        payload = {"function": f"{name}-traced::call", "payload": payload}
    got = stage.ask("swift-traced::call", payload)
    names = [f"{name}-traced" for name in [*chain, "swift"]]

    def path():
        """The services from the root of the call's trace to its end."""
        spans = stage.ask("engine::traces::list", {"service_name": "swift-traced", "include_internal": True})["spans"]
        root = next(s for s in spans if s["name"] == "execute swift-traced::call" and not s["parent_span_id"])
        nodes, services = stage.ask("engine::traces::tree", {"trace_id": root["trace_id"]})["roots"], []
        while nodes:
            services += [nodes[0]["service_name"]] if nodes[0]["service_name"] != (services or [""])[-1] else []
            nodes = nodes[0]["children"]
        return services if services == names else None

    found = eventually(path, 20)
    check(f"one trace through {', '.join(names)}", found == names,
          (got, stage.ask("engine::traces::list", {"search_all_spans": True, "include_internal": True})))
    for name in chain:
        stage.kill(f"{name}-traced")
