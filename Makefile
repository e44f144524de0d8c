# SPDX-License-Identifier: Apache-2.0
# leader-agent: `make help` lists the targets. Objects go to $(O); nothing is written beside the sources.

VERSION := 0.1.0
PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= /usr/lib/systemd/system
SAN ?=
CI ?=
O ?= build$(if $(SAN),-san)

CC ?= gcc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wswitch-enum -Wvla \
        -Wundef -Wpointer-arith -Wwrite-strings
ifneq ($(CI)$(WERROR),)
WARNINGS += -Werror
endif
comma := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

PC := libcurl openssl json-c libsystemd libconfig libfyaml
TEST_PC := libmicrohttpd cmocka
# What compiler and linters must agree on.
DIALECT := -std=gnu17 -D_GNU_SOURCE -Iinclude -Iagent -DAGENT_VERSION='"$(VERSION)"'
# Read back from the binaries by tests/check_hardening.sh. Another compiler or processor leaves out what it does not know; whoever
# builds packages brings _FORTIFY_SOURCE along; it needs an optimizer, and hides from the sanitizers.
knows = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))
ifndef HARDENING
export HARDENING := -fPIE -fstack-protector-strong $(foreach f,-fstack-clash-protection -fcf-protection \
        -ftrivial-auto-var-init=zero,$(call knows,$(f)))
endif
FORTIFY := $(if $(SAN)$(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),,$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-D_FORTIFY_SOURCE=3))
ALL_CFLAGS := $(DIALECT) -MMD -MP -fno-strict-aliasing $(HARDENING) $(FORTIFY) $(WARNINGS) $(SANFLAGS) $(CFLAGS) $(CPPFLAGS)
# The guard has no JSON, no network, no YAML: it is linked with libsystemd alone, and fails to link if that changes.
LIBS_GUARD := -lsystemd
LIBS_AGENT := -lcurl -lssl -lcrypto -ljson-c -lsystemd -lconfig -lfyaml
LIBS_TEST := -lcmocka -lmicrohttpd $(LIBS_AGENT) -lpthread
ALL_LDFLAGS := -pie -Wl,--as-needed -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections $(SANFLAGS) $(LDFLAGS)

