# Set-up, start and checks; `make start` and `make test` need nothing but Python 3.11 or newer with venv.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

.PHONY: start test speed nightly lint format screens clean

start: .venv/app.stamp  ## install, fill an empty store with the demonstration log, start the dashboard
	$(BIN)/python -m data demo
	@echo "Equinode opens at http://127.0.0.1:$(PORT) (stop it with Ctrl+C)"
	$(BIN)/streamlit run dashboard.py --server.port $(PORT)

test: .venv/test.stamp  ## install what tests need, run them all
	POLARS_MAX_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

speed: .venv/test.stamp  ## print the speed tables; ratios from one run
	for table in tests/speed/*_speed.py; do PYTHONPATH=. $(BIN)/python $$table || exit 1; done

nightly: .venv/test.stamp  ## the checks that are too slow for every run
	$(BIN)/python -m pytest -m nightly

lint: .venv/test.stamp
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy dashboard.py pages analytics data

format: .venv/test.stamp
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

screens: .venv/test.stamp  ## make the README's screenshots anew
	PYTHONPATH=. $(BIN)/python tests/browser/screens.py

.venv/app.stamp: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv || (echo "venv is missing: apt install python3-venv" && exit 1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.stamp: .venv/app.stamp tests/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
