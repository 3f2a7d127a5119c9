"""Trigger types of one language used by another, what goes wrong with them, and what each sees of the others.

Every worker provides the trigger type `NAME::bell`. `NAME::bind` registers a trigger, `NAME::ring` fires those of its bell
by calling their functions, `NAME::bells` tells what the bell's handler was told.
"""
from stage import check, eventually

DEAF = ("py013", "node011")                                # their SDKs ignore `unregistertrigger` and results
STREAM_MISSING = 'Trigger type "stream" not found — worker iii-stream is missing. Run: iii worker add iii-stream'


def listed(stage, type):
    """The engine's triggers of a type, by the functions that they call."""
    rows = stage.ask("engine::registered-triggers::list", {"trigger_type": type})["registered_triggers"]
    return {row["function_id"] for row in rows}


def bind(stage, owner, type, config, name="bell", metadata=None):
    stage.ask(f"{owner}::bind", {"name": name, "type": type, "function": f"{owner}::note", "config": config,
                                 "metadata": metadata})


def registrations(stage, owner, provider, note):
    """What the provider's handler was told of the owner's trigger with this note, each time."""
    seen = stage.ask(f"{provider}::bells", {})["registered"]
    return [b for b in seen if b["function"] == f"{owner}::note" and b["config"].get("note") == note]


def told(stage, owner, provider, note):
    """How often the provider's handler was told that the trigger is there, and that it has ended."""
    bells = stage.ask(f"{provider}::bells", {})
    return {kind: sum(b["function"] == f"{owner}::note" and b["config"].get("note") == note for b in bells[kind])
            for kind in ("registered", "unregistered")}


def registered(stage, owner, provider, note, before=0):
    """What it was told last, once it was told more often than before."""
    return eventually(lambda: registrations(stage, owner, provider, note)[before:][-1], 10)


def gone(stage, provider, id):
    """What the provider's handler was told of the end of a trigger."""
    return eventually(lambda: [b for b in stage.ask(f"{provider}::bells", {})["unregistered"] if b["id"] == id][0], 10)


def rings(stage, owner, provider, note):
    """Whether the owner's function is called when the provider rings."""
    before = stage.ask(f"{owner}::notes", {}).count(note)
    stage.ask(f"{provider}::ring", {})
    return eventually(lambda: stage.ask(f"{owner}::notes", {}).count(note) > before, 10)


def ends(stage, owner, provider, bell, what):
    """The end of a trigger reaches the engine's list, and the provider where its SDK listens."""
    type = f"{provider}::bell"
    left = eventually(lambda: f"{owner}::note" not in listed(stage, type), 10)
    if provider in DEAF:
        check(f"{what}: it is gone; {provider} does not listen, and works on",
              left and stage.is_up(provider) and not stage.ask(f"{provider}::bells", {})["unregistered"])
        return
    told = gone(stage, provider, bell["id"])
    # The wire carries the id alone; Swift hands its handler all that was registered under it.
    ok = told and (told["config"] == bell["config"] and told["function"] == bell["function"] or provider != "swift")
    check(f"{what}: it is gone, and {provider}'s handler is told", left and ok, told)


def bells(stage, owner, provider):
    type, note = f"{provider}::bell", f"{owner} by {provider}'s bell 🔔"
    metadata = {"from": owner, "deep": [1, {"two": None}]}
    bind(stage, owner, type, {"note": note}, metadata=metadata)
    bell = registered(stage, owner, provider, note)
    check(f"{owner} uses {provider}'s trigger type: the handler is told", bell and bell["metadata"] == metadata, bell)
    if not bell:
        return
    check(f"{owner} uses {provider}'s trigger type: it fires", rings(stage, owner, provider, note))
    stage.ask(f"{owner}::unbind", {"name": "bell"})
    ends(stage, owner, provider, bell, f"{owner} unregisters its trigger of {provider}'s type")


def refusals(stage, owner, provider):
    type, reason = f"{provider}::bell", f"no bell for {owner}: déjà vu"
    bind(stage, owner, type, {"refuse": reason}, name="refused")
    complained(stage, owner, type, "refused", "trigger_registration_failed", reason, f"{owner} is refused by {provider}")
    left = eventually(lambda: f"{owner}::note" not in listed(stage, type), 10)
    check(f"{owner} is refused by {provider}: the trigger is not in force, {provider} works on",
          left and stage.is_up(provider))
    stage.ask(f"{owner}::unbind", {"name": "refused"})


