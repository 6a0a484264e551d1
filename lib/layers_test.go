// Package lib holds no code of its own: its test is the direction in which the
// packages below may depend on each other.
package lib

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// level of every package: it may import packages of lower levels only. A new
// package gets a line here, as low as it can stand.
var level = map[string]int{
	"unit": 0, "clock": 0, "stream": 0, "stats": 0, "price": 0, "dataset/demo": 0, "llm/builtin": 0, "swebench": 0, "sensor/nvml/quietcall": 0,

	"power": 1, "event": 1, "trace": 1, "retrieval": 1, "llm": 1, "cli": 1, "terminalbench": 1, "sandbox": 1,

	"sensor": 2, "attribute": 2, "column": 2, "efficiency": 2, "source": 2, "tool": 2, "llm/spoken": 2, "dataset": 2, "foreign": 2,

	"sensor/amdgpu": 3, "sensor/estimate": 3, "sensor/hwmon": 3, "sensor/jetson": 3, "sensor/nvml": 3, "sensor/perf": 3, "sensor/rapl": 3, "join": 3, "agent": 3, "score": 3, "export": 3, "sql/format": 3, "powerlog": 3, "tool/document": 3, "tool/mcp": 3,

	"sensor/apple": 4, "agent/openhands": 4, "llm/tokenizer": 2, "agent/terminus": 4, "agent/testbed": 4, "sampler": 4, "export/hf": 4, "sql": 4,

	"sandbox/process": 2, "sandbox/docker": 2, "sandbox/host": 3, "sandbox/bwrap": 3, "sandbox/roster": 4,

	"run": 5, "sensor/roster": 5,
}

// forTests are packages that only tests import: makers of inputs, and second
// opinions.
var forTests = map[string]string{
	"attribute/oracle":       "section by section, the slow and obvious attribution that the fast one is compared with",
	"attribute/history":      "random histories for both of them",
	"llm/hostile":            "a model endpoint that misbehaves on purpose",
	"agent/conform":          "what every event stream promises",
	"sandbox/conform":        "what every box promises",
	"sandbox/docker/dockerd": "a Docker daemon that a test may kill",
	"trace/tracetest":        "random traces",
}

// narrow are packages that may import, of ours, these and no others.
var narrow = map[string]struct {
	may    []string
	reason string
}{
	"unit":      {nil, "numbers know nothing"},
	"stream":    {nil, "the frame knows no format"},
	"power":     {[]string{"stream", "unit"}, "a format is read and written without the rest"},
	"event":     {[]string{"stream", "unit", "clock"}, "a format is read and written without the rest"},
	"trace":     {[]string{"stream", "unit"}, "a format is read and written without the rest"},
	"attribute": {[]string{"stream", "unit", "power", "event", "trace", "price"}, "attribution is arithmetic over formats and prices"},
	"stats":     {nil, "statistics are arithmetic"},
}

// cgo may be needed by these leaves only. Each has a twin for builds without.
var cgo = map[string]string{
	"sensor/nvml": "NVML has no other interface than a C library",
	"sql":         "DuckDB is a C++ library",
}

// everywhere is what any command may carry.
var everywhere = map[string]string{
	"github.com/alecthomas/kong":    "flags of every command",
	"github.com/klauspost/compress": "gzip and zstd of every stream",
	"golang.org/x/sys":              "clocks, and the terminal",
	"golang.org/x/term":             "is stderr a terminal, and how wide",
}

