# SPDX-License-Identifier: GPL-2.0-only
# The tests, fuzzers and benchmarks. They are built by the toolchain "debian", so by clang and musl.

CLANG = clang-19

TEST_PACKAGES = unicode-data libclang-rt-19-dev libc6-dev llvm-19 binutils bpftool procps strace util-linux jq runc busybox-static \
	gcc clang musl-tools mandoc docker.io libcap2-bin zsh fish rsyslog logrotate systemd bsdutils python3-yaml \
	python3-jsonschema tmux $(PACKAGERS)

# They make packages and images.
PACKAGERS = debhelper lintian dpkg-dev build-essential rpm rpmlint makepkg pacman-package-manager libarchive-tools fakeroot git \
	shellcheck nix-bin gcc-i686-linux-gnu libc6-dev-i386-cross python3-kconfiglib buildah umoci containerd yamllint initramfs-tools dracut-core

KERNEL_PACKAGES = qemu-system-x86 qemu-system-arm qemu-system-mips qemu-system-ppc qemu-system-misc busybox-static cpio \
	zstd debian-archive-keyring

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
options_test_SOURCES = lib/accounts.c run/command_line.c run/values.c source/ids.c $(FIELDS) lib/say.c lib/timestamp.c lib/error.c lib/format.c
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
LINK_GUEST = $(LINK) -o $@ $(LINK_BEGIN) $(filter %.o,$^) $(LINK_END)

$(BUILD)/tests/%.o: tests/%.c $(TOOLS) | $(BUILD)/include
	@mkdir -p $(@D)
	$(COMPILE) -Wno-sign-conversion -MMD -MP -c -o $@ $<

$(GUESTS) $(BUILD)/tests/bench $(BUILD)/tests/attempts: %: %.o
	$(LINK_GUEST)

$(BUILD)/tests/bench: $(event_test_SOURCES:%.c=$(BUILD)/%.o)

$(BUILD)/tests/attempts: $(addprefix $(BUILD)/,run/sandbox.o loader.o lib/error.o lib/format.o)

$(BUILD)/tests/exec32: tests/exec32.S
	@mkdir -p $(@D)
	$(CLANG) --target=$($(ARCH)_32) -nostdlib -static -fuse-ld=lld-19 -o $@ $<

$(BUILD)/tests/layout_live: $(BUILD)/tests/layout_live.o $(filter-out $(BUILD)/main.o,$(OBJECTS))
	$(LINK_GUEST)

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
	@$(MAKE) --no-print-directory -s -j$(JOBS) $(FUZZERS_BUILT)
	@sh tests/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS)

# The same program for the other byte order.
$(BUILD)/tests/prog-be.o: prog.bpf.c $(BPF_HEADERS) | $(BUILD)/include
	@mkdir -p $(@D)
	$(BPF_CLANG) --target=bpfeb $(BPF_CFLAGS) -c -o $@ $<

tests: execsnoop $(UNITS:%=$(BUILD)/tests/%) $(GUESTS) $(EXEC32) $(BUILD)/tests/layout_live $(BUILD)/tests/bench $(BUILD)/tests/attempts \
	$(BUILD)/tests/prog-be.o $(FUZZERS_BUILT) $(SANITIZED)

# KERNELS: one of those that make check-kernels boots. A test that begins with & looks at nothing that the machine does, and runs
# beside those behind it, until "wait".
check: KERNELS = amd64-6.1
check:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(TEST_PACKAGES) $(KERNEL_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) tests
	@sh tests/run \
		"&sh tests/build.sh" \
		"&sh tests/fuzz.sh $(BUILD)/fuzz" \
		"&sh tests/recipes.sh" \
		"&sh tests/packages.sh" \
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
		"sh tests/completions.sh ./execsnoop" \
		"sh tests/disasm.sh ./execsnoop $(BUILD)/prog.o llvm-objdump-19" \
		"sh tests/btf.sh $(BUILD)/tests $(CLANG)" \
		"wait" \
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
		"sh tests/image.sh ./execsnoop $(BUILD)/tests" \
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
		"sh tests/rescue.sh ./execsnoop" \
		"sh tests/kernels.sh ./execsnoop $(BUILD)/tests $(KERNELS)"

BENCH_PACKAGES = libbpf-tools bpftrace bpftool jq strace
bench:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(BENCH_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) execsnoop $(BUILD)/tests/bench $(BUILD)/tests/nothing
	@sh tests/bench.sh ./execsnoop $(BUILD)/tests

# What is executed in the guests of other architectures.
guests: $(BINARY) $(GUESTS) $(EXEC32) $(BUILD)/tests/layout_live $(BUILD)/tests/attempts

check-kernels: KERNELS = all
check-kernels:
	@sh packaging/packages.sh $(BUILD_PACKAGES) $(KERNEL_PACKAGES)
	@$(MAKE) --no-print-directory -s -j$(JOBS) guests
	@sh tests/run "sh tests/kernels.sh ./execsnoop $(BUILD)/tests $(KERNELS)"

.PHONY: tests guests fuzz bench check check-kernels
