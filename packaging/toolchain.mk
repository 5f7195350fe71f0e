# SPDX-License-Identifier: GPL-2.0-only
# The tools that build execsnoop, as variables.

# Debian's musl and clang make a release's binaries. For each processor, by Debian's name: musl's name for it, GNU's for the
# compiler's library, GNU's for the kernel's headers, BPF's byte order, the version of the compiler's library, the suite of Debian
# that has these, flags.
amd64 = x86_64-linux-musl x86_64-linux-gnu x86_64-linux-gnu bpfel 12 bookworm
arm64 = aarch64-linux-musl aarch64-linux-gnu aarch64-linux-gnu bpfel 12 bookworm
armhf = arm-linux-musleabihf arm-linux-gnueabihf arm-linux-gnueabihf bpfel 12 bookworm -march=armv7-a -mfpu=vfpv3-d16
armel = arm-linux-musleabi arm-linux-gnueabi arm-linux-gnueabi bpfel 12 bookworm -march=armv5te -mthumb -Wno-atomic-alignment
i386 = i386-linux-musl i686-linux-gnu i386-linux-gnu bpfel 12 bookworm
s390x = s390x-linux-musl s390x-linux-gnu s390x-linux-gnu bpfeb 12 bookworm
ppc64el = powerpc64le-linux-musl powerpc64le-linux-gnu powerpc64le-linux-gnu bpfel 12 bookworm
mipsel = mipsel-linux-musl mipsel-linux-gnu mipsel-linux-gnu bpfel 12 bookworm
mips64el = mips64el-linux-musl mips64el-linux-gnuabi64 mips64el-linux-gnuabi64 bpfel 12 bookworm
riscv64 = riscv64-linux-musl riscv64-linux-gnu riscv64-linux-gnu bpfel 14 sid
loong64 = loongarch64-linux-musl loongarch64-linux-gnu loongarch64-linux-gnu bpfel 14 sid
ARCHES = amd64 arm64 armhf armel i386 s390x ppc64el mipsel mips64el riscv64 loong64

BUILD_PACKAGES = clang-19 lld-19 lz4 musl-dev libgcc-12-dev linux-libc-dev

# Not from the environment.
ROOT =
TARGET_FLAGS =
HEADER_FLAGS =
LINK_FLAGS =
LINK_BEGIN =
LINK_END =

# This machine's processor, and the one that it is built for.
MACHINE := $(shell dpkg --print-architecture 2>/dev/null || uname -m)
ARCH = $(MACHINE)
# A compiler that is given knows its processor; a build system's ARCH may be another name.
ifneq ($(filter-out default,$(origin CC))$(CROSS_COMPILE),)
override ARCH := $(MACHINE)
endif
ifeq ($(ARCH),$(MACHINE))
BUILD = build
BINARY = execsnoop
else
BUILD = build/$(ARCH)
BINARY = $(BUILD)/execsnoop
ROOT = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/execsnoop/root-$(word 6,$($(ARCH)))-$(ARCH)
ifeq ($(filter $(ARCH),$(ARCHES)),)
$(error ARCH=$(ARCH) is none of $(ARCHES))
endif
endif
TRIPLE = $(word 1,$($(ARCH)))

# The tools are looked for each time; what is found stands in a file, which all objects depend on. Other goals need none.
# To install is to install what is there, by whichever tools.
ifneq ($(filter-out help version clean run check check-kernels bench fuzz dist release archive completions,$(or $(MAKECMDGOALS),all)),)
TOOLS := $(BUILD)/tools.mk
GIVEN = $(strip $(foreach v,CC CROSS_COMPILE CPPFLAGS CFLAGS LDFLAGS STATIC BPF_CLANG BPF_OBJECT,$(if $(findstring command,$(origin $(v))),$(v))))
ifneq ($(if $(wildcard $(TOOLS)),$(filter-out install install-binary,$(or $(MAKECMDGOALS),all))$(GIVEN),look),)
$(if $(shell mkdir -p $(BUILD) && ARCH='$(filter-out $(MACHINE),$(ARCH))' TRIPLE='$(TRIPLE)' \
	CC='$(if $(filter default,$(origin CC)),,$(CC))' CROSS_COMPILE='$(CROSS_COMPILE)' CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)' \
	LDFLAGS='$(LDFLAGS)' STATIC='$(STATIC)' BPF_CLANG='$(BPF_CLANG)' BPF_OBJECT='$(BPF_OBJECT)' \
	sh packaging/toolchain.sh $(TOOLS) && echo found),,$(error no toolchain))
endif
include $(TOOLS)
endif

ifeq ($(KIND),debian)
GNU = $(word 2,$($(ARCH)))
# The compiler's library: installed, in one version or another, or unpacked.
GCC = $(if $(ROOT),$(ROOT)/usr/lib/gcc/$(GNU)/$(word 5,$($(ARCH))),$(or $(wildcard /usr/lib/gcc/$(GNU)/$(word 5,$($(ARCH)))),\
	$(lastword $(sort $(patsubst %/libgcc.a,%,$(wildcard /usr/lib/gcc/$(GNU)/*/libgcc.a))))))
MUSL = $(ROOT)/usr/lib/$(TRIPLE)
BPF_ORDER = $(word 4,$($(ARCH)))
KERNEL_HEADERS = $(ROOT)/usr/include
ASM_HEADERS = $(ROOT)/usr/include/$(word 3,$($(ARCH)))
TARGET_FLAGS = --target=$(TRIPLE) $(wordlist 7,99,$($(ARCH)))
# musl alone: none of the host's headers but the kernel's.
HEADER_FLAGS = -nostdinc -isystem $(shell $(CC) -print-resource-dir)/include -isystem $(ROOT)/usr/include/$(TRIPLE) -isystem $(BUILD)/include
LINK_FLAGS = -nostdlib -fuse-ld=$(LLD) -Wl,--build-id=none -Wl,-T,packaging/discard.ld
LINK_BEGIN = $(MUSL)/crt1.o $(MUSL)/crti.o
LINK_END = -Wl,--start-group $(MUSL)/libc.a $(GCC)/libgcc.a $(GCC)/libgcc_eh.a -Wl,--end-group $(MUSL)/crtn.o
endif

ifneq ($(ROOT),)
$(ROOT):
	sh packaging/debian.sh unpack $(word 6,$($(ARCH))) $(ARCH) $@ musl-dev libgcc-$(word 5,$($(ARCH)))-dev linux-libc-dev
endif

# The kernel's headers alone.
$(BUILD)/include: $(ROOT) $(TOOLS)
	@mkdir -p $@
	@ln -sfn $(abspath $(KERNEL_HEADERS))/linux $@/linux
	@ln -sfn $(abspath $(KERNEL_HEADERS))/asm-generic $@/asm-generic
	@ln -sfn $(abspath $(ASM_HEADERS))/asm $@/asm
	@touch $@
