# SPDX-License-Identifier: GPL-2.0-only
# make            build ./execsnoop
# make run        install what building needs (as root), build, trace; ARGS="-x -d 5" for options
# make check      install what the tests need (as root), run all tests; KERNELS=amd64 for those on all its kernels, or all
# make fuzz       fuzz the parsers; FUZZ_SECONDS=600
# make bench      measure it beside its peers (as root); ROUNDS=5 EXECS=40000 SOAK=1000000
# make check-kernels  the end-to-end tests on other kernels alone; KERNELS="amd64-6.1 arm64" for some
# make ARCH=arm64 build/arm64/execsnoop, or for another architecture (below)
# make dist       dist/: all of them, and SHA256SUMS
# make install    put binary, man page and documents below PREFIX (/usr/local)
# make picture    draw docs/session.svg anew; make completions: write those of the shells
# make clean      remove what was built
# make help       show this

CLANG = clang-19

# What it is built for, on amd64: musl's name for it, GNU's for the compiler's library, GNU's for the kernel's headers,
# BPF's byte order, the version of the compiler's library, the suite of Debian that has these, flags.
ARCH = amd64
amd64 = x86_64-linux-musl x86_64-linux-gnu x86_64-linux-gnu bpfel 12 bookworm
arm64 = aarch64-linux-musl aarch64-linux-gnu aarch64-linux-gnu bpfel 12 bookworm
armhf = arm-linux-musleabihf arm-linux-gnueabihf arm-linux-gnueabihf bpfel 12 bookworm -march=armv7-a -mfpu=vfpv3-d16
armel = arm-linux-musleabi arm-linux-gnueabi arm-linux-gnueabi bpfel 12 bookworm -march=armv5te -mthumb
i386 = i386-linux-musl i686-linux-gnu i386-linux-gnu bpfel 12 bookworm
s390x = s390x-linux-musl s390x-linux-gnu s390x-linux-gnu bpfeb 12 bookworm
ppc64el = powerpc64le-linux-musl powerpc64le-linux-gnu powerpc64le-linux-gnu bpfel 12 bookworm
mipsel = mipsel-linux-musl mipsel-linux-gnu mipsel-linux-gnu bpfel 12 bookworm
mips64el = mips64el-linux-musl mips64el-linux-gnuabi64 mips64el-linux-gnuabi64 bpfel 12 bookworm
riscv64 = riscv64-linux-musl riscv64-linux-gnu riscv64-linux-gnu bpfel 14 sid
loong64 = loongarch64-linux-musl loongarch64-linux-gnu loongarch64-linux-gnu bpfel 14 sid
ARCHES = amd64 arm64 armhf armel i386 s390x ppc64el mipsel mips64el riscv64 loong64
ifeq ($(filter $(ARCH),$(ARCHES)),)
$(error ARCH=$(ARCH) is none of $(ARCHES))
endif
TRIPLE = $(word 1,$($(ARCH)))
GNU = $(word 2,$($(ARCH)))
GNU_HEADERS = $(word 3,$($(ARCH)))
BPF_ORDER = $(word 4,$($(ARCH)))
GCC = $(word 5,$($(ARCH)))
SUITE = $(word 6,$($(ARCH)))
ARCH_FLAGS = $(wordlist 7,99,$($(ARCH)))

# Where its libraries and headers are: installed, or in a directory of their own.
ifeq ($(ARCH),amd64)
BUILD = build
ROOT =
BINARY = execsnoop
else
BUILD = build/$(ARCH)
ROOT = $(BUILD)/root
BINARY = $(BUILD)/execsnoop
endif
MUSL = $(ROOT)/usr/lib/$(TRIPLE)
LIBGCC = $(ROOT)/usr/lib/gcc/$(GNU)/$(GCC)/libgcc.a $(ROOT)/usr/lib/gcc/$(GNU)/$(GCC)/libgcc_eh.a

BUILD_PACKAGES = clang-19 lld-19 lz4 musl-dev libgcc-12-dev linux-libc-dev
TEST_PACKAGES = unicode-data libclang-rt-19-dev libc6-dev llvm-19 binutils bpftool procps strace util-linux jq runc busybox-static \
	gcc mandoc docker.io libcap2-bin zsh fish rsyslog logrotate systemd bsdutils python3-yaml \
	python3-jsonschema tmux

