# make run    a server with a real file in it        make test   every test
# make tsan, make asan  engine and disk store, races and memory
# make bench  speed, beside others (bench-quick: shorter)
# make browser  the page in Chromium                 make browser-full  the same, longer, with figures
# make coverage  what of the stores the tests reach
# make model  the protocols, every state             make fuzz   what reads bytes from outside, FUZZ_SECONDS a target
# make history  appends at once, one history
# make renewal  a certificate replaced under load    make unit  the unit under a real systemd
# make install   the command, which needs no Swift where it runs, its unit, manual page and completions: PREFIX, DESTDIR
# make man    the manual page, made of the command's own help
# make consumers  the libraries, as packages outside ours use them   make docs  their reference
# make slow   slow clients, many and dropped ones    make scan   schemathesis against spec/openapi.yaml
# make proxies, make smuggling   behind nginx and Caddy, 30 GB; requests that two servers read as two

PORT ?= 8080
DATA ?= ./data
FILE ?=
ONCE ?=
FUZZ ?=
FUZZ_SECONDS ?= 600
OPERATIONS ?= 100000

# With STRICT=1 what cannot be installed ends the tests; without, its tests are left out, and that is said.
STRICT ?=
export STRICT

BUILD := .build/release
SWIFT ?= swift
left_out = { echo '$(1) cannot be installed here; the tests with it are left out' >&2; [ -z '$(STRICT)' ]; }

.PHONY: run test tsan asan soak browser browser-full pictures bench model fuzz history renewal slow scan proxies smuggling unit \
	vectors javascript format clean

run: packages
	$(SWIFT) build -c release --product cairn
	@PORT='$(PORT)' DATA='$(DATA)' FILE='$(FILE)' ONCE='$(ONCE)' sh .make/run.sh $(BUILD)/cairn

test: packages vectors clients
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build --filter '^(System|Content|Engine|Disk)Tests\.'
	$(SWIFT) test -c release --skip-build --filter '^(Trust|Dialects|Server|Client|Tidy)Tests\.'
	$(MAKE) javascript
	$(MAKE) browser
	python3 Benchmarks/crash $(BUILD)/cairn --short
	python3 spec/model/check.py
	python3 Tests/Clients/history.py $(BUILD)/cairn 2000
	python3 Tests/Recovery/files.py $(BUILD)/cairn
	$(MAKE) fuzz FUZZ_SECONDS=2
	sh .make/operating.sh $(BUILD)/cairn
	$(SWIFT) test -c release --skip-build --filter '^(Command|Journey)Tests\.'
	$(MAKE) docs
	$(MAKE) consumers

# The core alone: no network package is built a second time. Left out are the benches of single threads, which take an
# hour here and have no second thread to race with.
SANITIZED = CAIRN_PARTS=core $(SWIFT) test -c release --sanitize=$(1) --scratch-path .build-$(2) \
	--filter '^(Engine|Disk)Tests\.' --skip 'Power lost|fails at any call|noticed'
tsan: packages
	$(call SANITIZED,thread,tsan)
asan: packages
	LSAN_OPTIONS=suppressions=.make/lsan.txt:print_suppressions=0 $(call SANITIZED,address,asan)

# Which lines, regions and throws of stores and ledger the tests reach (spec/checking.md); ends with 1 below the bar.
.PHONY: coverage
MEASURED := CAIRN_PARTS=core $(SWIFT) test -c release --enable-code-coverage --scratch-path .build-coverage
coverage: packages
	$(MEASURED) --filter '^(System|Content|Engine|Disk)Tests\.'
	python3 .make/coverage.py "$$($(MEASURED) --show-coverage-path)"

# The page in a real browser, where one can be installed.
PYTHON := .build/browser/bin/python
# Playwright downloads no browser: it drives Debian's.
browser-tools = { sh .make/apt.sh chromium fonts-inter && \
	sh .make/venv.sh browser 'playwright==1.65.2' 'axe-playwright-python==0.1.8'; }
browser browser-full: packages
	@$(browser-tools) || $(call left_out,Chromium or Playwright)
	$(SWIFT) build -c release --product cairn
	@[ ! -x .build/browser/ready ] || $(PYTHON) Tests/Browser/journeys.py $(BUILD)/cairn
	@[ ! -x .build/browser/ready ] || [ $@ = browser ] || $(PYTHON) Tests/Browser/full.py $(BUILD)/cairn

# Pictures of the page in every state, to be looked at.
pictures: packages
	@$(browser-tools)
	$(SWIFT) build -c release --product cairn
	$(PYTHON) Tests/Browser/screenshots.py $(BUILD)/cairn .build/pictures
# Sixteen clients and the collector, back to back: at least ten minutes, 100,000 requests and 500 collections.
SOAK ?= 600
soak: packages
	$(SWIFT) build -c release --build-tests
	CAIRN_SOAK_SECONDS=$(SOAK) $(SWIFT) test -c release --skip-build --filter 'DiskTests.*used and collected at once'

