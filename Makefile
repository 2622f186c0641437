# make run    a server with a real file in it        make test   every test
# make tsan   engine and disk store under TSan       make bench  speed, and what travels

PORT ?= 8080
DATA ?= ./data
FILE ?=
ONCE ?=

BUILD := .build/release
SWIFT ?= swift

.PHONY: run test tsan bench vectors javascript format clean

run: packages
	$(SWIFT) build -c release --product cairn
	@PORT='$(PORT)' DATA='$(DATA)' FILE='$(FILE)' ONCE='$(ONCE)' sh .make/run.sh $(BUILD)/cairn

test: packages vectors clients
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build --filter 'SystemTests|ContentTests|EngineTests|DiskTests'
	$(SWIFT) test -c release --skip-build --filter 'DialectsTests|ServerTests|ClientTests|TidyTests'
	$(SWIFT) test -c release --skip-build --filter 'CommandTests|JourneyTests'
	$(MAKE) javascript

# The core alone: no network package is built a second time. Left out are the benches of single threads, which take an
# hour here and have no second thread to race with.
tsan: packages
	CAIRN_PARTS=core $(SWIFT) test -c release --sanitize=thread --scratch-path .build-tsan \
		--filter 'EngineTests|DiskTests' --skip 'Power lost|fails at any call|noticed'

bench: packages
	$(SWIFT) build -c release --product cairn
	python3 Benchmarks/upload.py $(BUILD)/cairn
	python3 Benchmarks/native.py $(BUILD)/cairn

# The vectors of spec/vectors once more, by another SHA-256.
vectors:
	python3 spec/vectors/compute.py --check

# The page's module, by Node, against the server that was built.
javascript: packages
	$(SWIFT) build -c release --product cairn
	@sh .make/node.sh
	cd Tests/JavaScript && CAIRN='$(CURDIR)/$(BUILD)/cairn' node --test

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

clean:
	rm -rf .build .build-tsan

# Other people's clients, which the tests run.
.PHONY: clients
clients: packages
	@sh .make/clients.sh
	@sh .make/python.sh

.PHONY: packages
packages:
	@sh .make/packages.sh
