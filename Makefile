# The two targets of a new machine are demo and test; the rest is for working on
# ipw itself. CI calls the same ones.

GO      ?= go
VERSION ?= 0.1.0
BIN     ?= bin

# go-nvml names deprecated calls, and binds its library's symbols when they are
# first called: a linker that binds early would miss them at start.
export CGO_CFLAGS  ?= -g -O2 -Wno-deprecated-declarations
export CGO_LDFLAGS ?= -Wl,-z,lazy

LDFLAGS := -X ipw/lib/cli.Version=$(VERSION)
BUILD   := $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/

# Static, without cgo; and the two leaves that need a C compiler (NVML, DuckDB).
PLAIN := $(addprefix ./cmd/,ipw ipw-agent ipw-attribute ipw-judge ipw-export)

# What make dist builds for: every command but ipw-sql, which needs C++.
PLATFORMS ?= linux/amd64 linux/arm64 darwin/arm64
DIST      ?= dist

.PHONY: build stages demo test test-docker lint fuzz bench golden dist clean

build: stages
	CGO_ENABLED=1 $(BUILD) ./cmd/ipw-sql

# Everything but DuckDB, which takes a while to link.
stages:
	CGO_ENABLED=0 $(BUILD) $(PLAIN)
	CGO_ENABLED=1 $(BUILD) ./cmd/ipw-sample

demo: stages
	$(BIN)/ipw run --agent react --model builtin --dataset demo --overwrite

test:
	$(GO) test ./...

# The tests in containers. They need a Docker Engine and the image that
# scripts/docker-up makes.
test-docker:
	$(GO) test -count=1 -tags docker $$(grep -rl --include='*_test.go' '^//go:build docker' cmd lib | xargs -n1 dirname | sort -u | sed 's|^|./|')

lint:
	@unformatted=$$(gofmt -l cmd lib scripts) && test -z "$$unformatted" || { echo "not gofmt-ed: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	CGO_ENABLED=0 $(GO) build ./...

# Every fuzz target for a while: make fuzz FUZZTIME=5m
FUZZTIME ?= 10s
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

# All benchmarks, or some: make bench BENCH=Attribute
BENCH ?= .
bench:
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 2h ./lib/... ./cmd/...

# Archives of static binaries; scripts/dist says what is in them.
dist:
	GO='$(GO)' VERSION='$(VERSION)' LDFLAGS='$(LDFLAGS) -s -w' scripts/dist '$(DIST)' $(PLATFORMS)

# Rewrite the golden files of the packages that have some.
golden:
	@for dir in $$(grep -rl --include='*_test.go' 'flag.Bool("update"' cmd lib | xargs -r -n1 dirname | sort -u); do \
		$(GO) test ./$$dir -update || exit 1; \
	done

clean:
	rm -rf $(BIN) $(DIST)
