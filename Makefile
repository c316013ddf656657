# SPDX-License-Identifier: Apache-2.0
# make demo   builds everything and shows a pod's traffic leave by its egress IP   (root)
# make test   every test there is                                                  (root; skips say why without)
# make        builds the programs, the BPF object and the plugin modules

SWIFT        ?= swift
CONFIG       ?= debug
BUILD        := .build
# BPF is compiled by the clang that comes with Swift, not by whatever clang the system has.
SWIFT_BIN    := $(dir $(realpath $(shell command -v $(SWIFT))))
BPF_CLANG    ?= $(if $(wildcard $(SWIFT_BIN)clang),$(SWIFT_BIN)clang,clang)
MULTIARCH    := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS   := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Ibpf/include -Ibpf $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH))
PLUGINS      := static
PLUGIN_FLAGS := -std=c11 -O2 -g -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -Iplugins/include
LAB          := Tests/Lab/lab
LAB_ID       ?= play

.PHONY: all deps bpf plugins build demo lab lab-down test test-unit test-packet test-lab bench check fmt completions clean help

all: build

help:
	@sed -n '2,20s/^# //p' Makefile; echo; echo "also: bpf plugins lab lab-down test-unit test-packet test-lab bench check fmt completions clean"

deps:
	@.ci/install build

bpf: deps $(BUILD)/bpf/egress.bpf.o

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/lib/*.h) bpf/include/egress_abi.h
	@mkdir -p $(@D)
	$(BPF_CLANG) $(BPF_CFLAGS) -c $< -o $@.new
	@# SwiftPM doesn't know a first embedding from a changed one: the file that embeds is touched when the object is new.
	@[ -e $@ ] || touch Sources/CEgressObjects/objects.c
	@mv $@.new $@

plugins: deps $(PLUGINS:%=$(BUILD)/plugins/%.so)

$(BUILD)/plugins/%.so: plugins/%/*.c plugins/include/egress_plugin.h
	@mkdir -p $(@D)
	$(CC) $(PLUGIN_FLAGS) -shared $(shell pkg-config --cflags json-c) $(filter %.c,$^) $(shell pkg-config --libs json-c) -o $@

build: bpf plugins
	$(SWIFT) build -c $(CONFIG)

demo:
	@.ci/install build demo
	@$(MAKE) --no-print-directory build
	@EGRESS_BIN=$(BUILD)/$(CONFIG) Tests/Lab/demo

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
	@.ci/install build demo test
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory check
	@.ci/run-tests

test-unit: build
	@.ci/run-tests --unit

test-packet: build
	@.ci/run-tests --filter PacketTests

test-lab: build
	@.ci/run-tests --filter LabTests

bench: build
	@.ci/install demo
	@$(SWIFT) build -c release --product egress-bench
	@$(BUILD)/release/egress-bench

check:
	@.ci/check-layers
	@.ci/check-format

fmt:
	$(SWIFT) format -i -r --configuration .swift-format Sources Tests Package.swift

completions: build
	@for shell in bash zsh fish; do $(BUILD)/$(CONFIG)/kubectl-egress completion $$shell >completions/kubectl-egress.$$shell; done

clean:
	rm -rf $(BUILD)
