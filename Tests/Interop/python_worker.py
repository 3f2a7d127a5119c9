"""python_worker.py PREFIX: the Python twin of Worker/. Serves the engine at III_URL until its input ends."""
import asyncio, hashlib, os, sys

from iii import InitOptions, register_worker
from iii.triggers import TriggerHandler

prefix = sys.argv[1]
notes = []
otel = {"enabled": os.environ.get("OTEL_ENABLED") == "1", "service_name": prefix}
worker = register_worker(os.environ["III_URL"], InitOptions(worker_name=prefix, otel=otel))


def fail(data):
    raise ValueError("no funds: déjà vu")


async def add(data):
    return {"sum": data["a"] + data["b"]}


async def echo(data):
    return data


async def note(data):
    notes.append(data.get("note", data) if isinstance(data, dict) else data)


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
    if data.get("queue"):
        request["action"] = {"type": "enqueue", "queue": data["queue"]}
    if data.get("timeout_ms"):
        request["timeout_ms"] = data["timeout_ms"]
    return await attempt(request)


async def big(data):
    text = "0123456789abcdeé" * (data["bytes"] // 17)
    outcome = await attempt({"function_id": data["function"], "payload": {"text": text}})
    return {"value": outcome["value"]["text"] == text} if "value" in outcome else outcome


async def drink(data):
    """Reads a channel to its end."""
    texts = []
    data["from"].on_message(texts.append)
    content = await data["from"].read_all()
    return {"count": len(content), "hash": hashlib.sha256(content).hexdigest(), "texts": texts}


async def pour(data):
    """Writes a channel that another function reads, and says what was written and what was read."""
    try:
        from iii.helpers import create_channel_async                    # 0.25
    except ImportError:
        create_channel_async = type(worker).create_channel_async
    channel = await create_channel_async(worker, 4)
    reading = asyncio.create_task(attempt({"function_id": data["function"],
                                           "payload": {"from": channel.reader_ref.model_dump(mode="json")}}))
    content = b"0123456789abcdef" * (data["bytes"] // 16)
    await channel.writer.send_message_async("déjà vu")
    await channel.writer.write(content)
    await channel.writer.close_async()
    return {"written": hashlib.sha256(content).hexdigest(), "read": await reading}


# Access control: what access.py has the engine call this worker for.
async def auth(data):
    token = data["query_params"].get("token", [""])[0]
    sessions = {"valid": {}, "forbidden": {"forbidden_functions": [f"{prefix}::echo"]},
                "prefix": {"function_registration_prefix": "team"}}
    if token not in sessions:
        raise ValueError("invalid token")
    return {"allow_trigger_type_registration": True, "context": {"token": token}, **sessions[token]}


async def middleware(data):
    result = await worker.trigger_async({"function_id": data["function_id"], "payload": data["payload"]})
    return {"token": data["context"]["token"], "result": result}


async def hook(data):
    if data.get("function_id", "").endswith("::big"):
        raise ValueError("not big")
    return {}


class Bell(TriggerHandler):
    """A trigger type that fires when `ring` is called."""
    triggers, registered, unregistered = {}, [], []

    async def register_trigger(self, bell):
        if bell.config.get("refuse"):
            raise ValueError(bell.config["refuse"])
        self.triggers[bell.id] = bell
        self.registered.append(self.shown(bell))

    async def unregister_trigger(self, bell):
        self.triggers.pop(bell.id, None)
        self.unregistered.append(self.shown(bell))

    def shown(self, bell):
        return {"id": bell.id, "function": bell.function_id, "config": bell.config, "metadata": bell.metadata}


bell = Bell()
triggers = {}


async def bind(data):
    triggers[data["name"]] = worker.register_trigger({
        "type": data["type"], "function_id": data["function"], "config": data["config"], "metadata": data["metadata"]})


async def unbind(data):
    triggers.pop(data["name"]).unregister()


async def ring(data):
    for each in list(bell.triggers.values()):
        await worker.trigger_async({"function_id": each.function_id, "payload": {"note": each.config["note"]},
                                    "action": {"type": "void"}})


async def bells(data):
    return {"registered": bell.registered, "unregistered": bell.unregistered}


worker.register_trigger_type({"id": f"{prefix}::bell", "description": "rings when told to"}, bell)
worker.register_function(f"{prefix}::add", add, description="adds", metadata={"kind": "sum"})
for name, function in dict(echo=echo, fail=fail, note=note, notes=tell, hang=hang, call=call, big=big, drink=drink,
                           pour=pour, bind=bind, unbind=unbind, ring=ring, bells=bells, auth=auth, middleware=middleware,
                           hook=hook).items():
    worker.register_function(f"{prefix}::{name}", function)
sys.stdin.read()
os._exit(0)
