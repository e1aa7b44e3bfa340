# SPDX-License-Identifier: EUPL-1.2
# `make` and `make help` list what can be made. Each target installs what it needs and says so.

.DEFAULT_GOAL := help
.PHONY: help build run test bench long lint asan tsan fuzz cov install deb clean

BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

help:
	@echo 'make build    the program, with the flags it is shipped with, in $(BUILD)/'
	@echo 'make run      build, make a node in ./demo-node, load the samples, watch the sample logs'
	@echo 'make test     build and run every test; ends with "N passed, N failed"'
	@echo 'make lint     layout, clang-tidy, cppcheck, header comments, layers, style'
	@echo 'make asan     the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make tsan     the threaded tests under ThreadSanitizer'
	@echo 'make fuzz     every fuzz target, FUZZ_SECONDS=$(FUZZ_SECONDS) shared among them'
	@echo 'make bench    speed and memory on the logs in ../shared/data, beside other programs'
	@echo 'make long     hours of crashes, growth and fuzzing; results in long-results/'
	@echo 'make cov      which lines the tests reach, in build-cov/coverage.txt'
	@echo 'make install  into PREFIX=$(PREFIX) (DESTDIR is honoured)'
	@echo 'make deb      a Debian package in build-deb/'
	@echo 'make clean    remove all build folders'

build:
	@tools/install build
	@tools/build $(BUILD)

run: build
	@tools/demo

test:
	@tools/install build test
	@tools/build $(BUILD) -Dtests=true
	@tools/test-run $(BUILD)

asan:
	@tools/install build test
	@tools/build build-asan -Dtests=true -Ddev=true -Db_sanitize=address,undefined
	@tools/test-run build-asan

tsan:
	@tools/install build test
	@tools/build build-tsan -Dtests=true -Ddev=true -Db_sanitize=thread
	@tools/test-run build-tsan --only threads

lint:
	@tools/install build test lint
	@tools/lint

fuzz:
	@tools/install build fuzz
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz

bench: build
	@tools/install bench
	@tools/bench

long:
	@tools/install build test fuzz
	@tools/long

cov:
	@tools/install build test cov
	@tools/build build-cov -Dtests=true -Db_coverage=true -Dbuildtype=debug
	@tools/test-run build-cov
	@tools/coverage build-cov

install:
	@tools/install build
	@tools/build $(BUILD) -Dprefix=$(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

deb:
	@tools/install build
	@tools/deb

clean:
	rm -rf $(BUILD) build-asan build-tsan build-lint build-fuzz build-cov build-deb
