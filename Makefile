# Everything from a bare clone, with Python 3.11 or newer and make.

VENV := .venv
# Programs are run as modules: scripts in a virtual environment hold its path, and stop to work
# when the clone is moved.
PYTHON := $(VENV)/bin/python
# More arguments for pytest: make test ARGS="-k toast"
ARGS ?=
QUICK ?=
SEED ?=
HINTS ?=

# Files that run at a time: tests wait now and then, scenarios of the stress set keep a core busy.
SHARED := --dist loadfile --no-loadscope-reorder
THREE := -n 3 $(SHARED)
TWO := -n 2 $(SHARED)
# With ARGS, one pass or another may have no test.
OR_NONE = || { code=$$?; [ -n "$(ARGS)" ] && [ $$code -eq 5 ]; }

.DEFAULT_GOAL := help
.PHONY: help run test check stress matrix quickstart bench audit

help:
	@echo "make run    the shop and the hub on http://HOST:PORT (127.0.0.1:8000)"
	@echo "            DATABASE_URL and REDIS_URL in the environment: PostgreSQL, Redis"
	@echo "make test   all tests, on real servers and in a real browser; ARGS=\"-k name\" for some"
	@echo "make stress invariants under load, faults and hostile input, on real servers (about 15 min);"
	@echo "            QUICK=1 in a good minute; SEED=n for other random choices; ARGS as above;"
	@echo "            HINTS=postgres: with NOTIFY between the servers instead of Redis"
	@echo "make check  format, lint, types, import rules, Django's own checks"
	@echo "make matrix the hub's tests on every pair of Django and Python (about 10 min); ARGS as above"
	@echo "make quickstart  the package in untouched projects, by docs/quickstart.md (about 1 min)"
	@echo "make bench  tables beside peers and the plain way (about 1 h); TABLES=\"fanout pruning\" for some,"
	@echo "            ROUNDS=n, SIZE=10000000 events to prune; QUICK=1 tries the harness in 2 minutes"
	@echo "make audit  known vulnerabilities of the requirements"

# MALLOC_ARENA_MAX: with glibc, threads do not each keep what they once needed.
run: $(VENV)/run.stamp
	@MALLOC_ARENA_MAX=$${MALLOC_ARENA_MAX:-2} exec $(PYTHON) -m asgi.run

# Django reads its one database before the tests start: what needs PostgreSQL has a pass of its own.
# So has what needs a browser: its event loop stays in the process, and lets no other test start one.
# Tests that measure promised seconds come last, while nothing else runs.
test: $(VENV)/dev.stamp
	@echo "==> Tests that need PostgreSQL in their own process"
	@$(PYTHON) -m tests.rig.postgres $(PYTHON) -m pytest -m "postgres or both" $(THREE) $(ARGS) $(OR_NONE)
	@echo "==> All other tests without a browser"
	@$(PYTHON) -m pytest -m "not (postgres or alone or browser)" $(THREE) $(ARGS) $(OR_NONE)
	@echo "==> Tests in a browser"
	@$(PYTHON) -m pytest -m "browser and not alone" $(THREE) $(ARGS) $(OR_NONE)
	@echo "==> Tests that measure what is promised in seconds"
	@$(PYTHON) -m pytest -m alone $(ARGS) $(OR_NONE)

# One after the other: each scenario wants the machine for itself. In small, two at a time.
stress: $(VENV)/dev.stamp
	@echo "==> Stress, $(if $(filter-out 0,$(QUICK)),quick,in full)"
	@QUICK="$(QUICK)" SEED="$(SEED)" HINTS="$(HINTS)" $(PYTHON) -m pytest tests/stress \
		$(if $(filter-out 0,$(QUICK)),$(TWO)) $(ARGS)

check: $(VENV)/dev.stamp
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m tests.js.types
	$(PYTHON) manage.py check
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m pytest -q tests/test_rooms.py

matrix: $(VENV)/dev.stamp
	@$(PYTHON) -m tests.matrix $(ARGS)

quickstart: $(VENV)/dev.stamp
	@$(PYTHON) -m pytest tests/quickstart $(ARGS)

# The peers' packages are beside those of the hub, which both use in the same versions.
bench: .venv-bench/stamp
	@QUICK="$(QUICK)" SIZE="$(SIZE)" .venv-bench/bin/python -m benchmarks $(TABLES) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(ARGS)

.venv-bench/stamp: $(VENV)/dev.stamp benchmarks/requirements.txt
	@echo "==> Making .venv-bench"
	@$(PYTHON) -m venv --clear .venv-bench
	@site="import site; print(site.getsitepackages()[0])"; \
	$(PYTHON) -c "$$site" > "$$(.venv-bench/bin/python -c "$$site")/beside.pth"
	@.venv-bench/bin/python -m pip install -qq --disable-pip-version-check \
		-r benchmarks/requirements.txt
	@touch $@

audit: $(VENV)/run.stamp
	@$(PYTHON) -m tests.audit

# Stamps are newer than the requirements that are installed.
$(VENV)/run.stamp: requirements.txt
$(VENV)/dev.stamp: requirements.txt requirements-dev.txt

# Two that start in one clone wait for each other: the second finds the work of the first done. The
# lock is the open file's, so it ends with the shell, however that ends.
$(VENV)/%.stamp:
	@set -e; \
	for name in python3.11 python3.12 python3.13 python3 python; do \
		$$name -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null \
			&& found=$$name && break; \
	done; \
	[ -n "$$found" ] || { echo "make: no Python 3.11 or newer on the path" >&2; exit 1; }; \
	exec 9>.make.lock; \
	$$found -c "import fcntl; fcntl.flock(9, fcntl.LOCK_EX)"; \
	done=yes; \
	for file in $^; do [ $@ -nt $$file ] || done=; done; \
	$(PYTHON) -c "" 2>/dev/null || { \
		done=; \
		echo "==> Making $(VENV) with $$($$found --version)"; \
		$$found -m venv --clear $(VENV) || { \
			echo "make: $$found has no working venv (Debian: apt install python3-venv)" >&2; \
			rm -rf $(VENV); exit 1; }; \
	}; \
	[ -z "$$done" ] || exit 0; \
	echo "==> Installing $(lastword $^) (a minute or two the first time)"; \
	$(PYTHON) -m pip install -qq --disable-pip-version-check -r $(lastword $^); \
	touch $@