MODULES := base core codec adapter
LIB_SRC := $(foreach m,$(MODULES),$(wildcard agent/$(m)/*.c))
# What core and codecs call without becoming impure.
PURE_SRC := $(foreach n,terms timing retry unit_list restarts,agent/base/$(n).c)
DAEMON_SRC := $(wildcard agent/daemon/*.c)
GUARD_SRC := $(wildcard agent/guard/*.c)
CTL_SRC := $(wildcard agent/ctl/*.c)
EXEC_SRC := $(wildcard agent/exec/*.c)
TESTLIB_SRC := $(wildcard tests/lib/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
INTEGRATION_SRC := $(wildcard tests/integration/test_*.c)
obj = $(patsubst %.c,$(O)/%.o,$(1))

BIN := $(O)/leader-agent $(O)/leader-guard $(O)/leader-agent-exec $(O)/leaderctl
UNIT_BIN := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(UNIT_SRC))
INTEGRATION_BIN := $(patsubst tests/integration/%.c,$(O)/tests/integration/%,$(INTEGRATION_SRC))

# V=1 shows the commands.
say = $(if $(V),,@echo '  $(1) $(2)' && )

.DEFAULT_GOAL := all
.SECONDARY:
.PHONY: all
all: $(BIN)

# Where instants and numbers of the protocol are computed no conversion is silent.
$(O)/agent/base/%.o $(O)/agent/core/%.o: STRICT := -Wconversion

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) $(STRICT) -ffunction-sections -fdata-sections -c -o $@ $<

$(O)/libagent.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(call say,AR,$@)ar qcs $@ $^

$(O)/leader-agent: $(call obj,$(DAEMON_SRC)) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_AGENT)

$(O)/leader-guard: $(call obj,$(GUARD_SRC)) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_GUARD)

# Runs what others wrote, and needs nothing for it but libc.
$(O)/leader-agent-exec: $(call obj,$(EXEC_SRC)) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(O)/leaderctl: $(call obj,$(CTL_SRC)) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_AGENT)

# The parts that main() wires are linked into tests without the mains.
$(O)/libshell.a: $(call obj,$(filter-out %/main.c,$(DAEMON_SRC) $(GUARD_SRC) $(CTL_SRC)))
	@rm -f $@
	$(call say,AR,$@)ar qcs $@ $^

$(O)/libtest.a: $(call obj,$(TESTLIB_SRC))
	@rm -f $@
	$(call say,AR,$@)ar qcs $@ $^

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(O)/libtest.a $(O)/libshell.a $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TEST)

# Its allocators fail on demand.
$(O)/tests/unit/test_agent_conf $(O)/tests/unit/test_exec_credential: ALL_LDFLAGS += $(foreach f,calloc malloc realloc reallocarray strdup,-Wl,--wrap=$(f))

$(O)/tests/unit/test_agent_sign: ALL_LDFLAGS += -Wl,--wrap=kube_placeholder_get

$(O)/tests/integration/%: $(O)/tests/integration/%.o $(O)/libtest.a $(O)/libshell.a $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TEST)

# ---- tests: each rung prints its own count, `make check` the sum ----

export CI RESULTS
RUN := tests/run.sh
FORMATTED := $(wildcard agent/*/*.[ch] include/*/*.h tests/*/*.[ch])

.PHONY: setup check check-all check-unit check-integration check-layers check-docs check-san fmt check-fmt lint install uninstall clean help

setup: ; @tests/setup.sh

# What CI runs and what the README names: sets up, builds with warnings as errors, climbs the whole ladder.
check:
	@tests/setup.sh || test -z "$(CI)"
	@rm -f build/results; mkdir -p build
	+@$(MAKE) --no-print-directory check-all WERROR=1 RESULTS=$(CURDIR)/build/results; rc=$$?; \
	    tests/run.sh --sum build/results && exit $$rc

# As many compilers as processors, where no make above hands out jobs.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# The integration tests wait most of the time: beside them, at the lowest priority, goes what computes.
check-all:
	+$(MAKE) $(JOBS) check-programs
	+$(MAKE) check-fmt lint check-layers check-docs check-unit
	+$(MAKE) -j$$(($$(nproc) + 1)) check-integration san-programs
	+$(MAKE) check-san
	+$(MAKE) $(EXTRA_CHECKS)
	+$(MAKE) $(LAST_CHECKS)

.PHONY: test-programs check-programs san-programs san-computes
test-programs: $(UNIT_BIN) $(INTEGRATION_BIN)

# All that the rungs of check-san run.
check-programs: all test-programs

check-unit: $(UNIT_BIN)
	@$(RUN) $(UNIT_BIN)

# They wait most of the time, and each has its own servers, ports, buses and directories: side by side, what takes longest
# first.
LONG_BIN := $(foreach t,kube_trouble kube_exec kube kube_watch exec guard http fence,$(O)/tests/integration/test_$(t))
check-integration: $(INTEGRATION_BIN) $(BIN) $(INTEGRATION_NEEDS)
	@O=$(O) RUN_JOBS=$$((2 * $$(nproc))) $(RUN) $(LONG_BIN) $(filter-out $(LONG_BIN),$(INTEGRATION_BIN)) \
	    $(wildcard tests/integration/test_*.sh)

check-layers: $(BIN)
	@$(RUN) "tests/check_layers.sh $(O)" $(if $(SAN),,"tests/check_hardening.sh $(O)" "tests/check_sbom.sh $(VERSION) $(BIN)")

# What the programs are made of (SPDX 2.3); SOURCE_DATE_EPOCH: its time.
.PHONY: sbom
sbom: $(BIN)
	$(call say,SBOM,$(O)/leader-agent.spdx.json)tools/sbom.sh $(VERSION) $(BIN) >$(O)/leader-agent.spdx.json

# The manual pages and docs/JOURNAL.md tell of every key, field and message id, and of no other.
check-docs: ; @$(RUN) tests/check_docs.sh

# Unit, model, simulation and integration tests again, under the address and undefined-behaviour sanitizers.
check-san: san-programs
	+@$(MAKE) --no-print-directory SAN=1 check-unit
	+@$(MAKE) --no-print-directory SAN=1 BOUNDS=few -j2 check-integration san-computes

san-programs:
	+@nice -n 19 $(MAKE) --no-print-directory SAN=1 $(JOBS) check-programs

san-computes:
	+@nice -n 19 $(MAKE) --no-print-directory check-model check-sim check-holes

fmt: ; clang-format-14 -i $(FORMATTED)

check-fmt: ; @$(RUN) "tests/check_fmt.sh $(FORMATTED)"

# LINT="FILE…": only these.
LINT :=
lint: export DIALECT := $(DIALECT)
lint: ; @TEST_TIMEOUT=900 $(RUN) "tests/lint.sh $(LINT)"

# ---- installing ----

# What install writes and uninstall removes, MODE:SOURCE:TARGET. The configuration is not in it: it is the operator's.
DOCDIR := $(PREFIX)/share/doc/leader-agent
INSTALLED := 0755:$(O)/leader-agent:$(PREFIX)/sbin/leader-agent 0755:$(O)/leader-guard:$(PREFIX)/sbin/leader-guard \
        0755:$(O)/leader-agent-exec:$(PREFIX)/sbin/leader-agent-exec 0755:$(O)/leaderctl:$(PREFIX)/bin/leaderctl \
        $(foreach f,$(wildcard units/*.service units/*.socket units/*.timer),0644:$(f):$(UNITDIR)/$(notdir $(f))) \
        0644:units/leader-agent.sysusers:/usr/lib/sysusers.d/leader-agent.conf \
        0644:units/leader-agent.tmpfiles:/usr/lib/tmpfiles.d/leader-agent.conf \
        0644:units/leader-agent.catalog:/usr/lib/systemd/catalog/leader-agent.catalog \
        0644:units/io.leaderagent.Agent1.conf:/usr/share/dbus-1/system.d/io.leaderagent.Agent1.conf \
        $(foreach f,leader-agent.conf rbac.yaml flowschema.yaml,0644:conf/$(f):$(DOCDIR)/$(f)) \
        $(foreach n,$(basename $(notdir $(wildcard docs/man/*.scd))),\
            0644:docs/man/$(n).scd:$(PREFIX)/share/man/man$(subst .,,$(suffix $(n)))/$(n))
CONFDIR := $(DESTDIR)$(SYSCONFDIR)/leader-agent
# What journalctl -x reads is a database made of all catalogs. In a package the system's trigger does that on each host.
UPDATE_CATALOG := $(if $(DESTDIR),,@journalctl --update-catalog || echo 'journalctl -x does not know the new catalog yet' >&2)

# Each is written beside its place and then renamed, whole and with its mode: dbus-daemon reads a policy as soon as there is one,
# and whoever runs a program or reads a unit file must not find half of it either.
install: all
	@command -v scdoc >/dev/null || echo 'install: scdoc is missing, so there are no manual pages' >&2
	@for f in $(INSTALLED); do \
	    mode=$${f%%:*}; target=$(DESTDIR)$${f##*:}; f=$${f#*:}; f=$${f%:*}; \
	    case $$f in *.scd) command -v scdoc >/dev/null || continue ;; esac; \
	    echo "  $$target"; install -d $${target%/*} && case $$f in \
	        *.scd) scdoc <$$f ;; \
	        units/*.service) sed 's|@SBINDIR@|$(PREFIX)/sbin|g; s|@BINDIR@|$(PREFIX)/bin|g' $$f ;; \
	        *) cat $$f ;; \
	    esac >$$target.new && chmod $$mode $$target.new && mv -f $$target.new $$target || { rm -f $$target.new; exit 1; }; \
	done
	@install -d $(CONFDIR) $(CONFDIR)/conf.d
	@c=$(CONFDIR)/leader-agent.conf; test -e $$c || { \
	    echo "  $$c"; install -m 0644 conf/leader-agent.conf $$c.new && mv $$c.new $$c; }
	$(UPDATE_CATALOG)

# The units are to be stopped and no longer enrolled (README.md, "Uninstall").
uninstall:
	@rm -f $(foreach f,$(INSTALLED),$(DESTDIR)$(lastword $(subst :, ,$(f))))
	$(UPDATE_CATALOG)
	@test ! -d $(DESTDIR)$(DOCDIR) || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DOCDIR)
	@test ! -d $(CONFDIR) || echo 'uninstall: left is $(CONFDIR): your configuration'
	@test ! -d $(DESTDIR)/var/lib/leader-agent || \
	    echo 'uninstall: left is $(DESTDIR)/var/lib/leader-agent: the identity of this host and what it has claimed'
	@test ! -d $(DESTDIR)/var/lib/leader-agent-exec || \
	    echo 'uninstall: left is $(DESTDIR)/var/lib/leader-agent-exec: what credential plugins keep'
	@for f in $(DESTDIR)/etc/systemd/system/*.d/zz-leader-agent.conf; do test ! -e $$f || \
	    echo "uninstall: left is $$f: its unit never starts while this is there"; done

clean: ; rm -rf build build-san

help:
	@echo 'make            leader-agent, leader-guard, leader-agent-exec and leaderctl into $(O)/'
	@echo 'make demo       three real hosts, one operator: watch a takeover (root)'
	@echo 'make check      install what is missing, build, run every test'
	@echo 'make check-unit check-integration check-layers check-model check-e2e ...   one rung (CONTRIBUTING.md)'
	@echo 'make check-inject   one call fails in the real daemons (root); INJECT=all: every call; INJECT=RUN: one, as it was printed'
	@echo 'make promise-table   two leaders per fault: what bounds it, the worst simulated and on real hosts'
	@echo 'make fuzz       MINUTES=n [FUZZ="NAME ..."]   longer than check-fuzz; fuzz-merge, fuzz-coverage: tests/fuzz/module.mk'
	@echo 'make install    DESTDIR= PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR) UNITDIR=$(UNITDIR); make uninstall: the same'
	@echo 'make sbom       what the programs are made of: $(O)/leader-agent.spdx.json'
	@echo 'make fmt | check-fmt | lint | check-docs | clean         SAN=1: with sanitizers, into build-san/'
	@echo 'V=1: show the commands      WERROR=1: warnings are errors      O=DIR: build elsewhere'

include $(wildcard tests/*/module.mk)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
