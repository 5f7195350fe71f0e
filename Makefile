# SPDX-License-Identifier: GPL-2.0-only
# make            build ./execsnoop
# make run        install what building needs (as root), build, trace; ARGS="-x -d 5" for options
# make install    put binary, man page, documents and completions below PREFIX (/usr/local)
# make check      install what the tests need (as root), run all tests; KERNELS=amd64 for those on all its kernels, or all
# make fuzz       fuzz the parsers; FUZZ_SECONDS=600
# make bench      measure it beside its peers (as root); ROUNDS=5 EXECS=40000 SOAK=1000000
# make check-kernels  the end-to-end tests on other kernels alone; KERNELS="amd64-6.1 arm64" for some
# make ARCH=arm64 build/arm64/execsnoop, or for another processor (packaging/toolchain.mk)
# make dist       dist/: the binaries for all of them, and SHA256SUMS
# make release    dist/: all of a release, of the tag; REV=HEAD for another commit, URL=... of the place it will be at
# make archive    dist/: a release's source archive alone
# make picture    draw docs/session.svg anew; make completions: write those of the shells
# make clean      remove what was built
# make help       show this
#
# make CC=... CROSS_COMPILE=... CPPFLAGS=... CFLAGS=-Os LDFLAGS=-s STATIC=no BPF_CLANG=... BPF_OBJECT=... PREFIX=/usr
# make DESTDIR=... sbindir=... mandir=... PROGRAM_SUFFIX=... install: as usual; docs/building.md has all variables

VERSION = 0.1

PREFIX = /usr/local
sbindir = $(PREFIX)/sbin
datadir = $(PREFIX)/share
mandir = $(datadir)/man
docdir = $(datadir)/doc/execsnoop$(PROGRAM_SUFFIX)
PROGRAM_SUFFIX =
CFLAGS = -Os
LDFLAGS = -s
STATIC = yes
CPPFLAGS =
LDLIBS =
JOBS := $(shell nproc 2>/dev/null || echo 1)

all:

BUILT = build dist execsnoop
ONLY_SHOWN = $(findstring n,$(firstword -$(MAKEFLAGS)))
$(if $(and $(filter clean,$(MAKECMDGOALS)),$(filter-out clean,$(MAKECMDGOALS))),$(if $(ONLY_SHOWN),,$(shell rm -rf $(BUILT))))

include packaging/toolchain.mk

