"""Makes spans with OpenTelemetry's SDK and checks the traces that ipw-attribute made of them; see check-otlp."""

import json
import os
import sys
import threading
import time

WATTS = 100


def make(tmp):
    from google.protobuf.json_format import MessageToJson
    from openinference.semconv.trace import OpenInferenceSpanKindValues, SpanAttributes
    from opentelemetry.exporter.otlp.json.file import FileSpanExporter
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import SpanKind, Status, StatusCode

    provider = TracerProvider(resource=Resource.create({"service.name": "check", "host.name": "h"}))
    memory = InMemorySpanExporter()
    provider.add_span_processor(BatchSpanProcessor(memory))
    provider.add_span_processor(BatchSpanProcessor(FileSpanExporter(os.path.join(tmp, "lines.jsonl"))))
    tracer = provider.get_tracer("check-otlp", "1")

    def chat(seconds, tokens):
        with tracer.start_as_current_span("chat m", kind=SpanKind.CLIENT) as span:
            span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m",
                                 "gen_ai.usage.input_tokens": tokens, "gen_ai.usage.output_tokens": 7, "gen_ai.response.finish_reasons": ["stop"],
                                 "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "naïve 🙂\n"}]}])})
            time.sleep(seconds)

    def tool(name, seconds, fails=False):
        with tracer.start_as_current_span("execute_tool " + name) as span:
            span.set_attributes({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name})
            time.sleep(seconds)
            if fails:
                span.set_status(Status(StatusCode.ERROR, "no"))

    def agent(n):
        with tracer.start_as_current_span("invoke_agent bob") as span:
            span.set_attributes({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bob", "task": n, "list": ["a", "b"], "yes": True})
            chat(0.05, 10 + n)
            tool("calc", 0.03, fails=n == 1)
            with tracer.start_as_current_span("execute_tool ask") as ask:
                ask.set_attributes({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ask"})
                chat(0.02, 3)
            chat(0.04, 20 + n)

    def inference():
        kind = SpanAttributes.OPENINFERENCE_SPAN_KIND
        with tracer.start_as_current_span("agent", attributes={kind: OpenInferenceSpanKindValues.AGENT.value, SpanAttributes.INPUT_VALUE: "why?"}):
            with tracer.start_as_current_span("ChatCompletion", attributes={kind: OpenInferenceSpanKindValues.LLM.value, SpanAttributes.LLM_TOKEN_COUNT_PROMPT: 5,
                                                                            SpanAttributes.LLM_TOKEN_COUNT_COMPLETION: 7}) as span:
                time.sleep(0.03)
                span.add_event("First Token Stream Event")
                time.sleep(0.02)
            with tracer.start_as_current_span("search", attributes={kind: OpenInferenceSpanKindValues.TOOL.value, SpanAttributes.TOOL_NAME: "search"}):
                time.sleep(0.02)

    start = time.time() - 1
    for n in range(3):
        agent(n)
    inference()
    threads = [threading.Thread(target=agent, args=(n,)) for n in range(3, 6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    provider.shutdown()

    spans = memory.get_finished_spans()
    message = encode_spans(spans)
    write(tmp, "proto.jsonl", MessageToJson(message, indent=None) + "\n")
    write(tmp, "proto-pretty.json", MessageToJson(message))
    write(tmp, "proto-snake.jsonl", MessageToJson(message, indent=None, preserving_proto_field_name=True, use_integers_for_enums=True) + "\n")
    write(tmp, "spans.json", json.dumps([{
        "id": format(s.context.span_id, "016x"), "trace": format(s.context.trace_id, "032x"), "name": s.name, "start": s.start_time // 1000, "end": s.end_time // 1000,
        "parent": format(s.parent.span_id, "016x") if s.parent else None, "attributes": dict(s.attributes), "ok": s.status.status_code != StatusCode.ERROR} for s in spans]))
    base, rows = int(start * 1e6), []
    for i in range(int((time.time() + 1 - start) * 100)):
        rows.append({"t_us": base + i * 10000, "j": [i * WATTS / 100]})
    lines = [{"type": "header", "schema": "ipw.power/1", "host": "h", "t_us": base, "interval_us": 10000,
              "domains": [{"id": "gpu:0", "kind": "gpu", "energy": "counter", "power": "none", "update_us": 10000}]}]
    lines += rows + [{"type": "end", "records": len(rows), "status": "ok"}]
    write(tmp, "power.jsonl", "".join(json.dumps(x) + "\n" for x in lines))


def write(tmp, name, text):
    with open(os.path.join(tmp, name), "w", encoding="utf-8") as f:
        f.write(text)


def near(what, got, want):
    if got is None or abs(got - want) > 1e-6:
        raise SystemExit(f"{what}: {got}, want {want}")


def seconds(span):
    return (span["end"] - span["start"]) / 1e6


def check(tmp, name):
    with open(os.path.join(tmp, "spans.json"), encoding="utf-8") as f:
        spans = json.load(f)
    with open(os.path.join(tmp, "totals.json"), encoding="utf-8") as f:
        totals = json.load(f)
    assert totals["balanced"], totals
    with open(os.path.join(tmp, "traces.jsonl"), encoding="utf-8") as f:
        traces = [json.loads(line) for line in f]
    roots = {s["start"]: s for s in spans if not s["parent"]}
    assert len(traces) == len(roots) == 7, len(traces)
    joules = 0
    for t in traces:
        root = roots.pop(t["start_us"])
        inside = sorted((s for s in spans if s["trace"] == root["trace"]), key=lambda s: s["start"])
        ids = {s["id"]: s for s in inside}
        asks = [s["id"] for s in inside if s["name"] == "execute_tool ask"]
        calls = [s for s in inside if s["name"].startswith("chat") and s["parent"] not in asks or s["name"] == "ChatCompletion"]
        tools = [s for s in inside if s["name"].startswith("execute_tool") or s["name"] == "search"]
        assert t["num_turns"] == len(calls) and t["total_tool_calls"] == len(tools), t["query_id"]
        assert t["host"] == "h" and t["completed"] and t["metadata"]["span_name"] == root["name"]
        near("tokens", t["total_output_tokens"], 7 * (len(calls) + len(asks)))
        near("seconds", t["total_wall_clock_s"], seconds(root))
        got = [x for turn in t["turns"] for x in turn["tools"]]
        for a, b in zip(got, tools):
            assert a["ok"] == b["ok"], b
            near("latency", a["latency_s"], seconds(b))
        if root["name"] == "agent":
            assert t["query_text"] == "why?" and t["turns"][0]["ttft_s"] >= 0.03
        else:
            assert t["agent"] == "bob" and t["query_text"] == "naïve 🙂\n" and t["metadata"]["list"] == ["a", "b"] and t["metadata"]["yes"] is True
            assert t["metadata"]["task"] == root["attributes"]["task"]
        if t["energy"]["share"] == "alone":
            near("joules", t["query_gpu_energy_joules"], WATTS * seconds(root))
            for turn, call in zip(t["turns"], calls):
                near("joules of a call", turn["lm_gpu_energy_joules"], WATTS * seconds(call))
            for a, b in zip(got, tools):
                near("joules of a tool", a["gpu_energy_joules"], WATTS * seconds(b))
        joules += t["query_gpu_energy_joules"]
        assert ids
    open_us, covered = 0, 0
    for s in sorted((s for s in spans if not s["parent"]), key=lambda s: s["start"]):
        open_us += max(0, s["end"] - max(covered, s["start"]))
        covered = max(covered, s["end"])
    near("joules of all", joules, WATTS * open_us / 1e6)
    shared = sum(t["energy"]["share"] == "shared" for t in traces)
    print(f"{name}: {len(spans)} spans, {len(traces)} queries ({shared} at once), {joules:.3f} J as expected")


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    check(*sys.argv[2:])