// carries is what else a command may carry, and why. What is not here is not
// in the command; what is here and not used is to be removed.
var carries = map[string]map[string]string{
	"ipw": {
		"github.com/BurntSushi/toml":        "task.toml of Terminal-Bench tasks",
		"go.yaml.in/yaml/v3":                "task.yaml and compose files of Terminal-Bench tasks",
		"github.com/sashabaranov/go-openai": "asks the model's endpoint before a run, and in ipw doctor",
		"golang.org/x/text":                 "normal forms of the score report",
	},
	"ipw-sample": {
		"github.com/NVIDIA/go-nvml": "GPU counters",
	},
	"ipw-agent": {
		"github.com/BurntSushi/toml":        "task.toml of Terminal-Bench tasks",
		"go.yaml.in/yaml/v3":                "task.yaml and compose files of Terminal-Bench tasks",
		"github.com/sashabaranov/go-openai": "chat completions",
		"golang.org/x/text":                 "file_read of texts in UTF-16",
		"github.com/tiktoken-go/tokenizer":  "tokens of servers that do not count",
		"github.com/dlclark/regexp2/v2":     "of tokenizer: its patterns look ahead",

		"github.com/ledongthuc/pdf":                "file_read of PDF files",
		"github.com/mark3labs/mcp-go":              "tools of MCP servers",
		"github.com/google/jsonschema-go":          "of mcp-go: schemas of tools",
		"github.com/google/uuid":                   "of mcp-go: ids of sessions",
		"github.com/santhosh-tekuri/jsonschema/v6": "of mcp-go: checks of results",
		"github.com/spf13/cast":                    "of mcp-go: untyped JSON",
		"github.com/yosida95/uritemplate/v3":       "of mcp-go: URIs of resources",

		"github.com/moby/moby/client":                                   "boxes that are containers",
		"github.com/moby/moby/api":                                      "of the client: what it sends and gets",
		"github.com/containerd/errdefs":                                 "of the client: kinds of errors",
		"github.com/containerd/errdefs/pkg":                             "of the client: kinds of errors by status",
		"github.com/distribution/reference":                             "of the client: names of images",
		"github.com/docker/go-connections":                              "of the client: sockets",
		"github.com/docker/go-units":                                    "of the client: sizes",
		"github.com/moby/docker-image-spec":                             "of the client: images",
		"github.com/moby/patternmatcher":                                ".dockerignore, as Docker reads it",
		"github.com/opencontainers/go-digest":                           "of the client: digests",
		"github.com/opencontainers/image-spec":                          "of the client: platforms",
		"github.com/felixge/httpsnoop":                                  "of otelhttp",
		"github.com/go-logr/logr":                                       "of otel",
		"github.com/go-logr/stdr":                                       "of otel",
		"go.opentelemetry.io/auto/sdk":                                  "of otel",
		"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp": "of the client: traces, which nobody asks for here",
		"go.opentelemetry.io/otel":                                      "of otelhttp",
		"go.opentelemetry.io/otel/metric":                               "of otelhttp",
		"go.opentelemetry.io/otel/trace":                                "of otelhttp",
		"github.com/creack/pty":                                         "terminals of boxes that are no containers",
	},
	"ipw-attribute": {},
	"ipw-judge": {
		"github.com/BurntSushi/toml":        "task.toml of Terminal-Bench tasks",
		"go.yaml.in/yaml/v3":                "task.yaml and compose files of Terminal-Bench tasks",
		"github.com/sashabaranov/go-openai": "the judge is a model",
		"golang.org/x/text":                 "NFKC of answers and references",
	},
	"ipw-export": {
		"github.com/apache/arrow-go/v18": "the Hugging Face format is Arrow IPC",
		"github.com/goccy/go-json":       "of arrow-go",
		"github.com/google/flatbuffers":  "of arrow-go: IPC metadata",
		"github.com/klauspost/cpuid/v2":  "of arrow-go",
		"github.com/pierrec/lz4/v4":      "of arrow-go",
		"github.com/zeebo/xxh3":          "of arrow-go",
		"golang.org/x/exp":               "of arrow-go",
	},
	"ipw-sql": {
		"github.com/duckdb/duckdb-go/v2":                       "the database",
		"github.com/duckdb/duckdb-go-bindings":                 "of duckdb-go",
		"github.com/duckdb/duckdb-go-bindings/lib/linux-amd64": "of duckdb-go: the library itself, by platform",
		"github.com/go-viper/mapstructure/v2":                  "of duckdb-go",
		"github.com/google/uuid":                               "of duckdb-go",
		"golang.org/x/text":                                    "widths of table cells",
	},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
	CgoFiles   []string
	Module     *struct{ Path string }
}

// short is the path below lib, "" for anything else.
func short(path string) string {
	s, ok := strings.CutPrefix(path, "ipw/lib/")
	if !ok {
		return ""
	}
	return s
}

// list asks the go command about every package of the module and all they need.
func list(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps,Standard,CgoFiles,Module", "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	pkgs := make(map[string]listed)
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
}

func TestLayers(t *testing.T) {
	pkgs := list(t)
	t.Run("levels", func(t *testing.T) { levels(t, pkgs) })
	t.Run("cgo", func(t *testing.T) { cgoLeaves(t, pkgs) })
	t.Run("commands", func(t *testing.T) { commands(t, pkgs) })
}