FOLDERS = kernel source reader show run lib
SOURCES = main.c loader.c elf.c $(wildcard $(FOLDERS:%=%/*.c))
HEADERS = $(wildcard *.h bpf/*.h $(FOLDERS:%=%/*.h))
BPF_HEADERS = $(wildcard bpf/*.h)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embed.o

# Another compiler finds other conversions, and another libc has other types.
WARNINGS = -Wall -Wextra $(if $(filter debian,$(KIND)),-Wshadow -Wconversion)
OWN_CFLAGS = $(TARGET_FLAGS) -std=c11 -D_GNU_SOURCE -iquote . $(WARNINGS) -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-stack-protector $(HEADER_FLAGS)
COMPILE = $(CC) $(OWN_CFLAGS) $(CPPFLAGS) $(CFLAGS)
OWN_LDFLAGS = $(TARGET_FLAGS) $(STATIC_FLAG) -Wl,--gc-sections $(LINK_FLAGS)
LINK = $(CC) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS)
BPF_CFLAGS = -mcpu=v1 -O2 -Wall -Wextra -Wshadow -iquote . -nostdinc -isystem $(BUILD)/include

all: $(BINARY)

$(BINARY): $(OBJECTS) packaging/discard.ld
	$(LINK) -o $@ $(LINK_BEGIN) $(OBJECTS) $(LDLIBS) $(LINK_END)

$(BUILD)/prog.o: prog.bpf.c $(BPF_HEADERS) $(TOOLS) | $(BUILD)/include
	$(BPF_CLANG) --target=$(BPF_ORDER) $(BPF_CFLAGS) -c -o $@ $<

# The BPF program, packed; a prebuilt one may be so already.
$(BUILD)/prog.o.lz4: $(or $(BPF_OBJECT),$(BUILD)/prog.o) $(TOOLS)
	$(if $(filter %.lz4,$<),cp $< $@,lz4 -q -f -12 -B7 --no-frame-crc --content-size $< $@)
	@touch $@ # lz4 gives it the time of the other

$(BUILD)/embed.o: bpf/embed.S $(BUILD)/prog.o.lz4
	$(CC) $(TARGET_FLAGS) $(CFLAGS) -c -I$(BUILD) -o $@ $<

# Every byte of every argument goes through these.
$(BUILD)/show/escape.o $(BUILD)/show/utf8.o: COMPILE += $(patsubst -Os,-O2,$(filter -Os,$(CFLAGS)))

# What --version and --check say. It changes only if they would say something else. In a source archive, the commit stands in a
# file, where git archive put it.
COMMIT := $(or $(filter-out $$%,$(shell cat packaging/commit)),\
	$(shell git -c safe.directory="*" describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null))
VERSION_H = \#define VERSION "$(VERSION)"\n\#define TARGET "$(TARGET)"\n\#define COMMIT "$(COMMIT)"\n\
\#define LINKAGE "$(if $(STATIC_FLAG),static,dynamic)"\n
ifdef TOOLS
$(shell printf '$(VERSION_H)' | cmp -s - $(BUILD)/version.h || printf '$(VERSION_H)' >$(BUILD)/version.h)
endif

$(BUILD)/run/run.o $(BUILD)/run/check.o: $(BUILD)/version.h
$(BUILD)/run/run.o $(BUILD)/run/check.o: COMPILE += -I$(BUILD)

$(BUILD)/%.o: %.c $(TOOLS) | $(BUILD)/include
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# Under another name, the man page and the completions are for that name, too.
NAMED = sed -e 's/^\(\.B \|\#compdef \|complete -c \|complete -o filenames -F _execsnoop \|\)execsnoop\( \|$$\)/\1execsnoop$(PROGRAM_SUFFIX)\2/' \
	-e 's/^\.TH EXECSNOOP/&$(PROGRAM_SUFFIX)/'
FILES = docs/execsnoop.8:$(mandir)/man8/execsnoop$(PROGRAM_SUFFIX).8 \
	packaging/completions/execsnoop.bash:$(datadir)/bash-completion/completions/execsnoop$(PROGRAM_SUFFIX) \
	packaging/completions/_execsnoop:$(datadir)/zsh/site-functions/_execsnoop$(PROGRAM_SUFFIX) \
	packaging/completions/execsnoop.fish:$(datadir)/fish/vendor_completions.d/execsnoop$(PROGRAM_SUFFIX).fish
install: install-binary
	install -d "$(DESTDIR)$(docdir)"
	install -m 644 README.md CHANGELOG.md LICENSE $(wildcard docs/*.md docs/*.json docs/*.svg) "$(DESTDIR)$(docdir)"
	for f in $(FILES); do \
		to="$(DESTDIR)$${f#*:}" && install -d "$${to%/*}" && $(NAMED) "$${f%%:*}" >"$$to" && chmod 644 "$$to" || exit; \
	done

# The program alone, for small systems.
install-binary: $(BINARY)
	install -d "$(DESTDIR)$(sbindir)"
	install -m 755 $(BINARY) "$(DESTDIR)$(sbindir)/execsnoop$(PROGRAM_SUFFIX)"

completions:
	mkdir -p packaging/completions
	python3 packaging/completions.py packaging/completions

run:
	@sh packaging/packages.sh $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) execsnoop
	./execsnoop $(ARGS)

# The picture in the README, of a real session (as root).
SESSION = tar -czf /tmp/etc.tgz -C /etc hostname hosts; env sort /etc/hosts | wc -l; rm /tmp/etc.tgz
picture: execsnoop
	env -i PATH=/usr/local/bin:/usr/bin:/bin ./execsnoop -x --tree --color always -- /bin/sh -c "$(SESSION)" 2>&1 >/dev/null | \
		python3 packaging/picture.py "execsnoop -x --tree -- sh -c '$(SESSION)'" >docs/session.svg

help:
	@sed -n 's/^# \(make.*\)/\1/p; /^$$/q' Makefile

version:
	@echo $(VERSION)

# Among other goals it is done first, above.
clean:
	$(if $(filter-out clean,$(MAKECMDGOALS)),@:,rm -rf $(BUILT))

.PHONY: all help version completions install install-binary run picture clean
.DELETE_ON_ERROR:

include packaging/release.mk tests/tests.mk
-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)
