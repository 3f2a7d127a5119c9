"""python_worker.py PREFIX: the Python twin of Worker/. Serves the engine at III_URL until its input ends."""
import asyncio, os, sys

from iii import InitOptions, register_worker

prefix = sys.argv[1]
notes = []
worker = register_worker(os.environ["III_URL"], InitOptions(worker_name=prefix, otel={"enabled": False}))


def fail(data):
    raise ValueError("no funds: déjà vu")


async def add(data):
    return {"sum": data["a"] + data["b"]}


async def echo(data):
    return data


async def note(data):
    notes.append(data["note"])


async def tell(data):
    return notes


async def hang(data):
    await asyncio.sleep(3600)


async def attempt(request):
    try:
        return {"value": await worker.trigger_async(request)}
    except Exception as e:
        return {"error": {"code": getattr(e, "code", type(e).__name__), "message": getattr(e, "message", str(e)),
                          "stacktrace": getattr(e, "stacktrace", None), "function": getattr(e, "function_id", None)}}


async def call(data):
    request = {"function_id": data["function"], "payload": data["payload"]}
    if data.get("action"):
        request["action"] = {"type": data["action"]}
    if data.get("timeout_ms"):
        request["timeout_ms"] = data["timeout_ms"]
    return await attempt(request)


async def big(data):
    text = "0123456789abcdeé" * (data["bytes"] // 17)
    outcome = await attempt({"function_id": data["function"], "payload": {"text": text}})
    return {"value": outcome["value"]["text"] == text} if "value" in outcome else outcome


for name, function in dict(add=add, echo=echo, fail=fail, note=note, notes=tell, hang=hang, call=call, big=big).items():
    worker.register_function(f"{prefix}::{name}", function)
sys.stdin.read()
os._exit(0)