func levels(t *testing.T, pkgs map[string]listed) {
	for _, path := range slices.Sorted(maps.Keys(pkgs)) {
		name := short(path)
		if name == "" || forTests[name] != "" {
			continue
		}
		mine, ok := level[name]
		if !ok {
			t.Errorf("lib/%s has no level: add it to the table", name)
			continue
		}
		for _, imp := range pkgs[path].Imports {
			other := short(imp)
			switch {
			case strings.HasPrefix(imp, "ipw/cmd/"):
				t.Errorf("lib/%s imports a command: %s", name, imp)
			case other == "":
			case forTests[other] != "":
				t.Errorf("lib/%s imports lib/%s, which is for tests", name, other)
			case level[other] >= mine:
				t.Errorf("lib/%s (level %d) imports lib/%s (level %d)", name, mine, other, level[other])
			}
			if rule, ok := narrow[name]; ok && other != "" && !slices.Contains(rule.may, other) {
				t.Errorf("lib/%s imports lib/%s: %s", name, other, rule.reason)
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(level)), slices.Collect(maps.Keys(forTests))) {
		if _, ok := pkgs["ipw/lib/"+name]; !ok {
			t.Errorf("lib/%s is in a table and does not exist", name)
		}
	}
}

// cgoLeaves finds who needs a C compiler: our own cgo, and direct imports of
// packages with cgo.
func cgoLeaves(t *testing.T, pkgs map[string]listed) {
	needs := func(p listed) bool {
		return len(p.CgoFiles) > 0 || slices.ContainsFunc(p.Imports, func(imp string) bool {
			dep := pkgs[imp]
			return !dep.Standard && short(imp) == "" && anyCgo(pkgs, dep)
		})
	}
	for path, p := range pkgs {
		if strings.HasPrefix(path, "ipw/") && needs(p) && cgo[short(path)] == "" {
			t.Errorf("%s needs cgo", path)
		}
	}
	for name := range cgo {
		if !needs(pkgs["ipw/lib/"+name]) {
			t.Errorf("lib/%s is in the table of cgo and needs none", name)
		}
	}
}

func anyCgo(pkgs map[string]listed, p listed) bool {
	if len(p.CgoFiles) > 0 {
		return true
	}
	return slices.ContainsFunc(p.Deps, func(d string) bool { return !pkgs[d].Standard && len(pkgs[d].CgoFiles) > 0 })
}

// commands compares the modules in each command with the table.
func commands(t *testing.T, pkgs map[string]listed) {
	for path, p := range pkgs {
		name, ok := strings.CutPrefix(path, "ipw/cmd/")
		if !ok {
			continue
		}
		may, ok := carries[name]
		if !ok {
			t.Errorf("cmd/%s is not in the table", name)
			continue
		}
		used := make(map[string]bool)
		for _, dep := range p.Deps {
			m := pkgs[dep].Module
			if m == nil || m.Path == "ipw" {
				continue
			}
			used[m.Path] = true
			if may[m.Path] == "" && everywhere[m.Path] == "" {
				t.Errorf("cmd/%s carries %s (through %s) without a reason in the table", name, m.Path, dep)
				may[m.Path] = "told"
			}
		}
		for m, reason := range may {
			if !used[m] && !platform(m) {
				t.Errorf("cmd/%s: the table says it carries %s (%s), and it does not", name, m, reason)
			}
		}
	}
	for name := range carries {
		if _, ok := pkgs["ipw/cmd/"+name]; !ok {
			t.Errorf("cmd/%s is in the table and does not exist", name)
		}
	}
}

// platform modules are there on one platform only.
func platform(module string) bool { return strings.Contains(module, "duckdb-go-bindings/lib/") }

// forbidden words of packages: they name no idea.
var forbidden = []string{"util", "utils", "common", "helper", "helpers", "types", "models", "misc"}

// TestSources looks at what the go command does not tell: calls and names.
func TestSources(t *testing.T) {
	fset := token.NewFileSet()
	for _, root := range []string{".", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if d.Name() == "testdata" {
					return filepath.SkipDir
				}
				if slices.Contains(forbidden, d.Name()) {
					t.Errorf("%s: a package is named for its idea", path)
				}
				return nil
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(path, "cli"+string(filepath.Separator)) {
				source(t, fset, f, root == ".")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// frame is what only lib/cli may touch: everybody else is handed streams and
// returns errors.
var frame = map[string][]string{
	"os":  {"Exit", "Stdin", "Stdout", "Stderr", "Args"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
	"fmt": {"Print", "Printf", "Println"},
}

func source(t *testing.T, fset *token.FileSet, f *ast.File, inLib bool) {
	for _, imp := range f.Imports {
		switch path := strings.Trim(imp.Path.Value, `"`); {
		case path == "flag", inLib && (path == "github.com/alecthomas/kong" || path == "golang.org/x/term"):
			t.Errorf("%s: imports %s: flags and terminals are lib/cli's", fset.Position(imp.Pos()), path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%s: func init", fset.Position(n.Pos()))
			}
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && (inLib || pkg.Name == "os" && n.Sel.Name == "Exit" || pkg.Name == "log") && slices.Contains(frame[pkg.Name], n.Sel.Name) {
				t.Errorf("%s: %s.%s: lib/cli hands over streams and turns errors into exit codes", fset.Position(n.Pos()), pkg.Name, n.Sel.Name)
			}
		}
		return true
	})
}
