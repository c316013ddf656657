# SPDX-License-Identifier: Apache-2.0
# make demo   builds everything and shows a pod's traffic leave by its egress IP   (root)
# make demo-api  the same on a real API server instead of a folder of manifests   (root)
# make test   every test there is                                                  (root; skips say why without)
# make        builds the programs, the BPF object and the plugin modules
# make install   puts programs, modules and what authors of modules need under PREFIX

SWIFT        ?= swift
CONFIG       ?= debug
BUILD        := .build
# BPF is compiled by the clang that comes with Swift, not by whatever clang the system has.
SWIFT_BIN    := $(dir $(realpath $(shell command -v $(SWIFT))))
BPF_CLANG    ?= $(if $(wildcard $(SWIFT_BIN)clang),$(SWIFT_BIN)clang,clang)
# No sharing of stack slots: without CAP_PERFMON the verifier refuses a slot that held a pointer and now holds a number.
BPF_CFLAGS   := -target bpf -mcpu=v3 -std=gnu2x -O2 -g -Wall -Wextra -Werror -mllvm -no-stack-slot-sharing -Ibpf -Ibpf/include \
                -isystem /usr/include/$(shell uname -m)-linux-gnu
BPF_HEADERS  := $(wildcard bpf/include/*.h bpf/lib/*.h bpf/lib/family/*.h)
PLUGINS      := static interface node-annotation spread
# Built for tests and for authors to look at, and not installed.
SAMPLES      := sample
PLUGIN_FLAGS := -std=c11 -O2 -g -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -Iplugins/include -Iplugins/lib
# Embedded Swift: a module needs nothing of the runtime that the helper may or may not have in its own way (docs/plugins.md).
SWIFT_PLUGIN := $(SWIFT)c -enable-experimental-feature Embedded -wmo -parse-as-library -Osize -swift-version 6 -warnings-as-errors \
                -emit-library -Iplugins/include
LAB          := Tests/Lab/lab
LAB_ID       ?= play
BENCH_ROUNDS ?= 5
# Figures and families, by the words of Tests/Bench/EgressBench.swift; none: all, and what else is measured.
BENCH        ?=
VERSION      := $(shell sed -n 's/.*static let current = "\(.*\)"/\1/p' Sources/EgressModel/ProductVersion.swift)
# Its own folder: the runtime of Swift is in these programs, so that the image needs none.
RELEASE      := $(BUILD)/static
PROGRAMS     := kubectl-egress egress-helper

# Where `make install` puts what; DESTDIR goes before all of it. FROM: a folder with programs that are built already.
PREFIX       ?= /usr/local
BIN_DIR      := $(PREFIX)/bin
INCLUDE_DIR  := $(PREFIX)/include
PLUGIN_DIR   := $(PREFIX)/lib/kubectl-egress/plugins
PC_DIR       := $(PREFIX)/share/pkgconfig
BASH_DIR     := $(PREFIX)/share/bash-completion/completions
FISH_DIR     := $(PREFIX)/share/fish/vendor_completions.d
ZSH_DIR      := $(PREFIX)/share/zsh/site-functions
RELEASE_BIN   = $(shell $(SWIFT) build -c release --scratch-path $(RELEASE) --show-bin-path)
FROM         ?=

.PHONY: all install uninstall release deps bpf plugins build demo demo-api lab lab-down test test-unit test-plugins test-packet test-lab test-deploy bench bench-datapath bench-engine bench-labels bench-reading instructions image check fmt record completions clean help

all: build

help:
	@sed -n '2,6s/^# //p' Makefile; echo; echo "also: uninstall release bpf plugins lab lab-down test-unit test-plugins test-packet test-lab test-deploy bench bench-datapath bench-engine bench-labels bench-reading instructions image check fmt record completions clean; FROM=folder installs programs built before"

deps:
	@.ci/install build

bpf: deps $(BUILD)/bpf/egress.bpf.o $(BUILD)/bpf/egress_test.bpf.o $(BUILD)/bpf/egress_neighbour.bpf.o $(BUILD)/bpf/egress_bench.bpf.o

$(BUILD)/bpf/egress.bpf.o: bpf/egress.bpf.c $(BPF_HEADERS)
$(BUILD)/bpf/egress_test.bpf.o: bpf/test/egress_test.bpf.c $(BPF_HEADERS)
$(BUILD)/bpf/egress_neighbour.bpf.o: bpf/test/egress_neighbour.bpf.c
$(BUILD)/bpf/egress_bench.bpf.o: bpf/test/egress_bench.bpf.c

# The C file that embeds the object is touched: a build that found none doesn't know that there is one now.
$(BUILD)/bpf/%.bpf.o:
	@mkdir -p $(@D)
	$(BPF_CLANG) $(BPF_CFLAGS) -c $< -o $@.new
	@mv $@.new $@
	@touch Sources/CEgressObjects/objects.c

plugins: deps $(PLUGINS:%=$(BUILD)/plugins/%.so) $(SAMPLES:%=$(BUILD)/plugins/%.so)

# What the project's own modules share is compiled into each.
$(BUILD)/plugins/%.so: plugins/%/*.c plugins/include/egress_plugin.h $(wildcard plugins/lib/*.c plugins/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(PLUGIN_FLAGS) -shared $(shell pkg-config --cflags json-c) $(filter plugins/$*/%.c,$^) $(if $(filter $*,$(PLUGINS)),$(wildcard plugins/lib/*.c)) \
		$(shell pkg-config --libs json-c) -o $@

# Tried after the one above: a folder without C files.
$(BUILD)/plugins/%.so: plugins/%/*.swift plugins/%/*.h plugins/%/exports.map plugins/include/egress_plugin.h
	@mkdir -p $(@D)
	$(SWIFT_PLUGIN) -module-name $(subst -,_,$*) $(shell pkg-config --cflags json-c) -import-objc-header plugins/$*/$*.h plugins/$*/*.swift \
		$(shell pkg-config --libs json-c) -Xlinker --version-script=plugins/$*/exports.map -Xlinker -z -Xlinker defs -o $@

build: bpf plugins
	$(SWIFT) build -c $(CONFIG)

demo:
	@.ci/install build demo
	@$(MAKE) --no-print-directory build
	@EGRESS_BIN=$(BUILD)/$(CONFIG) Tests/Lab/demo

demo-api:
	@.ci/install build demo api
	@$(MAKE) --no-print-directory build
	@EGRESS_BIN=$(BUILD)/$(CONFIG) Tests/Lab/demo --api

lab:
	@.ci/install build demo
	@$(MAKE) --no-print-directory build
	@$(LAB) up $(LAB_ID)
	@EGRESS_BIN=$(BUILD)/$(CONFIG) $(LAB) start $(LAB_ID)
	@echo "the lab is up: export KUBECTL_EGRESS_SNAPSHOT=$$($(LAB) path $(LAB_ID))/cluster PATH=$$PWD/$(BUILD)/$(CONFIG):\$$PATH"
	@echo "try: kubectl-egress apply -f deploy/examples/egress-sample.yaml; $(LAB) get $(LAB_ID) mediabot; make lab-down"

lab-down:
	@$(LAB) down $(LAB_ID)

test:
	@.ci/install build demo api test image deploy
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory check
	@[ "$$(id -u)" != 0 ] || $(MAKE) --no-print-directory image
	@.ci/run-tests

test-unit: build
	@.ci/run-tests --unit

# `make test` has these too, as SanitizerTests.
test-plugins: deps
	@plugins/test/run drive
	@plugins/test/run fuzz || [ $$? = 77 ]

test-packet: build
	@.ci/run-tests --filter PacketTests

test-lab: build
	@.ci/run-tests --filter LabTests

test-deploy: build image
	@.ci/install demo api test deploy
	@.ci/run-tests --filter DeployTests

# The policy engine alone, which needs neither root nor eBPF.
bench-engine: deps
	@$(SWIFT) build -c release --product EngineBench
	@taskset -c $$(($$(nproc) - 1)) $(BUILD)/release/EngineBench $(BENCH_ROUNDS) $(BUILD)/bench.jsonl

# On one processor, so that wall time is the cost of generator, path and sink together.
bench: bpf plugins
	@$(if $(BENCH),$(MAKE) --no-print-directory bench-datapath,$(MAKE) --no-print-directory bench-engine bench-datapath bench-reading bench-labels)

# The datapath alone, or the figures that BENCH names: make bench BENCH="established tunnel IPv4"
bench-datapath: bpf
	@.ci/install demo
	@$(SWIFT) build -c release --product EgressBench
	@taskset -c $$(($$(nproc) - 1)) $(BUILD)/release/EgressBench $(BENCH_ROUNDS) $(BUILD)/bench.jsonl $(BENCH)

bench-labels: bpf plugins
	@.ci/install demo api
	@$(SWIFT) build -c release
	@if Tests/Lab/apiserver present; then EGRESS_BIN=$(BUILD)/release Tests/Lab/measure-label-change 200 $(BUILD)/bench.jsonl; fi

# Reading of snapshots beside the JSON libraries that Debian has; nothing that is shipped is linked with those.
bench-reading: deps
	@.ci/install bench
	@$(SWIFT) build -c release --product ReadingBench
	@mkdir -p $(BUILD)/reading
	@$(CC) -std=c11 -O2 -DNDEBUG -Wall -Werror -c Tests/ReadingBench/peer_json_c.c -o $(BUILD)/reading/peer_json_c.o $(shell pkg-config --cflags json-c)
	@$(CXX) -std=c++17 -O2 -DNDEBUG -Wall -Werror Tests/ReadingBench/peers.cpp $(BUILD)/reading/peer_json_c.o -o $(BUILD)/reading/peers \
		$$(pkg-config --cflags --libs json-c jansson simdjson)
	@taskset -c $$(($$(nproc) - 1)) $(BUILD)/release/ReadingBench $(BENCH_ROUNDS) $(BUILD)/bench.jsonl $(BUILD)/reading/peers

# Without a registry: needs root, Debian, and its mirror for the libraries of the image.
image:
	@.ci/install build image
	@$(MAKE) --no-print-directory bpf plugins
	@$(MAKE) --no-print-directory release
	@EGRESS_RELEASE=$(RELEASE_BIN) deploy/build-image $(VERSION)

# Programs that need no Swift where they run.
release: bpf
	$(SWIFT) build -c release --static-swift-stdlib --scratch-path $(RELEASE) --product egress-helper
	$(SWIFT) build -c release --static-swift-stdlib --scratch-path $(RELEASE) --product kubectl-egress

# A helper loads modules only from folders of root that nobody else can write: 755, as everything here.
install: plugins $(if $(FROM),,release)
	install -d -m 755 $(addprefix $(DESTDIR),$(BIN_DIR) $(INCLUDE_DIR) $(PLUGIN_DIR) $(PC_DIR) $(BASH_DIR) $(FISH_DIR) $(ZSH_DIR))
	install -m 755 $(addprefix $(or $(FROM),$(RELEASE_BIN))/,$(PROGRAMS)) completions/kubectl_complete-egress $(DESTDIR)$(BIN_DIR)
	install -m 644 $(PLUGINS:%=$(BUILD)/plugins/%.so) $(DESTDIR)$(PLUGIN_DIR)
	install -m 644 plugins/include/egress_plugin.h $(DESTDIR)$(INCLUDE_DIR)
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' plugins/kubectl-egress-plugin.pc.in >$(DESTDIR)$(PC_DIR)/kubectl-egress-plugin.pc
	chmod 644 $(DESTDIR)$(PC_DIR)/kubectl-egress-plugin.pc
	install -m 644 completions/kubectl-egress.bash $(DESTDIR)$(BASH_DIR)/kubectl-egress
	install -m 644 completions/kubectl-egress.fish $(DESTDIR)$(FISH_DIR)/kubectl-egress.fish
	install -m 644 completions/_kubectl-egress $(DESTDIR)$(ZSH_DIR)/_kubectl-egress

# Modules of others stay, and the folder with them.
uninstall:
	rm -f $(addprefix $(DESTDIR)$(BIN_DIR)/,$(PROGRAMS) kubectl_complete-egress) $(PLUGINS:%=$(DESTDIR)$(PLUGIN_DIR)/%.so)
	rm -f $(DESTDIR)$(INCLUDE_DIR)/egress_plugin.h $(DESTDIR)$(PC_DIR)/kubectl-egress-plugin.pc
	rm -f $(DESTDIR)$(BASH_DIR)/kubectl-egress $(DESTDIR)$(FISH_DIR)/kubectl-egress.fish $(DESTDIR)$(ZSH_DIR)/_kubectl-egress
	rmdir $(DESTDIR)$(PLUGIN_DIR) $(DESTDIR)$(dir $(PLUGIN_DIR)) 2>/dev/null || true

check:
	@.ci/check-layers
	@.ci/check-format

fmt:
	$(SWIFT) format -i -r --configuration .swift-format Sources Tests plugins Package.swift

# Writes golden texts anew; look at every line of the diff.
record: build
	EGRESS_RECORD=1 $(SWIFT) test --filter 'CiliumScenarioTests|RenderingGoldenTests|PluginsCommandTests|CiliumCommandTests' || true
	git diff --stat -- Tests

# How large each program may be; look at the diff.
instructions: build
	EGRESS_RECORD=1 $(SWIFT) test --filter InstructionTests
	git diff --stat -- bpf/instructions.txt

completions: build
	@$(BUILD)/$(CONFIG)/kubectl-egress completion bash >completions/kubectl-egress.bash
	@$(BUILD)/$(CONFIG)/kubectl-egress completion fish >completions/kubectl-egress.fish
	@$(BUILD)/$(CONFIG)/kubectl-egress completion zsh >completions/_kubectl-egress

clean:
	rm -rf $(BUILD)