KERNEL_PACKAGES = qemu-system-x86 qemu-system-arm qemu-system-mips qemu-system-ppc qemu-system-misc busybox-static cpio \
	zstd debian-archive-keyring

FOLDERS = kernel source reader show run lib
SOURCES = main.c loader.c elf.c $(wildcard $(FOLDERS:%=%/*.c))
HEADERS = $(wildcard *.h bpf/*.h $(FOLDERS:%=%/*.h))
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embed.o

VERSION = 0.1
COMMIT := $(shell git -c safe.directory="*" describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null)

WARNINGS = -Wall -Wextra -Wshadow -Wconversion
# musl alone: none of the host's headers but the kernel's (include/ links to them).
CFLAGS = --target=$(TRIPLE) $(ARCH_FLAGS) -std=c11 -D_GNU_SOURCE -iquote . -Os $(WARNINGS) \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-stack-protector \
	-nostdinc -isystem $(shell $(CLANG) -print-resource-dir)/include -isystem $(ROOT)/usr/include/$(TRIPLE) \
	-isystem $(BUILD)/include
LDFLAGS = --target=$(TRIPLE) $(ARCH_FLAGS) -static -nostdlib -fuse-ld=lld-19 -Wl,--gc-sections -Wl,-s \
	-Wl,--build-id=none -Wl,-T,packaging/discard.ld
BPF_HEADERS = $(wildcard bpf/*.h)
BPF_CFLAGS = -target $(BPF_ORDER) -mcpu=v1 -O2 -Wall -Wextra -Wshadow -iquote . -nostdinc -isystem $(BUILD)/include

all: $(BINARY)

$(BINARY): $(OBJECTS) packaging/discard.ld
	$(CLANG) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(OBJECTS) \
		-Wl,--start-group $(MUSL)/libc.a $(LIBGCC) -Wl,--end-group $(MUSL)/crtn.o

$(BUILD)/include: $(ROOT)
	mkdir -p $@
	ln -sfn $(abspath $(ROOT)/usr/include/linux) $@/linux
	ln -sfn $(abspath $(ROOT)/usr/include/asm-generic) $@/asm-generic
	ln -sfn $(abspath $(ROOT)/usr/include/$(GNU_HEADERS)/asm) $@/asm

ifneq ($(ROOT),)
$(ROOT):
	sh packaging/debian.sh unpack $(SUITE) $(ARCH) $@ musl-dev libgcc-$(GCC)-dev linux-libc-dev
endif

$(BUILD)/prog.o: prog.bpf.c $(BPF_HEADERS) | $(BUILD)/include
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/prog.o.lz4: $(BUILD)/prog.o
	lz4 -q -f -12 -B7 --no-frame-crc --content-size $< $@

$(BUILD)/embed.o: bpf/embed.S $(BUILD)/prog.o.lz4
	$(CLANG) --target=$(TRIPLE) $(ARCH_FLAGS) -c -I$(BUILD) -o $@ $<

# Every byte of every argument goes through these.
$(BUILD)/show/escape.o $(BUILD)/show/utf8.o: CFLAGS += -O2

# What --version and --check say. It changes only if they would say something else.
VERSION_H = \#define VERSION "$(VERSION)"\n\#define TARGET "$(TRIPLE)"\n\#define COMMIT "$(COMMIT)"\n
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '$(VERSION_H)' | cmp -s - $@ || printf '$(VERSION_H)' >$@
FORCE:

$(BUILD)/run/run.o $(BUILD)/run/check.o: $(BUILD)/version.h
$(BUILD)/run/run.o $(BUILD)/run/check.o: CFLAGS += -I$(BUILD)

$(BUILD)/%.o: %.c | $(BUILD)/include
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) -MMD -MP -c -o $@ $<

# A binary for each architecture, and what they are to be checked by.
dist:
	@sh packaging/packages.sh $(BUILD_PACKAGES) debian-archive-keyring
	rm -rf dist
	mkdir dist
	for arch in $(ARCHES); do $(MAKE) --no-print-directory -s ARCH=$$arch to-dist || exit; done
	cd dist && sha256sum * >SHA256SUMS

to-dist: $(BINARY)
	cp $(BINARY) dist/execsnoop-$(ARCH)

PREFIX = /usr/local
DOCUMENTS = $(wildcard docs/*.md docs/*.json)
COMPLETIONS = packaging/completions
install: $(BINARY)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/sbin/execsnoop
	install -D -m 644 docs/execsnoop.8 $(DESTDIR)$(PREFIX)/share/man/man8/execsnoop.8
	install -d $(DESTDIR)$(PREFIX)/share/doc/execsnoop
	install -m 644 README.md CHANGELOG.md LICENSE $(DOCUMENTS) $(DESTDIR)$(PREFIX)/share/doc/execsnoop
	install -D -m 644 $(COMPLETIONS)/execsnoop.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/execsnoop
	install -D -m 644 $(COMPLETIONS)/_execsnoop $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_execsnoop
	install -D -m 644 $(COMPLETIONS)/execsnoop.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/execsnoop.fish

completions:
	mkdir -p $(COMPLETIONS)
	python3 packaging/completions.py $(COMPLETIONS)

run:
	@sh packaging/packages.sh $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory -s execsnoop
	./execsnoop $(ARGS)

# The picture in the README, of a real session (as root).
SESSION = tar -czf /tmp/etc.tgz -C /etc hostname hosts; env sort /etc/hosts | wc -l; rm /tmp/etc.tgz
picture: execsnoop
	env -i PATH=/usr/local/bin:/usr/bin:/bin ./execsnoop -x --tree --color always -- /bin/sh -c "$(SESSION)" 2>&1 >/dev/null | \
		python3 packaging/picture.py "execsnoop -x --tree -- sh -c '$(SESSION)'" >docs/session.svg

# ---- tests ----

# The unit tests run with the host's libc and the sanitizers.
TEST_CFLAGS = -std=c11 -D_GNU_SOURCE -iquote . -g -O1 -Wall -Wextra -Wshadow -fsanitize=address,undefined \
	-fno-sanitize-recover=all
UNITS = elf_test lz4_test layout_test states_test floor_test event_test print_test options_test loader_test \
	format_test wctype_test machine_test reads_test names_test image_test paths_test
elf_test_SOURCES = elf.c lib/error.c lib/format.c
lz4_test_SOURCES = lib/lz4.c
layout_test_SOURCES = kernel/layout.c kernel/places.c
paths_test_SOURCES = kernel/paths.c kernel/places.c
states_test_SOURCES = kernel/states.c kernel/places.c
floor_test_SOURCES = elf.c lib/error.c lib/format.c
event_test_SOURCES = source/records.c source/parts.c source/more.c source/path.c kernel/ttys.c reader/merge.c reader/assembly.c reader/exec.c reader/remote.c reader/ring.c \
	kernel/chunk.c lib/files.c lib/error.c lib/format.c lib/timestamp.c
FIELDS = $(addprefix show/,fields.c columns.c keys.c chain.c strings.c users.c cgroup_paths.c container.c end.c escape.c output.c stream.c rotate.c utf8.c errname.c \
	signame.c)
print_test_SOURCES = run/filter.c source/ids.c $(addprefix show/,print.c text.c json.c tree.c) $(FIELDS) reader/exec.c reader/lives.c \
	lib/say.c lib/wctype.c lib/error.c lib/format.c lib/timestamp.c
options_test_SOURCES = run/command_line.c run/values.c source/ids.c $(FIELDS) lib/say.c lib/timestamp.c lib/error.c lib/format.c
names_test_SOURCES = show/users.c show/cgroup_paths.c show/container.c kernel/ttys.c lib/files.c lib/format.c lib/timestamp.c
image_test_SOURCES = source/image.c source/details.c kernel/process_status.c kernel/ttys.c reader/exec.c reader/remote.c lib/files.c \
	lib/timestamp.c lib/error.c lib/format.c
loader_test_SOURCES = loader.c source/members.c lib/files.c lib/error.c lib/format.c
format_test_SOURCES = lib/format.c lib/say.c
wctype_test_SOURCES =
reads_test_SOURCES = elf.c lib/error.c lib/format.c
machine_test_SOURCES = kernel/user.c kernel/cpulist.c lib/timestamp.c show/tz.c loader.c lib/error.c lib/format.c

# What the end-to-end tests execute, and layout_live: static, as the product.
GUESTS = $(BUILD)/tests/nothing $(BUILD)/tests/call $(BUILD)/tests/storm $(BUILD)/tests/flood $(BUILD)/tests/hostile $(BUILD)/tests/btf \
	$(BUILD)/tests/busy $(BUILD)/tests/live $(BUILD)/tests/ends
# A 32-bit one, where there may be such.
amd64_32 = i386-linux-gnu
arm64_32 = armv7-linux-gnueabihf
mips64el_32 = mipsel-linux-gnu
EXEC32 = $(if $($(ARCH)_32),$(BUILD)/tests/exec32)
LINK = $(CLANG) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $^ \
	-Wl,--start-group $(MUSL)/libc.a $(LIBGCC) -Wl,--end-group $(MUSL)/crtn.o

$(BUILD)/tests/%.o: tests/%.c | $(BUILD)/include
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) -Wno-sign-conversion -MMD -MP -c -o $@ $<

$(GUESTS) $(BUILD)/tests/bench $(BUILD)/tests/attempts: %: %.o
	$(LINK)

$(BUILD)/tests/bench: $(event_test_SOURCES:%.c=$(BUILD)/%.o)

$(BUILD)/tests/attempts: $(addprefix $(BUILD)/,run/sandbox.o loader.o lib/error.o lib/format.o)

$(BUILD)/tests/exec32: tests/exec32.S
	@mkdir -p $(@D)
	$(CLANG) --target=$($(ARCH)_32) -nostdlib -static -fuse-ld=lld-19 -o $@ $<

$(BUILD)/tests/layout_live: $(BUILD)/tests/layout_live.o $(filter-out $(BUILD)/main.o,$(OBJECTS))
	$(LINK)

.SECONDEXPANSION:
$(UNITS:%=$(BUILD)/tests/%): $(BUILD)/tests/%: tests/%.c $$($$*_SOURCES) tests/check.h $(HEADERS)
	@mkdir -p $(@D)
	$(CLANG) $(TEST_CFLAGS) -o $@ $< $($*_SOURCES)

# Fuzzers: each of a parser, with libFuzzer and the sanitizers.
FUZZERS = elf lz4 records tracefs proc events zone escape options names
elf_FUZZED = elf.c lib/error.c lib/format.c
lz4_FUZZED = lib/lz4.c
records_FUZZED = $(sort $(print_test_SOURCES) $(event_test_SOURCES))
tracefs_FUZZED = kernel/tracefs.c lib/files.c lib/error.c lib/format.c
proc_FUZZED = kernel/cpulist.c lib/files.c lib/timestamp.c lib/error.c lib/format.c
events_FUZZED = source/sample.c source/connector.c source/taskstats.c source/image.c source/details.c source/pipe.c kernel/process_status.c kernel/ttys.c \
	reader/exec.c reader/remote.c lib/files.c lib/timestamp.c lib/error.c lib/format.c
zone_FUZZED = show/tz.c lib/format.c
escape_FUZZED = show/escape.c show/utf8.c show/output.c show/stream.c show/rotate.c lib/say.c lib/timestamp.c lib/error.c lib/format.c
names_FUZZED = show/users.c show/container.c
options_FUZZED = $(options_test_SOURCES)
FUZZERS_BUILT = $(FUZZERS:%=$(BUILD)/fuzz/%)

$(FUZZERS_BUILT): $(BUILD)/fuzz/%: tests/fuzz/%.c $$($$*_FUZZED) $(HEADERS)
	@mkdir -p $(@D)
	$(CLANG) $(TEST_CFLAGS) -fsanitize=fuzzer -o $@ $< $($*_FUZZED)

# The whole program with the sanitizers and the host's libc, for the same tests as the product.
SANITIZED = $(BUILD)/sanitized/execsnoop
$(SANITIZED): $(SOURCES) $(HEADERS) $(BUILD)/version.h bpf/embed.S $(BUILD)/prog.o.lz4
	@mkdir -p $(@D)
	$(CLANG) $(TEST_CFLAGS) -I$(BUILD) -o $@ $(SOURCES) bpf/embed.S

# For longer than make check does: FUZZ_SECONDS each.
FUZZ_SECONDS = 60
fuzz:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory $(FUZZERS_BUILT)
	@sh tests/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS)

# The same program for the other byte order.
$(BUILD)/tests/prog-be.o: prog.bpf.c $(BPF_HEADERS) | $(BUILD)/include
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS:bpfel=bpfeb) -c -o $@ $<

tests: execsnoop $(UNITS:%=$(BUILD)/tests/%) $(GUESTS) $(EXEC32) $(BUILD)/tests/layout_live $(BUILD)/tests/bench $(BUILD)/tests/attempts \
	$(BUILD)/tests/prog-be.o $(FUZZERS_BUILT) $(SANITIZED)

# One of those that make check-kernels boots.
check: KERNELS = amd64-6.1
check:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(TEST_PACKAGES) $(KERNEL_PACKAGES)
	@$(MAKE) --no-print-directory tests
	@sh tests/run \
		"$(BUILD)/tests/elf_test $(BUILD)/prog.o $(BUILD)/tests/prog-be.o" \
		"$(BUILD)/tests/lz4_test $(BUILD)/prog.o.lz4 $(BUILD)/prog.o" \
		"$(BUILD)/tests/layout_test" \
		"$(BUILD)/tests/states_test" \
		"$(BUILD)/tests/paths_test" \
		"$(BUILD)/tests/floor_test $(BUILD)/prog.o" \
		"$(BUILD)/tests/reads_test $(BUILD)/prog.o" \
		"$(BUILD)/tests/event_test" \
		"$(BUILD)/tests/options_test" \
		"$(BUILD)/tests/print_test" \
		"$(BUILD)/tests/names_test" \
		"$(BUILD)/tests/image_test" \
		"$(BUILD)/tests/loader_test" \
		"$(BUILD)/tests/format_test" \
		"$(BUILD)/tests/wctype_test" \
		"$(BUILD)/tests/machine_test" \
		"/usr/bin/python3 tests/house.py" \
		"sh tests/fuzz.sh $(BUILD)/fuzz" \
		"sh tests/build.sh" \
		"sh tests/completions.sh ./execsnoop" \
		"sh tests/disasm.sh ./execsnoop $(BUILD)/prog.o llvm-objdump-19" \
		"sh tests/btf.sh $(BUILD)/tests $(CLANG)" \
		"sh tests/e2e.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/ways.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/calls.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/many.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/output.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/filter.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/names.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/follow.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/who.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/paths.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/exits.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/timeline.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/container.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/hook.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/pipelines.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/sources.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/told.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/storm.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/sanitized.sh $(SANITIZED) $(BUILD)/tests" \
		"$(BUILD)/tests/flood hide 3 $(BUILD)/tests/nothing ./execsnoop" \
		"sh tests/errors.sh ./execsnoop $(BUILD)/tests" \
		"$(BUILD)/tests/attempts /tmp" \
		"sh tests/faults.sh ./execsnoop $(BUILD)/tests" \
		"sh tests/readme.sh" \
		"sh tests/kernels.sh ./execsnoop $(BUILD)/tests $(KERNELS)"

BENCH_PACKAGES = libbpf-tools bpftrace bpftool jq strace
bench:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory -s execsnoop $(BUILD)/tests/bench $(BUILD)/tests/nothing
	@sh tests/bench.sh ./execsnoop $(BUILD)/tests

# What is executed in the guests of other architectures.
guests: $(BINARY) $(GUESTS) $(EXEC32) $(BUILD)/tests/layout_live $(BUILD)/tests/attempts

check-kernels: KERNELS = all
check-kernels:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(KERNEL_PACKAGES)
	@$(MAKE) --no-print-directory guests
	@sh tests/run "sh tests/kernels.sh ./execsnoop $(BUILD)/tests $(KERNELS)"

help:
	@sed -n 's/^# \(make.*\)/\1/p; /^$$/q' Makefile

clean:
	rm -rf build dist execsnoop

.PHONY: all help completions dist to-dist install run picture tests guests fuzz bench check check-kernels clean
.DELETE_ON_ERROR:
-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)
