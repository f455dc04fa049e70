# make demo    the whole portal on this machine (PORT, DATA_DIR, CITY; ARGS=--reset starts over)
# make test    all tests          make check   style, imports, migrations, settings, translations
# make pictures  the help's, from a demo that runs (PORT, DATA_DIR, CITY as for it)
# make walk      what hinders on the pages of a demo that runs: WCAG, width, weight, errors (as for pictures)
# make bench   the performance figures          make clean   remove what was made here

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check pictures walk bench clean

demo: $(STAMP)
	@exec $(BIN)/python -m config.portal $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# What a production server is given; no database is asked.
PRODUCTION := DEMO=0 SECRET_KEY=only-for-this-check-5f2c9d1e8b7a4036-0123456789abcdefgh \
	FIELD_KEYS=check:$$(head -c 32 /dev/urandom | base64) INDEX_KEY=$$(head -c 32 /dev/urandom | base64) \
	ALLOWED_HOSTS=portal.example.org CSRF_TRUSTED_ORIGINS=https://portal.example.org HTTPS=1

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py check_translations

pictures: $(STAMP)
	$(BIN)/python -m tests.pictures http://localhost:$(or $(PORT),8000) $(or $(DATA_DIR),.data)/sign-ins-$(or $(CITY),441600).txt

walk: $(STAMP)
	$(BIN)/python -m tests.walk http://localhost:$(or $(PORT),8000) $(or $(DATA_DIR),.data)/sign-ins-$(or $(CITY),441600).txt

bench: $(STAMP)
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache staticfiles test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, and $(PYTHON) is older. Name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
