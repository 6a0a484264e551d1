"""Makes traces and checks the data sets that ipw-export made of them; see check-hf."""

import glob
import json
import os
import sys


def energy(measured):
    if not measured:
        return {"basis": [], "method": "none", "share": None, "share_rule": "active", "sharers": {}, "coverage": None,
                "samples": None, "uncertainty_joules": {}, "uncertainty_kind": {}, "below_resolution": None,
                "by_domain": {}, "partial": [], "missing": {"gpu": "no power stream"}}
    return {"basis": ["gpu", "cpu"], "method": "counter", "share": "shared", "share_rule": "active",
            "sharers": {"gpu": 3.2, "cpu": 4}, "coverage": 0.99, "samples": 40,
            "uncertainty_joules": {"gpu": 0.5, "cpu": None}, "uncertainty_kind": {"gpu": "bound", "cpu": "none"},
            "below_resolution": False, "by_domain": {"gpu:0": 12.500000001, "cpu:0": None}, "partial": ["total_gpu_energy_joules"],
            "missing": {}}


def trace(i, measured):
    joules = round(i * 1.000000001, 9) if measured else None
    turns = [{
        "turn_index": t, "input_tokens": 310 + t, "output_tokens": 25, "tools_called": ["search", "search"],
        "tool_latencies_s": {"search": 0.25, "search#2": 0.5}, "wall_clock_s": 1.5, "gpu_energy_joules": joules,
        "start_us": 1763884800000000 + i, "end_us": 1763884801000000, "energy": energy(measured),
        "tools": [{"name": "search", "span": "s1", "latency_s": 0.25, "gpu_energy_joules": joules, "cpu_energy_joules": None,
                   "ok": True, "error": None, "result_tokens": 3, "uncertainty_joules": {"gpu": 0.1}}],
        "has_parallel_tools": True} for t in range(i % 4)]
    return {"schema": "ipw.trace/1", "query_id": f"q{i:04d}", "workload_type": "demo", "query_text": "naïve\x00 ∑ 🙂\n",
            "response_text": "42", "turns": turns, "total_wall_clock_s": 1.5, "completed": True, "timed_out": False,
            "metadata": {"level": 3, "text": "\u0085"}, "run": "run_a@1", "start_us": 1763884800000000 + i, "num_turns": len(turns),
            "query_gpu_energy_joules": joules, "total_input_tokens": 9007199254740993, "accuracy_score": 1.0 if i % 2 else None,
            "energy": energy(measured)}


def make(tmp):
    run = os.path.join(tmp, "run")
    os.makedirs(run)
    traces = [trace(i, True) for i in range(2050)]  # three batches in one shard
    with open(os.path.join(run, "traces.jsonl"), "w") as f:
        f.writelines(json.dumps(t) + "\n" for t in [{**traces[7], "response_text": "an earlier attempt"}] + traces)
    with open(os.path.join(run, "power.jsonl"), "w") as f:
        f.write('{"type":"header","schema":"ipw.power/1","host":"n1","t_us":1,"domains":[{"id":"gpu:0","kind":"gpu",'
                '"name":"NVIDIA H100 80GB HBM3","energy":"counter","power":"instant"}]}\n{"type":"end","records":0,"status":"ok"}\n')
    with open(os.path.join(run, "events.jsonl"), "w") as f:
        f.write('{"type":"header","schema":"ipw.events/1","run":"run_a@1","t_us":1,"config":{"max_turns":20}}\n')
    with open(os.path.join(tmp, "cloud.jsonl"), "w") as f:
        f.writelines(json.dumps(trace(i, False)) + "\n" for i in range(5))
    open(os.path.join(tmp, "none.jsonl"), "w").close()


def plain(v):
    """Turns the pairs that a map became back into a map."""
    if isinstance(v, list) and v and isinstance(v[0], dict) and set(v[0]) == {"key", "value"}:
        return {e["key"]: e["value"] for e in v}
    return v


def same(row, want):
    """Every scalar of a trace stands in the row as it is."""
    for key, value in want.items():
        if key == "turns":
            assert len(row["turns"]) == len(value), (len(row["turns"]), len(value))
            for got, turn in zip(row["turns"], value):
                same(got, turn)
        elif key == "tools":
            for got, tool in zip(row["tools"], value):
                same(got, {k: v for k, v in tool.items() if k != "uncertainty_joules"})
                assert got["uncertainty_gpu_joules"] == tool["uncertainty_joules"].get("gpu")
        elif key == "energy":
            for k, v in value["uncertainty_joules"].items():
                assert row[f"energy_uncertainty_{k}_joules"] == v, k
                assert row[f"energy_uncertainty_{k}_kind"] == value["uncertainty_kind"][k], k
            for k, v in value.items():
                if not k.startswith("uncertainty"):
                    got = plain(row["energy_" + k])
                    assert got == v or not got and not v, (k, got, v)
        elif key == "metadata":
            assert json.loads(row[key]) == value, key
        else:
            assert plain(row[key]) == value, (key, row[key], value)


def load(tmp):
    import datasets
    datasets.disable_progress_bars() if hasattr(datasets, "disable_progress_bars") else None
    print("datasets", datasets.__version__)
    found = {os.path.basename(d): datasets.load_from_disk(d)
             for d in sorted(glob.glob(os.path.join(tmp, "*"))) if os.path.exists(os.path.join(d, "state.json"))}
    features = found["four"].features
    for name, d in found.items():
        assert d.features == features, name + ": other features"
        for batch in (d.select(range(min(5, len(d)))) if len(d) else d, d):  # some rows, all rows
            frame = batch.to_pandas()
            assert list(frame.columns) == list(features) and len(frame) == len(batch)
        print(f"{name}: {len(d)} rows, {len(d.features)} columns, {len(d.cache_files)} files")
    four, cloud, none = found["four"], found["cloud"], found["none"]
    assert (len(four), len(found["run"]), len(cloud), len(none), len(found["none3"])) == (2050, 2050, 5, 0, 0)
    assert len(four.cache_files) == 4
    assert set(four.unique("gpu_name")) == {"NVIDIA H100 80GB HBM3"} and four[0]["config"] == '{"max_turns":20}'
    assert cloud.unique("gpu_name") == [None] and cloud.unique("query_gpu_energy_joules") == [None]
    by_id = {row["query_id"]: row for row in four}
    for i in range(2050):
        want = trace(i, True)
        same(by_id[want["query_id"]], want)
        assert json.loads(by_id[want["query_id"]]["trace_json"])["turns"] == want["turns"]
    for i, row in enumerate(cloud):
        same(row, trace(i, False))
    frame = four.to_pandas()
    assert str(frame["query_gpu_energy_joules"].dtype) == "float64" and str(frame["num_turns"].dtype) == "int64"
    assert abs(frame["query_gpu_energy_joules"].sum() - 1.000000001 * sum(range(2050))) < 1e-3
    assert frame["turns"][3][0]["tools"][0]["name"] == "search"
    right = four.filter(lambda row: row["accuracy_score"] == 1.0)
    assert len(right) == 1025, len(right)
    counted = four.map(lambda row: {"calls": sum(len(t["tools"]) for t in row["turns"])})
    assert sum(counted["calls"]) == sum(len(trace(i, True)["turns"]) for i in range(2050))
    both = datasets.concatenate_datasets([four, cloud, none])
    assert len(both) == 2055 and both.features == features
    print("all values as in the traces; filter, map, to_pandas and concatenate_datasets work")


if __name__ == "__main__":
    {"traces": make, "load": load}[sys.argv[1]](sys.argv[2])
