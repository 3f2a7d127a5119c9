# Every target sees to what it needs by itself (Scripts/setup): pkg-config and five C libraries, by apt-get or brew.
.PHONY: run test lint call-sites docs bench proofs fuzz autobahn interop conformance install deb

run: ## the engine with a small worker that makes one call; serves until Ctrl-C
	@Scripts/setup
	swift build --product iii-dev
	@exec .build/debug/iii-dev demo

test: ## all Swift tests
	@Scripts/setup
	swift build --build-tests
	swift test --skip-build --disable-xctest

lint: ## formatting, the rules of the house, that each name of the reference has a declaration and a test, and the page of parity
	swift format lint -r -p --strict Sources Tests Benchmarks Playground Package.swift
	@Scripts/check-layout --test
	@Scripts/check-layout
	@Scripts/surface --check
	@Scripts/parity --check

call-sites: ## call sites that must and must not compile, and the Swift blocks of the README
	@Scripts/setup
	swift build
	@Scripts/check-call-sites

docs: ## the documentation of III and IIIMockEngine, where the toolchain has DocC
	@Scripts/setup
	swift build
	@Scripts/docs

bench: ## figures beside the floor, one run
	@Scripts/setup
	Scripts/bench
	Scripts/bench flood
	Scripts/bench queues

proofs: ## the random tests with their full counts, in release mode
	@Scripts/setup
	Scripts/proofs

fuzz: ## a million mutated frames for each frame path, 300,000 calls under random cuts, under AddressSanitizer
	@Scripts/setup
	Scripts/fuzz

interop: ## the official SDKs for Python and Node, two versions each, against iii-dev and a Swift worker
	@Scripts/setup
	Scripts/interop

autobahn: ## the WebSocket cases of the Autobahn suite, both roles
	@Scripts/setup
	Scripts/autobahn

conformance: ## recorded conversations of the real engine, where ../shared is there
	@Scripts/setup
	Scripts/conformance

PREFIX ?= /usr/local
install: ## iii-dev without Swift's libraries as dependencies, its man page and its completions, under DESTDIR and PREFIX
	@Scripts/setup
	Scripts/package install "$(DESTDIR)" "$(PREFIX)"

deb: ## a Debian package of the same, in .build
	@Scripts/setup
	Scripts/package deb
