"""python_telemetry.py NAME: logs a record inside a span, by iii-sdk's own logger and tracer, until its input ends."""
import asyncio, os, sys

from iii import InitOptions, register_worker
try:
    from iii_helpers.observability import Logger, with_span            # 0.25
except ImportError:
    from iii.logger import Logger                                      # 0.13
    from iii.telemetry import with_span

name = sys.argv[1]
worker = register_worker(os.environ["III_URL"], InitOptions(worker_name=name, otel={"enabled": True, "service_name": name}))


async def log(span):
    span.set_attribute("by", name)
    Logger(service_name=name).warn(f"logged by {name}", {"pears": 3})


asyncio.run(with_span(f"span of {name}", log))
sys.stdin.read()
os._exit(0)
