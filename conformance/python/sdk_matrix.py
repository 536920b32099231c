"""Asks for every scene of the matrix with the unmodified official `openai` package, and compares what it gives with what the recording holds.

Usage: sdk_matrix.py FILE
FILE is what scripts/openai-python.ts writes: a list of scenes (conformance/sdk-scenes.ts), each with the `base_url` and `api_key` to ask it at.
Prints a line for each scene that fails and `N passed, N failed`; exits 1 when one failed.
"""

import base64
import hashlib
import json
import sys
import time
import traceback

import openai
from openai import OpenAI

VIDEO_SECONDS_MAX = 15


def arguments(text):
    """Arguments as a client reads them; no arguments are an empty object."""
    if text == "":
        return {}
    try:
        return json.loads(text)
    except ValueError:
        return text


def parts(content):
    """Content that Mistral sends in parts, some of them thoughts, and everybody else as text."""
    if not isinstance(content, list):
        return content or "", ""
    thoughts = [inner["text"] for part in content for inner in part.get("thinking") or []]
    return "".join(part.get("text") or "" for part in content), "".join(thoughts)


def extra(model, *names):
    """The first of the fields that the package's types don't know."""
    return next((value for value in (getattr(model, name, None) for name in names) if value), "")


def counts(usage):
    return usage and {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens}


def chat(client, scene):
    if scene["isStream"]:
        return stream_chat(client, scene)
    reply = client.chat.completions.create(**scene["request"])
    choice = reply.choices[0]
    text, thoughts = parts(choice.message.content)
    calls = []
    for call in choice.message.tool_calls or []:
        if call.type == "custom":
            calls.append({"name": call.custom.name, "arguments": arguments(call.custom.input)})
        else:
            calls.append({"name": call.function.name, "arguments": arguments(call.function.arguments)})
    return {
        "text": text, "refusal": choice.message.refusal or "", "reasoning": extra(choice.message, "reasoning_content", "reasoning") or thoughts,
        "calls": calls, "finish": choice.finish_reason, "usage": counts(reply.usage),
    }


def stream_chat(client, scene):
    seen = {"text": "", "refusal": "", "reasoning": "", "finish": "", "usage": None}
    calls = {}
    for chunk in client.chat.completions.create(**scene["request"]):
        seen["usage"] = counts(chunk.usage) or seen["usage"]
        choice = next((each for each in chunk.choices if each.index == 0), None)
        if choice is None:
            continue
        text, thoughts = parts(choice.delta.content)
        seen["text"] += text
        seen["refusal"] += choice.delta.refusal or ""
        seen["reasoning"] += extra(choice.delta, "reasoning_content", "reasoning") or thoughts
        seen["finish"] = seen["finish"] or choice.finish_reason or ""
        for piece in choice.delta.tool_calls or []:
            call = calls.setdefault(piece.index or 0, {"name": "", "written": ""})
            custom = getattr(piece, "custom", None) or {}
            call["name"] = call["name"] or (piece.function and piece.function.name) or custom.get("name") or ""
            call["written"] += (piece.function and piece.function.arguments) or custom.get("input") or ""
    return seen | {"calls": [{"name": call["name"], "arguments": arguments(call["written"])} for call in calls.values()]}


def respond(client, scene):
    if not scene["isStream"]:
        return answer_of(client.responses.create(**scene["request"]))
    request = {name: value for name, value in scene["request"].items() if name != "stream"}
    with client.responses.stream(**request) as stream:
        events = list(stream)
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        # The package's own helper gives no response that is incomplete.
        answer = answer_of(events[-1].response if events[-1].type == "response.incomplete" else stream.get_final_response())
    assert answer["text"] == text, f"the events say {text!r}, the whole says {answer['text']!r}"
    return answer


def answer_of(response):
    thoughts = ["\n\n".join(part.text for part in [*item.summary, *(item.content or [])]) for item in response.output if item.type == "reasoning"]
    calls = [
        {"name": item.name, "arguments": arguments(item.arguments if item.type == "function_call" else item.input)}
        for item in response.output if item.type in ("function_call", "custom_tool_call")
    ]
    refusals = [part.refusal for item in response.output if item.type == "message" for part in item.content if part.type == "refusal"]
    cause = response.incomplete_details and response.incomplete_details.reason
    return {
        "text": response.output_text, "refusal": "".join(refusals), "reasoning": "\n\n".join(said for said in thoughts if said), "calls": calls,
        "finish": "length" if cause == "max_output_tokens" else cause or ("tool_calls" if calls else "stop"),
        "usage": response.usage and {"prompt": response.usage.input_tokens, "completion": response.usage.output_tokens},
    }


