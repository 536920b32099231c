"""Tells schemathesis four things about this contract that OpenAPI 3.1 has no words for. No check is weakened by it."""

import json
import uuid

import schemathesis

SLOW_MS_MAX = {"first_token_ms": 600_000, "token_ms": 10_000}
DEMANDS = {
    "tool_choice": {"tool_choice": "required", "tools": [{"type": "function", "function": {"name": "offered"}}]},
    "function_call": {"function_call": {"name": "offered"}, "functions": [{"name": "offered"}]},
}
FAIL_STATUSES = {400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504}

# What a stream ends with that has no [DONE].
LAST_EVENTS = ('.done"', '"image_generation.completed"', '"image_edit.completed"')


@schemathesis.deserializer("text/event-stream")
def read_events(context, response):
    """The schema of a stream describes the JSON of each event; left alone, schemathesis would compare it with the frame around that."""
    events = [event for event in response.content.decode("utf-8").split("\n\n") if event and not event.startswith(":")]
    # Some name an event in a line before its data.
    data = [event[event.index("data: ") + len("data: "):] if "data: " in event else event for event in events]
    if data and '"type":"' in data[-1] and any(end in data[-1] for end in LAST_EVENTS):
        return [json.loads(text) for text in data]
    if not data or data[-1] != "[DONE]":
        return [{"fault": f"the stream does not end in [DONE] but in {data[-1:]}"}]
    return [json.loads(text) for text in data[:-1]]


@schemathesis.hook
def before_call(context, case, **kwargs):
    """
    A sandbox model that is told to fail, to hang or to be slow does so, with the 502 and 504 the contract has for it: contract.test.ts
    provokes them all. Here valid wishes of that kind are taken out, so that every 5xx that is left is our own fault.
    Invalid ones stay, to be refused.
    """
    name_own_things(case)
    if not isinstance(case.body, dict):
        return
    offer_demanded_tools(case)
    body = case.body
    options = body.get("sandbox")
    if not isinstance(options, dict):
        return
    calm = {name: value for name, value in options.items() if not is_valid_fault(name, value)}
    for name, ms_max in SLOW_MS_MAX.items():
        if is_whole(calm.get(name)) and 0 < calm[name] <= ms_max:
            calm[name] = 0
    case.body = {**body, "sandbox": calm}


def name_own_things(case):
    """A workspace nobody has is a 403 before anything else is looked at, and an idempotency key belongs to one body: both would hide the rest."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_positive or not case.headers:
        return
    case.headers.pop("x-writingmate-workspace", None)
    if "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = str(uuid.uuid4())


def offer_demanded_tools(case):
    """Like OpenAI, the sandbox refuses a demand for a tool that is not offered: valid requests must not make one."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_positive or not str(case.body.get("model")).startswith("sandbox/"):
        return
    for choice, offer in (("tool_choice", "tools"), ("function_call", "functions")):
        if case.body.get(choice) not in (None, "auto", "none"):
            case.body = {name: value for name, value in case.body.items() if name not in (choice, offer)} | DEMANDS[choice]


def is_valid_fault(name, value):
    if name == "fail_status":
        return is_whole(value) and value in FAIL_STATUSES
    if name in ("die_after_events", "hang_after_events"):
        return is_whole(value) and 0 <= value <= 100_000
    return name == "malformed" and value is True


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool) or isinstance(value, float) and value.is_integer()
