"""Reads the answers of a fake endpoint through the official SDKs."""

import sys

import anthropic
import openai
from google import genai
from google.genai import errors, types

URL = sys.argv[1]
ANSWER = "All is well.\nFINAL ANSWER: fine"


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")
    print(f"{what}: {got!r}")


def question(text):
    return [{"role": "user", "content": text}]


def check_openai():
    client = openai.OpenAI(base_url=URL + "/v1", api_key="k", max_retries=0)

    def ask(model):
        text, calls, usage = "", [], None
        for chunk in client.chat.completions.create(
            model=model, messages=question("openai"), stream=True, stream_options={"include_usage": True}
        ):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for call in choice.delta.tool_calls or []:
                    if call.function.name:
                        calls.append([call.function.name, ""])
                    calls[-1][1] += call.function.arguments
        return text, calls, usage

    text, _, usage = ask("m")
    expect("openai text", text, ANSWER)
    expect("openai usage", (usage.prompt_tokens, usage.completion_tokens), (70, 30))
    expect("openai call", ask("unknown-tool")[1], [["teleport", '{"to":"the moon"}']])
    try:
        ask("overflow")
    except openai.BadRequestError as e:
        expect("openai error", "maximum context length" in e.message, True)


def check_anthropic():
    client = anthropic.Anthropic(base_url=URL, api_key="k", max_retries=0)

    def ask(model):
        with client.messages.stream(model=model, max_tokens=99, messages=question("anthropic")) as s:
            return s.get_final_message()

    m = ask("m")
    expect("anthropic text", m.content[0].text, ANSWER)
    u = m.usage
    expect("anthropic usage", (u.input_tokens, u.cache_creation_input_tokens, u.cache_read_input_tokens, u.output_tokens), (10, 20, 40, 30))
    expect("anthropic stop", m.stop_reason, "end_turn")
    m = ask("unknown-tool")
    expect("anthropic call", (m.content[0].name, m.content[0].input, m.stop_reason), ("teleport", {"to": "the moon"}, "tool_use"))
    expect("anthropic refusal", ask("filtered").stop_reason, "refusal")
    for model, kind in (("overflow", anthropic.BadRequestError), ("error-in-stream", anthropic.APIStatusError), ("overloaded", anthropic.APIStatusError)):
        try:
            ask(model)
            sys.exit(f"{model}: no error")
        except kind as e:
            print(f"anthropic {model}: {e.message}")


def check_gemini():
    client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=URL))

    def ask(model):
        return list(client.models.generate_content_stream(model=model, contents="gemini"))

    chunks = ask("m")
    expect("gemini text", "".join(c.text or "" for c in chunks), ANSWER)
    u = chunks[-1].usage_metadata
    expect("gemini usage", (u.prompt_token_count, u.candidates_token_count, u.thoughts_token_count), (70, 20, 10))
    expect("gemini finish", chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)
    part = ask("unknown-tool")[-1].candidates[0].content.parts[0]
    expect("gemini call", (part.function_call.name, part.function_call.args, part.function_call.id, part.thought_signature), ("teleport", {"to": "the moon"}, "a", b"signed"))
    expect("gemini block", ask("filtered")[-1].prompt_feedback.block_reason, types.BlockedReason.PROHIBITED_CONTENT)
    expect("gemini malformed", ask("malformed-arguments")[-1].candidates[0].finish_reason, types.FinishReason.MALFORMED_FUNCTION_CALL)
    try:
        ask("overflow")
        sys.exit("gemini overflow: no error")
    except errors.ClientError as e:
        expect("gemini error", (e.code, e.status), (400, "INVALID_ARGUMENT"))


check_openai()
check_anthropic()
check_gemini()
