# Fieldledger. `make help` lists the targets.
GO    ?= go
TOOLS := $(GO) tool -modfile=.ci/tools/go.mod
PKGS  := ./...
# packages whose tests break what is beneath us; with FAULTS=full as often as docs/faults.md says
FAULT_PKGS := ./internal/faults/...

.PHONY: help demo build test test-race faults fuzz lint fmt vet arch check generate relock bench bench-tools ci
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## import the sample log, report, rebuild, explain, and serve the API
	$(GO) run ./cmd/fieldledger demo

build: ## build bin/fieldledger
	$(GO) build -o bin/fieldledger ./cmd/fieldledger

test: ## all tests; starts what it needs itself
	$(GO) test -timeout 20m $(PKGS)

test-race: ## all tests under the race detector
	$(GO) test -race -timeout 40m $(PKGS)

fuzz: ## every fuzz target, each for FUZZTIME (20s, or 1000000x executions); only our own code is instrumented
	@for p in $$(grep -rl --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		corpus="$$($(GO) env GOCACHE)/fuzz/$$($(GO) list $$p)"; \
		for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' $$p/*_test.go); do \
			$(GO) test -v -timeout 0 -run '^$$' -gcflags="$$($(GO) list -m)/...=-d=libfuzzer" $$p -args -test.fuzz "^$$f$$" \
				-test.fuzztime $(or $(FUZZTIME),20s) -test.fuzzminimizetime 10x -test.fuzzcachedir "$$corpus" || exit 1; done; done

faults: ## all fault tests in full, 30 minutes at most; how often each fault came, and what could not run here
	@mkdir -p bin; echo "the outages alone first: their times are what counts"
	@FAULTS=full $(GO) test -count=1 -v -timeout 10m -run TheSupervisorFinds ./internal/faults/client > bin/faults.log 2>&1; status=$$?; \
	FAULTS=full $(GO) test -count=1 -v -timeout 30m -skip TheSupervisorFinds $(FAULT_PKGS) >> bin/faults.log 2>&1 || status=$$?; \
	FAULTS=full $(GO) test -count=1 -v -timeout 10m -run 'PostgresIsAway|AFullDisk|Killed' ./internal/e2e >> bin/faults.log 2>&1 || status=$$?; \
	grep -aE '(fault: |^(ok|FAIL|panic))' bin/faults.log | sed -E 's/^ *[a-z_]+_test.go:[0-9]+: //' | sort -u; \
	echo "everything is in bin/faults.log"; exit $$status

lint: ## golangci-lint with the pinned version
	$(TOOLS) golangci-lint run $(PKGS)

fmt: ## format
	$(TOOLS) golangci-lint fmt $(PKGS)

vet: ## go vet
	$(GO) vet $(PKGS)

arch: ## import rules and package docs
	$(GO) test -count=1 ./internal/archtest

check: lint arch test ## what has to hold before a commit

generate: ## schemas from structs, API code from openapi.yaml
	$(GO) generate $(PKGS)

relock: ## rewrite eventschemas/schemas.lock (only before the first release)
	$(GO) generate ./eventschemas

bench: ## the figures of docs/benchmarks.md as a table
	$(GO) run ./cmd/fieldledger bench $(if $(DATA),--data $(DATA))

bench-tools: ## the same of 100,000 tools, 5,000 persons and ten years: 20 minutes, 25 GB of disk
	$(GO) run ./cmd/fieldledger bench --tools-only --tools 100000 --people 5000 --years 10 --tool-queries 400

ci: ## what CI runs
	bash .ci/run
