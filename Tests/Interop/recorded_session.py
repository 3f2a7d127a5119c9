"""A worker of iii-sdk that registers a function, calls it, and ends."""
import os

from iii import InitOptions, register_worker

worker = register_worker(os.environ["III_URL"], InitOptions(worker_name="orders", otel={"enabled": False}))
worker.register_function("orders::charge", lambda order: {"charged": order["id"]})
worker.trigger({"function_id": "orders::charge", "payload": {"id": 7}, "timeout_ms": 20000})
worker.trigger({"function_id": "engine::workers::list", "payload": {}, "timeout_ms": 20000})
worker.shutdown()
