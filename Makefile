# Needs Go and make. The tests need more; .ci/setup installs it or says what.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION := v0.12.0
GOVULNCHECK_VERSION := v1.9.0
FUZZTIME ?= 30s
GALLERY ?= $(CURDIR)/gallery
# A tag that makes the binary 6 MB smaller (msgpack is not used) and one that
# puts the time zones in, so that it needs nothing on the machine.
TAGS := nomsgpack,timetzdata

.PHONY: help run build test bench fuzz lint fmt gallery up down

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build and serve with a demo on http://localhost:8080 (needs only Go)
	GATEHOUSE_DEMO=true bin/gatehouse serve

build: ## Build bin/gatehouse, static and stripped
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags $(TAGS) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/gatehouse .

test: ## Run every test against real Postgres, Redis and Chromium, installing them if it may
	.ci/setup
	GATEHOUSE_TEST_REQUIRE_SERVICES=1 go test -race -shuffle=on -timeout 40m ./...

bench: ## Compare with the floor: CPU per request and its ratio
	.ci/setup
	go test -run '^$$' -bench . -benchtime 3s -timeout 60m ./bench

fuzz: ## Run every fuzz target for FUZZTIME (default 30s)
	@set -e; for file in $$(grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' .); do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' $$file); do \
	    echo "== $$target in $$(dirname $$file)"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$(dirname $$file); \
	  done; \
	done

lint: ## Check form, habits, module files and known vulnerabilities
	"$$(.ci/tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint $(GOLANGCI_VERSION))" run ./...
	@unformatted=$$("$$(.ci/tool mvdan.cc/gofumpt $(GOFUMPT_VERSION))" -l .) && \
	  { [ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }; }
	go vet ./...
	go mod tidy -diff
	@.ci/vulnerabilities $(GOVULNCHECK_VERSION)

fmt: ## Format the Go files
	"$$(.ci/tool mvdan.cc/gofumpt $(GOFUMPT_VERSION))" -w .

gallery: ## Write every page in every state as HTML and PNG into gallery/
	.ci/setup
	go test -count=1 -run TestGallery ./pages -gallery '$(GALLERY)'

up: ## Start Postgres, Redis and Gatehouse with Docker
	docker compose up --build --detach --wait
	@docker compose logs gatehouse | grep -i password || true

down: ## Stop them; the data stays (docker compose down --volumes removes it)
	docker compose down
