"""The witness of scripts/real-model and scripts/real-resume: a proxy that notes what a model server
says of itself, and a comparison of that with the traces of a run.

    real-model.py proxy PLAIN TOOLS CALLS   prints its own URL, then serves
    real-model.py check RUN CALLS JUDGED    exits 1 if a trace differs
    real-model.py resumed N CALLS EVENTS [TRACES]   exits 1 if one of N queries is lost, doubled or miscounted

PLAIN is the server with the model's own chat template, TOOLS one with a template
under which it can be made to call tools.

The proxy makes requests fit for so small a model, which calls no tool of its own
accord and may never end an answer. In the first turn of an agent it must call a
tool, with short arguments; later it is offered none. A judge's verdict is held
to its form. No answer is longer than LONGEST tokens. What it then says, and
what the server counts, is its own.
"""

import http.client
import json
import statistics
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


LONGEST = 192


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def proxy(plain, tools, calls_path):
    calls = open(calls_path, "w", buffering=1)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            self.forward(None)

        def do_POST(self):
            self.forward(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def forward(self, body):
            body, upstream = tamed(body, plain, tools)
            start = time.time()
            up = http.client.HTTPConnection(urllib.parse.urlparse(upstream).netloc)
            headers = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept", "authorization")}
            up.request(self.command, self.path, body, headers)
            answer = up.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            call = {"status": answer.status, "start": start, "first": None, "usage": None, "tools": [], "finish": None}
            try:
                while line := answer.readline():
                    self.note(call, line)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            except ConnectionError:  # the client had all it wanted
                self.close_connection = True
            if body is not None:
                with lock:
                    calls.write(json.dumps(call) + "\n")

        @staticmethod
        def note(call, line):
            if not line.startswith(b"data: {"):
                return
            chunk = json.loads(line[6:])
            call["usage"] = chunk.get("usage") or call["usage"]
            for choice in chunk.get("choices", []):
                delta = choice.get("delta", {})
                said = delta.get("content") or delta.get("reasoning_content") or delta.get("tool_calls")
                if said and call["first"] is None:
                    call["first"] = time.time()
                for tool in delta.get("tool_calls") or []:
                    if tool.get("id"):
                        call["tools"].append(tool["function"]["name"])
                call["finish"] = choice.get("finish_reason") or call["finish"]

    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def tamed(body, plain, tools):
    """The request as the model gets it, and the server that does."""
    upstream = plain
    if body is None:
        return None, upstream
    request = json.loads(body)
    request["max_tokens"] = min(request.get("max_tokens") or LONGEST, LONGEST)
    if any(m["role"] == "tool" for m in request["messages"]):
        request.pop("tools", None)
    if request.get("tools"):
        upstream = tools
        request["tool_choice"] = "required"
        for tool in request["tools"]:
            for field in tool["function"]["parameters"]["properties"].values():
                if field.get("type") == "string":
                    field["maxLength"] = 40
    if request.get("response_format"):
        request["response_format"] = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": VERDICT}}
    return json.dumps(request).encode(), upstream


VERDICT = {
    "type": "object",
    "properties": {"explanation": {"type": "string", "maxLength": 80}, "correct": {"type": "boolean"}},
    "required": ["explanation", "correct"],
}


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


def check(run, calls_path, judged_path):
    calls = lines(calls_path)
    good = [c for c in calls if c["status"] == 200]
    traces = lines(f"{run}/traces.jsonl")
    events = lines(f"{run}/events.jsonl")
    ends = [e for e in events if e.get("type") == "lm_inference_end"]
    turns = [t for q in traces for t in q["turns"]]
    wrong = []

    def same(what, here, there):
        if here != there:
            wrong.append(f"{what}: {here} in the run, {there} at the server")

    # No query lost: every task of the data set once, none without an end.
    asked = {e["query"] for e in events if e.get("type") == "query_start"}
    same("queries", len({q["query_id"] for q in traces}), len(asked))
    same("traces", len(traces), len(asked))

    # Tokens, call by call and turn by turn, are the server's own.
    told = sorted((c["usage"]["prompt_tokens"], c["usage"]["completion_tokens"]) for c in good if c["usage"])
    same("calls with usage", len(told), len(good))
    same("tokens of calls", sorted((e.get("input_tokens"), e.get("output_tokens")) for e in ends if not e.get("error")), told)
    same("input tokens of turns", sum(t["input_tokens"] or 0 for t in turns), sum(i for i, _ in told))
    same("output tokens of turns", sum(t["output_tokens"] or 0 for t in turns), sum(o for _, o in told))
    same("estimated token counts", sum(1 for e in ends if e.get("tokens_estimated")), 0)

    # Turns are calls, tool calls are those that the model asked for.
    same("turns", len(turns), len({(e["query"], e["turn"]) for e in ends}))
    same("tool calls", sum(q["total_tool_calls"] for q in traces), sum(len(c["tools"]) for c in good))
    same("tools", sorted(t["name"] for x in turns for t in x["tools"]), sorted(n for c in good for n in c["tools"]))

    # First tokens: as the proxy saw them, but for its own few milliseconds.
    theirs = sorted(c["first"] - c["start"] for c in good if c["first"])
    ours = sorted(t["ttft_s"] for t in turns if t["ttft_s"] is not None)
    same("calls with a first token", len(ours), len(theirs))
    far = max((abs(a - b) for a, b in zip(ours, theirs)), default=0)
    if far > 0.1:
        wrong.append(f"first-token times: up to {far:.3f} s from the proxy's")

    # The judge's tokens are the server's own too.
    judged = sorted((c["usage"]["prompt_tokens"], c["usage"]["completion_tokens"]) for c in lines(judged_path) if c["status"] == 200 and c["usage"])
    asked = [q["score_metadata"] for q in traces if q["score_metadata"].get("input_tokens") is not None]
    same("tokens of verdicts", sorted((m["input_tokens"], m["output_tokens"]) for m in asked), judged)

    scored = [q for q in traces if q["is_resolved"] is not None]
    with open(f"{run}/summary.json") as f:
        summary = json.load(f)
    print(f"{len(traces)} queries, {len(turns)} turns, {len(calls)} calls ({len(calls) - len(good)} refused), "
          f"{sum(q['total_tool_calls'] for q in traces)} tool calls")
    print(f"tokens: {sum(i for i, _ in told)} in, {sum(o for _, o in told)} out, as the server counted")
    if ours:
        print(f"first token: median {statistics.median(ours):.3f} s, longest {max(ours):.3f} s, at most {far * 1000:.1f} ms from the proxy's")
    print(f"judge: {len(judged)} calls, {sum(i for i, _ in judged)} tokens in, {sum(o for _, o in judged)} out")
    print(f"scored {len(scored)}, right {sum(q['is_resolved'] for q in scored)}, balance {'closes' if summary['balance']['balanced'] else 'does not close'}")
    for w in wrong:
        print("WRONG " + w)
    print("traces agree with the server" if not wrong else f"{len(wrong)} differences")
    return 1 if wrong else 0


def resumed(n, calls_path, events_path, traces_path=None):
    """A run that was killed and went on, against the calls that the server saw."""
    n = int(n)
    wrong = []
    events = []
    for line in open(events_path):
        try:
            events.append(json.loads(line))
        except ValueError:
            wrong.append(f"no JSON in the stream: {line[:60]!r}")
    starts = [(e["query"], e["attempt"]) for e in events if e.get("type") == "query_start"]
    ends = [e for e in events if e.get("type") == "query_end"]
    done = [e["query"] for e in ends if e["reason"] in ("finished", "max_turns")]
    if len(set(starts)) != len(starts):
        wrong.append("an attempt begins twice")
    if sorted(done) != sorted({q for q, _ in starts}) or len(done) != n:
        wrong.append(f"{len(done)} queries were finished, {len(set(done))} different ones of {n}")

    # What a call counts is what the server counted. The server may have counted
    # calls whose end the killed process did not live to write.
    told = [(c["usage"]["prompt_tokens"], c["usage"]["completion_tokens"]) for c in lines(calls_path) if c["usage"]]
    counted = [(e["input_tokens"], e["output_tokens"]) for e in events if e.get("type") == "lm_inference_end" and not e.get("error")]
    rest = list(told)
    for tokens in counted:
        if tokens in rest:
            rest.remove(tokens)
        else:
            wrong.append(f"the server knows no call of {tokens} tokens")
    began = {e["span"] for e in events if e.get("type") == "lm_inference_start"}
    over = {e["span"] for e in events if e.get("type") == "lm_inference_end"}
    if len(rest) > len(began - over):
        wrong.append(f"{len(rest)} calls of the server are in no record, {len(began - over)} were cut")
    segments = sum(1 for e in events if e.get("type") == "header")
    print(f"{len(starts)} attempts at {len(set(done))} queries in {segments} segments, {len(began)} calls, {len(began - over)} of them cut by the kill")
    print(f"tokens: {sum(i for i, _ in counted)} in, {sum(o for _, o in counted)} out, call by call as the server counted; {len(rest)} calls counted there only")

    if traces_path:
        traces = lines(traces_path)
        if sorted(q["query_id"] for q in traces) != sorted(set(done)):
            wrong.append(f"{len(traces)} traces of {len(set(done))} queries")
        valid = {(e["query"], e["attempt"]) for e in ends if e["reason"] in ("finished", "max_turns")}
        mine = [e for e in events if e.get("type") == "lm_inference_end" and (e["query"], e["attempt"]) in valid]
        for key, total in ("input_tokens", "total_input_tokens"), ("output_tokens", "total_output_tokens"):
            here, there = sum(q[total] for q in traces), sum(e[key] for e in mine)
            if here != there:
                wrong.append(f"{total}: {here} in the traces, {there} in the events")
        before = sum(q["attempt_cpu_energy_joules"] or 0 for q in traces)
        print(f"{len(traces)} traces, {before:.3f} J of earlier attempts kept")
    for w in wrong:
        print("WRONG " + w)
    print("nothing lost, nothing doubled" if not wrong else f"{len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    sys.exit({"proxy": proxy, "check": check, "resumed": resumed}[command](*rest))