# The same rules as the crash bench's at each call of a simulated disk: 200,000 of the states that a cut may leave. The
# 8,000 that are a part of make test take half a minute; so this takes a quarter of an hour.
OUTCOMES ?= 504
.PHONY: power
power: packages
	$(SWIFT) build -c release --build-tests
	CAIRN_CRASH_OUTCOMES=$(OUTCOMES) $(SWIFT) test -c release --skip-build --filter 'DiskTests.*loses no acknowledged byte'

# Whole uploads, Cairn's and others' (Benchmarks/README.md): about ten minutes, quick in two to three.
.PHONY: bench-quick bench-native bench-store bench-checking curves
bench bench-quick: packages
	$(SWIFT) build -c release --product cairn
	@sh .make/endtoend.sh
	python3 Benchmarks/EndToEnd $(BUILD)/cairn $(if $(filter bench-quick,$@),--quick)

# What the native protocol saves, counted on the wire; a store of two million chunks; what looking after it costs; cost as
# work grows (spec/scale.md).
bench-native bench-store bench-checking curves: packages
	$(SWIFT) build -c release --product cairn
	python3 Benchmarks/$(SCRIPT_$@) $(BUILD)/cairn
SCRIPT_bench-native := native.py
SCRIPT_bench-store := large_store.py
SCRIPT_bench-checking := checking.py
SCRIPT_curves := EndToEnd/curves.py

# What single steps cost.
.PHONY: bench-micro
bench-micro: packages
	CAIRN_PARTS=micro $(SWIFT) package -c release --scratch-path .build-micro --disable-sandbox benchmark run --no-progress

# Power cuts, kills, failing calls, full disks (spec/crash-bench.md). The short form is a part of `make test`.
.PHONY: crash crash-short crash-peers
crash: packages
	$(SWIFT) build -c release --product cairn
	python3 Benchmarks/crash $(BUILD)/cairn

crash-short: packages
	$(SWIFT) build -c release --product cairn
	python3 Benchmarks/crash $(BUILD)/cairn --short

# Other servers under the same power cuts; installs them.
crash-peers: packages
	$(SWIFT) build -c release --product cairn
	@sh .make/peers.sh
	python3 Benchmarks/crash $(BUILD)/cairn --peers .build/peers

# Both protocols with their larger bounds, and every mutant (spec/model).
model: packages
	python3 spec/model/check.py --long

# What the kept corpus shows, then what FUZZ_SECONDS of looking find, for each target of Tests/Fuzz or the FUZZ named.
fuzz: packages
	CAIRN_PARTS=fuzz $(SWIFT) build -c release --product fuzz --scratch-path .build-fuzz
	sh Tests/Fuzz/run.sh .build-fuzz/release/fuzz $(FUZZ_SECONDS) $(FUZZ)

# Many clients on one upload, and whether what they were told is one history.
history: packages
	$(SWIFT) build -c release --product cairn
	python3 Tests/Clients/history.py $(BUILD)/cairn $(OPERATIONS)

# What a server on the internet must stand (spec/operating.md), at length; make test has the short forms.
renewal slow scan proxies smuggling: packages
	$(SWIFT) build -c release --product cairn
	@sh .make/operating.sh $(BUILD)/cairn $@

# The command with Swift's libraries in it, for a machine without Swift, where `make unit` has it too. A first build takes
# about eight minutes.
STATIC := .build-static/release/cairn
PREFIX ?= /usr/local
.PHONY: install static
static: packages
	$(SWIFT) build -c release --product cairn --static-swift-stdlib --scratch-path .build-static
install: static
	sh .make/install.sh $(STATIC) '$(PREFIX)' '$(DESTDIR)'
unit: static
	sh .make/operating.sh $(STATIC) unit

# .build/man/cairn.1, from what the command says of itself.
.PHONY: man
man: packages
	$(SWIFT) build -c release --product cairn
	python3 .make/man.py $(BUILD)/cairn .build/man/cairn.1

# A package outside ours that uses our products, built and run.
.PHONY: consumers
consumers: packages
	$(SWIFT) build -c release --product cairn
	sh .make/consumers.sh $(SWIFT)
	python3 Tests/Consumers/run.py $(BUILD)

# .build/docs, the reference of the libraries.
.PHONY: docs
docs: packages
	$(SWIFT) build -c release --product cairn
	sh .make/docs.sh .build/docs

# The vectors of spec/vectors once more, by another SHA-256.
vectors:
	python3 spec/vectors/compute.py --check

# The page's module, by Node, against the server that was built.
javascript: packages
	$(SWIFT) build -c release --product cairn
	@command -v node >/dev/null || sh .make/apt.sh nodejs
	cd Tests/JavaScript && CAIRN='$(CURDIR)/$(BUILD)/cairn' node --test

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf .build .build-tsan .build-fuzz .build-model .build-coverage .build-micro

# Other people's clients, which the tests run.
.PHONY: clients
clients: packages
	@sh .make/venv.sh clients 'tuspy==1.1.0' 'aiotus==1.1.0' || $(call left_out,tuspy or aiotus)
	@sh .make/venv.sh python openapi-spec-validator jsonschema pyyaml || $(call left_out,openapi-spec-validator)

.PHONY: packages
packages:
	@sh .make/packages.sh
