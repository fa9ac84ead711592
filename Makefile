# Everything a contributor runs has a name here; how it is done stands in scripts/.

.DEFAULT_GOAL := help
.PHONY: help run cluster demo test check lint format generate load bench torture clean

help: ## Show this list
	@scripts/help "$(firstword $(MAKEFILE_LIST))"

run: ## Install, build, migrate and serve Talkoo on http://127.0.0.1:8024
	@scripts/run

cluster: ## Serve two nodes behind one MariaDB and one Redis of their own
	@scripts/cluster

demo: ## Fill the data of `make run` with a believable company
	@scripts/demo

check: ## The quick half: formats, linters, types, import contracts, unit tests
	@scripts/check

test: ## Everything: check, then the whole suite on real MariaDB, Redis and Chromium
	@scripts/test

lint: ## check without any tests
	@scripts/check --lint

format: ## Rewrite the sources into their one format
	@scripts/format

generate: ## Write the TypeScript types anew from the Python models
	@scripts/generate

load: ## Put a fresh server under load; leaves var/load/report.html (docs/load-tests.md)
	@scripts/load

bench: ## What Talkoo costs, beside stock python-socketio, Node's socket.io and bare loops
	@scripts/bench

torture: ## Break two nodes at random, then judge (TORTURE_SEED, TORTURE_SECONDS)
	@scripts/torture

clean: ## Remove what was installed and built; data in var/ stays
	@scripts/clean