def complete(client, scene):
    reply = client.completions.create(**scene["request"])
    seen = {"text": "", "finish": "", "usage": None}
    for chunk in reply if scene["isStream"] else [reply]:
        seen["usage"] = counts(chunk.usage) or seen["usage"]
        for choice in chunk.choices:
            if choice.index == 0:
                seen["text"] += choice.text
                seen["finish"] = seen["finish"] or choice.finish_reason or ""
    return seen


def embed(client, scene):
    reply = client.embeddings.create(**scene["request"])
    return {"vectors": [[float(f"{value:.6g}") for value in each.embedding] for each in reply.data], "prompt": reply.usage.prompt_tokens}


def files(scene):
    return {field: (name, base64.b64decode(content), kind) for field, (name, content, kind) in scene.get("files", {}).items()}


def draw(ask, scene):
    reply = ask(**scene["request"], **files(scene))
    events = list(reply) if scene["isStream"] else []
    done = [event for event in events if event.type.endswith(".completed")]
    made = [base64.b64decode(each.b64_json) for each in (done if scene["isStream"] else reply.data)]
    usage = done[-1].usage if scene["isStream"] else reply.usage
    return {
        "digests": [hashlib.sha256(image).hexdigest() for image in made], "types": ["image/png" if image[1:4] == b"PNG" else "unknown" for image in made],
        "partials": len(events) - len(done), "output": usage.output_tokens if usage else None,
    }


def transcribe(client, scene):
    reply = client.audio.transcriptions.create(**scene["request"], **files(scene))
    if scene["isStream"]:
        events = list(reply)
        deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
        assert "".join(deltas) == events[-1].text, events[-1]
        return {"text": events[-1].text, "deltas": deltas}
    if isinstance(reply, str):
        return {"text": reply}
    words = [word.word for word in getattr(reply, "words", None) or []]
    return {"text": reply.text, "words": words, "duration": getattr(reply, "duration", None)}


def speak(client, scene):
    with client.audio.speech.with_streaming_response.create(**scene["request"]) as reply:
        body = reply.read()
    kind = reply.headers["content-type"].split(";")[0]
    if scene["isStream"]:
        events = [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: {")]
        body = b"".join(base64.b64decode(event["audio"]) for event in events if "audio" in event)
    return {"type": kind, "digest": hashlib.sha256(body).hexdigest(), "bytes": len(body)}


def film(client, scene):
    made = client.videos.create(**scene["request"])
    video = made
    deadline = time.monotonic() + VIDEO_SECONDS_MAX
    while video.status not in ("completed", "failed") and time.monotonic() < deadline:
        video = client.videos.retrieve(made.id)
        time.sleep(0.05)
    head = client.videos.download_content(made.id).read()[4:8].decode("latin-1")
    listed = made.id in [each.id for each in client.videos.list().data]
    deleted = client.videos.delete(made.id).deleted
    gone = None
    try:
        client.videos.retrieve(made.id)
    except openai.APIStatusError as error:
        gone = error.status_code
    return {"first": made.status, "status": video.status, "progress": video.progress, "head": head, "isListed": listed, "isDeleted": deleted, "gone": gone}


CALLERS = {
    "chat": chat, "responses": respond, "completions": complete, "embeddings": embed, "transcriptions": transcribe, "speech": speak, "videos": film,
    "images": lambda client, scene: draw(client.images.generate, scene), "edits": lambda client, scene: draw(client.images.edit, scene),
}


def check(scene, got):
    """Every field that is expected, and no other way."""
    wrong = {name: (value, got.get(name)) for name, value in scene["expected"].items() if got.get(name) != value}
    assert not wrong, "; ".join(f"{name} is {had!r} and should be {value!r}"[:600] for name, (value, had) in wrong.items())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        scenes = json.load(file)
    clients = {}
    failed = 0
    for scene in scenes:
        where = (scene["baseUrl"], scene["apiKey"])
        client = clients.setdefault(where, OpenAI(base_url=where[0], api_key=where[1], max_retries=0))
        try:
            check(scene, CALLERS[scene["endpoint"]](client, scene))
        except Exception as error:
            failed += 1
            print(f"FAIL  {scene['name']}: {error}")
            if not isinstance(error, AssertionError):
                traceback.print_exc()
    print(f"{len(scenes) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
