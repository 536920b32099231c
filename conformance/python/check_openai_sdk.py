"""Drives the unmodified official `openai` package against a gateway.

Usage: check_openai_sdk.py BASE_URL API_KEY MODEL_PREFIX
MODEL_PREFIX stands before `sandbox/echo`, `sandbox/chat` and the others; it is empty for the gateway itself.
Prints one line per check and `N passed, N failed`; exits 1 when one failed.
"""

import base64
import io
import json
import re
import sys
import time
import traceback
import urllib.request
import wave

import openai
from openai import OpenAI

BASE_URL, API_KEY, PREFIX = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
ECHO, CHAT = PREFIX + "sandbox/echo", PREFIX + "sandbox/chat"
VECTORS = PREFIX + "sandbox/embedding"
HEARS, SPEAKS = PREFIX + "sandbox/transcribe", PREFIX + "sandbox/speech"
CHECKS = []

client = OpenAI(base_url=BASE_URL, api_key=API_KEY, max_retries=0)


def check(function):
    CHECKS.append(function)
    return function


def said(text):
    return [{"role": "user", "content": text}]


def refusal(error_class, call):
    try:
        call()
    except error_class as error:
        assert re.fullmatch(r"req_[0-9a-f]{32}", error.request_id or ""), error.request_id
        return error
    raise AssertionError(f"{error_class.__name__} was not raised")


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "celsius": {"type": "number"}},
    "required": ["city", "celsius"],
    "additionalProperties": False,
}


@check
def lists_models():
    names = [model.id for model in client.models.list()]
    assert ECHO in names and CHAT in names, names[:5]


@check
def retrieves_a_model_with_slashes():
    model = client.models.retrieve("google/gemini-2.5-flash")
    assert model.id == "google/gemini-2.5-flash" and model.object == "model"
    assert client.models.retrieve(ECHO).object == "model"


@check
def chats():
    reply = client.chat.completions.create(model=ECHO, messages=said("Reply with exactly: Grüße, 世界 🙂"))
    assert reply.choices[0].message.content == "Grüße, 世界 🙂"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert re.fullmatch(r"req_[0-9a-f]{32}", reply._request_id)


@check
def streams():
    pieces = []
    for chunk in client.chat.completions.create(model=ECHO, messages=said("Reply with exactly: one two three four"), stream=True):
        assert chunk.usage is None
        pieces += [chunk.choices[0].delta.content or ""]
    assert "".join(pieces) == "one two three four", pieces
    assert len(pieces) > 3


@check
def streams_usage_when_asked():
    whole = client.chat.completions.create(model=CHAT, messages=said("Count from 1 to 7."))
    stream = client.chat.completions.create(
        model=CHAT, messages=said("Count from 1 to 7."), stream=True, stream_options={"include_usage": True}
    )
    usages = [chunk.usage for chunk in stream if chunk.usage]
    assert usages == [whole.usage], usages


@check
def calls_a_forced_tool():
    reply = client.chat.completions.create(
        model=CHAT, messages=said("How warm is it in Paris?"), tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    )
    call = reply.choices[0].message.tool_calls[0]
    assert reply.choices[0].finish_reason == "tool_calls" and call.function.name == "get_weather"
    given = json.loads(call.function.arguments)
    assert isinstance(given["city"], str) and isinstance(given["days"], int), given


@check
def answers_from_a_tool_result():
    first = client.chat.completions.create(model=CHAT, messages=said("How warm?"), tools=[TOOL], tool_choice="required")
    call = first.choices[0].message.tool_calls[0]
    messages = said("How warm?") + [
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"},
    ]
    reply = client.chat.completions.create(model=CHAT, messages=messages, tools=[TOOL])
    assert "21 degrees" in reply.choices[0].message.content, reply.choices[0].message