def complained(stage, owner, type, name, code, message, what):
    """A trigger's owner hears why it is not in force: Swift by the trigger's error, the newer others in their logs."""
    if owner == "swift":
        got = eventually(lambda: stage.ask("swift::complaint", {"name": name}), 10)
        check(f"{what}: registrationError", got == {"code": code, "message": message}, got)
    elif owner in DEAF:
        check(f"{what}: it does not listen, and works on", stage.is_up(owner))
    else:
        logged = stage.said(owner, f"({type}): {message}")
        check(f"{what}: it is logged, and it works on", logged and stage.is_up(owner),
              stage.log_of(owner).read_text(errors="replace")[-600:])


def missing_type(stage, owner):
    bind(stage, owner, "stream", {"stream_name": "x"}, name="stream")
    complained(stage, owner, "stream", "stream", "trigger_type_not_found", STREAM_MISSING, f"{owner} registers a stream trigger")
    stage.ask(f"{owner}::unbind", {"name": "stream"})


def owner_dies(stage, owner, command, provider):
    """A worker of its own for this; it is killed with its trigger in force."""
    guest, note = f"{owner}-guest", f"guest of {provider}"
    stage.start(guest, command)
    if not stage.is_up(guest):
        return check(f"a second {owner} connects", False, stage.log_of(guest).read_text(errors="replace")[-600:])
    bind(stage, guest, f"{provider}::bell", {"note": note})
    bell = registered(stage, guest, provider, note)
    fires = bell and rings(stage, guest, provider, note)
    stage.kill(guest)
    check(f"a second {owner} uses {provider}'s trigger type", fires, bell)
    if bell:
        ends(stage, guest, provider, bell, f"a second {owner} is killed with its trigger of {provider}'s type")


def provider_comes(stage, owner, provider, command):
    """A trigger waits for its provider, and again when that has died."""
    guest = f"{provider}-guest"
    type, note = f"{guest}::bell", f"{owner} waits for {guest}"
    bind(stage, owner, type, {"note": note}, name=guest)
    check(f"{owner}'s trigger of a second {provider}'s type is not in force without it",
          f"{owner}::note" not in listed(stage, type))
    for when in ("comes", "comes back"):
        stage.start(guest, command)
        bell = stage.is_up(guest) and registered(stage, owner, guest, note)
        check(f"{owner}'s trigger fires when a second {provider} {when}", bell and rings(stage, owner, guest, note), bell)
        stage.kill(guest)
    if owner == "swift":
        got = stage.ask("swift::complaint", {"name": guest})
        check(f"swift's trigger of a second {provider}: no registrationError", got is None, got)
    stage.ask(f"{owner}::unbind", {"name": guest})


def discovery(stage, seer, seen):
    """`seer` looks at `seen`: Swift by its own methods, the others by calling the engine's functions."""
    if seer == "swift":
        found = stage.ask("swift::discover", {"worker": seen, "function": f"{seen}::add"})
    else:
        def engine(function, payload):
            return stage.outcome(f"{seer}::call", {"function": f"engine::{function}", "payload": payload})["value"]
        found = {
            "functions": [f["function_id"] for f in engine("functions::list", {"worker": seen})["functions"]],
            "info": engine("functions::info", {"function_id": f"{seen}::add"}),
            "types": [t["id"] for t in engine("triggers::list", {})["triggers"]],
            "triggers": [t["function_id"] for t in engine("registered-triggers::list", {})["registered_triggers"]],
            "workers": engine("workers::list", {})["workers"],
        }
    info, kind = found["info"], {"p": "python", "n": "node", "s": "swift"}[seen[0]]
    check(f"{seer} lists {seen}'s functions", {f"{seen}::add", f"{seen}::echo"} <= set(found["functions"])
          and all(f.startswith(f"{seen}::") for f in found["functions"]), found["functions"])
    check(f"{seer} looks at a function of {seen}", info["function_id"] == f"{seen}::add"
          and info["description"] == "adds" and info["metadata"] == {"kind": "sum"} and info["worker_name"] == seen, info)
    check(f"{seer} lists {seen}'s trigger type", f"{seen}::bell" in found["types"], found["types"])
    check(f"{seer} lists {seen}'s trigger", f"{seen}::note" in found["triggers"], found["triggers"])
    row = next((w for w in found["workers"] if w["name"] == seen), {})
    check(f"{seer} lists {seen} among the workers", row.get("runtime") == kind and row.get("version")
          and row.get("function_count") == len(found["functions"]), row)
