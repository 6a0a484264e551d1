// The parts of scripts/check-mcp that are no shell: the model, the tasks, and
// what must be in the messages afterwards.
const fs = require("fs");
const http = require("http");
const { execSync } = require("child_process");

// Every task is a list of [tool, arguments, what its result must hold].
function tasks(files) {
  const calls = {
    echo: [["every__echo", { message: "hello" }, "hello"]],
    sum: [["every__get-sum", { a: 2, b: 40 }, "42"]],
    wrong: [["every__get-sum", { a: "two" }, "error"]],
    image: [["every__get-tiny-image", {}, "an image, image/png"]],
    structured: [["every__get-structured-content", { location: "New York" }, "temperature"]],
    resource: [["every__get-resource-reference", { resourceType: "Text", resourceId: 1 }, "[resource "]],
    environment: [["every__get-env", {}, "PATH"]],
    patient: [["every__trigger-long-running-operation", { duration: 8, steps: 8 }, "completed"]],
    late: [["every__trigger-long-running-operation", { duration: 60, steps: 1 }, "no answer within 5s"]],
    web: [["web__echo", { message: "over HTTP" }, "over HTTP"], ["web__get-sum", { a: 1, b: 1 }, "2"]],
    old: [["old__echo", { message: "over SSE" }, "over SSE"]],
    read: [["files__read_text_file", { path: files + "/lighthouse.txt" }, "forty-six metres"]],
    write: [
      ["files__write_file", { path: files + "/new.txt", content: "made" }, "rote to"],
      ["files__list_directory", { path: files }, "new.txt"],
    ],
    outside: [["files__read_text_file", { path: "/etc/passwd" }, "denied"]],
    killed: [["KILL", {}, ""], ["files__list_directory", { path: files }, "lighthouse.txt"]],
    missing: [["files__nosuch", {}, "unknown tool"]],
  };
  for (const [id, list] of Object.entries(calls)) {
    console.log(JSON.stringify({ id, problem: JSON.stringify(list), answer: "done", metadata: { files } }));
  }
}

// The model makes the calls of its task one by one.
function model() {
  const server = http.createServer((req, res) => {
    let body = "";
    req.on("data", (d) => (body += d));
    req.on("end", () => {
      const { messages } = JSON.parse(body);
      const list = JSON.parse(messages.find((m) => m.role === "user").content);
      let calls = list;
      if (list[0][0] === "KILL") {
        if (!messages.some((m) => m.role === "tool")) execSync(`pkill -KILL -f '[m]cp-server-filesystem ${list[1][1].path}'; sleep 1`);
        calls = list.slice(1);
      }
      const next = calls[messages.filter((m) => m.role === "tool").length];
      const delta = next
        ? { tool_calls: [{ index: 0, id: "c" + messages.length, type: "function", function: { name: next[0], arguments: JSON.stringify(next[1]) } }] }
        : { content: "FINAL ANSWER: done" };
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      const send = (o) => res.write("data: " + JSON.stringify({ id: "x", object: "chat.completion.chunk", ...o }) + "\n\n");
      send({ choices: [{ index: 0, delta }] });
      send({ choices: [{ index: 0, delta: {}, finish_reason: next ? "tool_calls" : "stop" }] });
      send({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
      res.end("data: [DONE]\n\n");
    });
  });
  server.listen(0, "127.0.0.1", () => fs.writeSync(1, server.address().port + ""));
}

// Every result must hold what its call was made for, and no server a key.
function check(work) {
  let wrong = 0;
  const lines = (f) => fs.readFileSync(f, "utf8").trim().split("\n").map((l) => JSON.parse(l));
  for (const task of lines(work + "/tasks.jsonl")) {
    const want = JSON.parse(task.problem).filter((c) => c[0] !== "KILL");
    const got = lines(`${work}/artifacts/${task.id}/messages.jsonl`).filter((m) => m.role === "tool");
    want.forEach(([tool, , text], i) => {
      const result = got[i] ? got[i].content : "(no result)";
      const ok = result.includes(text) && !result.includes("sk-not-for-servers");
      if (!ok) wrong++;
      console.log(`${ok ? "ok   " : "WRONG"} ${task.id}: ${tool}: ${result.slice(0, 110).replace(/\s+/g, " ")}`);
    });
  }
  const header = lines(work + "/events.jsonl")[0];
  console.log(`${header.config.mcp_tools.length} tools of ${header.config.mcp.join(", ")}`);
  process.exit(wrong ? 1 : 0);
}

const [what, arg] = process.argv.slice(2);
({ model, tasks, check })[what](arg);