@check
def streams_tool_arguments():
    with client.chat.completions.stream(model=CHAT, messages=said("How warm is it?"), tools=[TOOL | {
        "function": TOOL["function"] | {"strict": True}}], tool_choice="required") as stream:
        deltas = [event.arguments_delta for event in stream if event.type == "tool_calls.function.arguments.delta"]
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert "".join(deltas) == call.function.arguments and len(deltas) > 1, deltas
    json.loads(call.function.arguments)


@check
def answers_in_structure():
    reply = client.chat.completions.create(
        model=CHAT, messages=said("How warm is it in Rome?"),
        response_format={"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": SCHEMA}},
    )
    value = json.loads(reply.choices[0].message.content)
    assert set(value) == {"city", "celsius"} and isinstance(value["celsius"], (int, float)), value


@check
def parses_structure_into_a_class():
    from pydantic import BaseModel

    class Weather(BaseModel):
        city: str
        celsius: float

    reply = client.chat.completions.parse(model=CHAT, messages=said("How warm is it in Rome?"), response_format=Weather)
    assert isinstance(reply.choices[0].message.parsed, Weather)


def recording(seconds):
    """A WAV of silence: 16 bits, 16 kHz, mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(b"\0" * int(seconds * 32000))
    return "speech.wav", file.getvalue(), "audio/wav"


HEARD = "A WAV of 2.5 seconds, 16000 Hz, mono."


@check
def transcribes_in_every_format():
    plain = client.audio.transcriptions.create(model=HEARS, file=recording(2.5), include=["logprobs"])
    assert plain.text == HEARD and "".join(entry.token for entry in plain.logprobs) == HEARD, plain
    assert plain.usage.type == "tokens" and plain.usage.input_token_details.audio_tokens == 25, plain.usage
    verbose = client.audio.transcriptions.create(
        model=HEARS, file=recording(2.5), response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert verbose.duration == 2.5 and verbose.segments[0].text == HEARD and verbose.words[-1].end == 2.5, verbose
    assert client.audio.transcriptions.create(model=HEARS, file=recording(2.5), response_format="text") == HEARD + "\n"
    assert client.audio.transcriptions.create(model=HEARS, file=recording(2.5), response_format="vtt").startswith("WEBVTT\n\n")


@check
def streams_a_transcription():
    events = list(client.audio.transcriptions.create(model=HEARS, file=recording(2.5), stream=True))
    assert "".join(event.delta for event in events[:-1]) == HEARD, events
    assert events[-1].type == "transcript.text.done" and events[-1].text == HEARD, events[-1]


@check
def speaks():
    with client.audio.speech.with_streaming_response.create(model=SPEAKS, voice="alloy", input="Hello", response_format="wav") as reply:
        sound = reply.read()
    assert reply.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(sound)) as heard:
        assert (heard.getnchannels(), heard.getsampwidth(), heard.getframerate(), heard.getnframes()) == (1, 2, 24000, 2400)


IMAGE = PREFIX + "sandbox/image"


@check
def draws_an_image_and_fetches_it():
    made = client.images.generate(model=IMAGE, prompt="A red bicycle", size="256x256", quality="low")
    png = base64.b64decode(made.data[0].b64_json)
    assert png.startswith(b"\x89PNG") and made.usage.output_tokens == 272, made.usage
    linked = client.images.generate(model=IMAGE, prompt="A red bicycle", size="256x256", quality="low", response_format="url")
    assert linked.data[0].b64_json is None and linked.data[0].url.endswith("/content"), linked
    with urllib.request.urlopen(urllib.request.Request(linked.data[0].url, headers={"authorization": f"Bearer {API_KEY}"})) as kept:
        assert kept.read() == png and kept.headers["content-type"] == "image/png"


@check
def draws_in_steps_and_edits():
    events = list(client.images.generate(model=IMAGE, prompt="A red bicycle", size="256x256", stream=True, partial_images=2))
    assert [event.type.split(".")[1] for event in events] == ["partial_image", "partial_image", "completed"], events
    drawn = ("bicycle.png", base64.b64decode(events[-1].b64_json), "image/png")
    edited = client.images.edit(model=IMAGE, image=[drawn, drawn], mask=drawn, prompt="Add an umbrella")
    assert edited.size == "256x256" and edited.data[0].b64_json != events[-1].b64_json, edited.size


@check
def raises_on_an_image_that_is_none():
    error = refusal(openai.BadRequestError, lambda: client.images.edit(model=IMAGE, image=("a.png", b"<html>", "image/png"), prompt="x"))
    assert error.code == "invalid_request" and error.param == "image", (error.code, error.param)


@check
def makes_a_video():
    frame = ("frame.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "image/png")
    video = client.videos.create(model=PREFIX + "sandbox/video", prompt="A paper boat.", seconds="4", size="1280x720", input_reference=frame)
    assert video.object == "video" and video.status == "queued" and video.seconds == "4", video
    for _ in range(200):
        video = client.videos.retrieve(video.id)
        if video.status in ("completed", "failed"):
            break
        time.sleep(0.1)
    assert video.status == "completed" and video.progress == 100, video
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert video.id in [each.id for each in client.videos.list().data]
    assert client.videos.delete(video.id).deleted
    assert refusal(openai.NotFoundError, lambda: client.videos.retrieve(video.id)).code == "video_not_found"


@check
def raises_on_a_file_that_is_no_audio():
    error = refusal(openai.BadRequestError, lambda: client.audio.transcriptions.create(model=HEARS, file=("a.wav", b"hello", "audio/wav")))
    assert error.code == "invalid_request" and error.param == "file", (error.code, error.param)


@check
def raises_authentication_error():
    error = refusal(openai.AuthenticationError, lambda: OpenAI(base_url=BASE_URL, api_key="junk", max_retries=0).models.list())
    assert error.code == "invalid_api_key", error.code


@check
def raises_not_found_error():
    error = refusal(openai.NotFoundError, lambda: client.chat.completions.create(model="nobody/nothing", messages=said("Hi")))
    assert error.code == "model_not_found", error.code


@check
def raises_bad_request_error():
    error = refusal(openai.BadRequestError, lambda: client.chat.completions.create(model=ECHO, messages=said("Hi"), temperature=9))
    assert error.code == "invalid_request" and error.param == "temperature", (error.code, error.param)


@check
def raises_rate_limit_error_with_retry_after():
    error = refusal(openai.RateLimitError, lambda: client.chat.completions.create(
        model=CHAT, messages=said("Hi"), extra_body={"sandbox": {"fail_status": 429, "retry_after": 7}}))
    assert error.response.headers["retry-after"] == "7"


@check
def raises_internal_server_error():
    error = refusal(openai.InternalServerError, lambda: client.chat.completions.create(
        model=CHAT, messages=said("Hi"), extra_body={"sandbox": {"fail_status": 500}}))
    assert error.status_code == 502


@check
def a_dying_stream_raises():
    stream = client.chat.completions.create(
        model=CHAT, messages=said("Count from 1 to 50."), stream=True, extra_body={"sandbox": {"die_after_events": 3}})
    finishes = []
    try:
        for chunk in stream:
            finishes.append(chunk.choices[0].finish_reason)
    except openai.APIError as error:
        assert error.code == "upstream_stream_failed", error.code
        assert finishes and not any(finishes), finishes
        return
    raise AssertionError("the stream ended as if it were whole")


@check
def completes_a_prompt():
    reply = client.completions.create(model=CHAT, prompt=["Reply with exactly: HELLO"], n=2, logprobs=2)
    assert reply.object == "text_completion" and [choice.text for choice in reply.choices] == ["HELLO", "HELLO"], reply
    assert "".join(reply.choices[0].logprobs.tokens) == "HELLO", reply.choices[0].logprobs
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


@check
def streams_a_completion():
    stream = client.completions.create(
        model=CHAT, prompt="Reply with exactly: one two three", echo=True, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == "Reply with exactly: one two threeone two three", chunks
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [bool(chunk.usage) for chunk in chunks].count(True) == 1 and chunks[-1].usage.total_tokens > 0


@check
def refuses_a_suffix():
    error = refusal(openai.BadRequestError, lambda: client.completions.create(model=CHAT, prompt="x", suffix="y"))
    assert error.code == "unsupported_field" and error.param == "suffix", (error.code, error.param)


@check
def makes_vectors():
    # The package asks for base64 unless it is told otherwise, and gives numbers either way.
    packed = client.embeddings.create(model=VECTORS, input=["a cat", "a dog"], dimensions=16)
    plain = client.embeddings.create(model=VECTORS, input=["a cat", "a dog"], dimensions=16, encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.index == other.index and len(one.embedding) == 16
        assert all(abs(left - right) < 1e-6 for left, right in zip(one.embedding, other.embedding, strict=True))
    assert abs(sum(value * value for value in plain.data[0].embedding) - 1) < 1e-4
    assert plain.usage.prompt_tokens == plain.usage.total_tokens == 4, plain.usage


@check
def makes_vectors_of_tokens():
    reply = client.embeddings.create(model=VECTORS, input=[[1, 2, 3], [4]], dimensions=4)
    assert len(reply.data) == 2 and reply.usage.prompt_tokens == 4, reply.usage


@check
def refuses_an_empty_input():
    error = refusal(openai.BadRequestError, lambda: client.embeddings.create(model=VECTORS, input=""))
    assert error.code == "invalid_request" and error.param == "input", (error.code, error.param)


FLAT_TOOL = {"type": "function", "strict": False, **TOOL["function"]}


@check
def answers_item_by_item():
    first = client.responses.create(model=ECHO, input="Reply with exactly: first", metadata={"ticket": "7"})
    assert first.output_text == "first" and first.status == "completed" and first.metadata == {"ticket": "7"}, first
    assert first.usage.total_tokens == first.usage.input_tokens + first.usage.output_tokens
    assert client.responses.retrieve(first.id).output == first.output
    second = client.responses.create(model=ECHO, input="Reply with exactly: second", previous_response_id=first.id)
    assert second.output_text == "second" and second.usage.input_tokens > first.usage.input_tokens
    items = list(client.responses.input_items.list(second.id))
    assert [item.content[0].text for item in items] == ["Reply with exactly: second"], items
    client.responses.delete(first.id)
    assert refusal(openai.NotFoundError, lambda: client.responses.retrieve(first.id)).code == "response_not_found"


@check
def goes_round_with_a_tool():
    history = [{"role": "user", "content": "What is the weather in Paris?"}]
    options = {"model": CHAT, "tools": [FLAT_TOOL], "store": False, "include": ["reasoning.encrypted_content"]}
    first = client.responses.create(input=history, tool_choice="required", **options)
    call = next(item for item in first.output if item.type == "function_call")
    assert set(json.loads(call.arguments)) == {"city", "days"}, call
    history += [item.to_dict() for item in first.output]
    history.append({"type": "function_call_output", "call_id": call.call_id, "output": "12 degrees"})
    assert "12 degrees" in client.responses.create(input=history, **options).output_text


@check
def streams_an_answer_item_by_item():
    with client.responses.stream(model=ECHO, input="Reply with exactly: one two") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert final.output_text == "one two", final
    assert [event.sequence_number for event in events if hasattr(event, "sequence_number")] == list(range(len(events))), events
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]


failed = 0
for function in CHECKS:
    name = function.__name__.replace("_", " ")
    try:
        function()
        print(f"ok    {name}")
    except Exception:
        failed += 1
        print(f"FAIL  {name}")
        traceback.print_exc()
print(f"{len(CHECKS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
