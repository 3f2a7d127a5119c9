"""The schemas that the Swift SDK infers: valid by `jsonschema` (PyPI), and in agreement with what the functions accept."""
from jsonschema import Draft202012Validator

from stage import check

PART = {"id": 1, "note": None}
GOOD = {"id": "0b7f4c6e-9d3a-4f10-8f2b-3a5f7f1f0c9e", "at": "2024-02-29T12:00:00Z", "color": "red", "part": PART,
        "parts": [PART, {"id": 2}], "by_name": {"a": PART}, "flag": True, "ratio": 0.5, "count": 7,
        "tree": {"name": "root", "children": [{"name": "leaf", "children": []}]}, "either": "x", "anything": [1, {}]}
# A change of GOOD each; None removes the member.
ACCEPTED = [{}, {"tree": {"name": "", "children": []}}, {"by_name": None}, {"anything": None}, {"either": 7}, {"ratio": 1},
            {"parts": []}, {"by_name": {}}, {"color": "GREEN"}, {"more": 1}]
REFUSED = [{"color": "blue"}, {"part": {}}, {"part": {"id": "1"}}, {"parts": [1]}, {"count": -1}, {"flag": "yes"},
           {"tree": {"name": "root", "children": [{}]}}, {"either": True}, {"id": None}, {"at": 7}, {"by_name": {"a": 1}}]


def inferred(stage, name):
    """All schemas of a Swift worker, and those of its function `typed` against payloads that it accepts and refuses."""
    rows = stage.ask("engine::functions::list", {})["functions"]
    schemas = {(row["function_id"], key): row[key] for row in rows for key in ("request_format", "response_format")
               if row["function_id"].startswith(f"{name}::") and row.get(key) is not None}
    for (function, key), schema in schemas.items():
        try:
            Draft202012Validator.check_schema(schema)
            problem = None
        except Exception as error:
            problem = str(error)
        check(f"{key} of {function} is a valid schema", problem is None, problem)
    check(f"{name} has schemas for its functions", (f"{name}::add", "request_format") in schemas, list(schemas))

    typed = f"{name}::typed"
    for key in ("request_format", "response_format"):
        validator = Draft202012Validator(schemas[typed, key])
        for changes, accepted in [(c, True) for c in ACCEPTED] + [(c, False) for c in REFUSED]:
            payload = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
            got = stage.outcome(typed, payload)
            check(f"{typed} with {changes}: function and {key} agree",
                  validator.is_valid(payload) is accepted and ("driver" not in got) is accepted, got)
