# make            build ./execsnoop
# make run        install what building needs (as root), build, trace; ARGS="-x -d 5" for options
# make check      install what the tests need (as root), run all tests
# make clean      remove what was built

CLANG = clang-19
MUSL = /usr/lib/x86_64-linux-musl
MUSL_INCLUDE = /usr/include/x86_64-linux-musl
LIBGCC = $(shell $(CLANG) --print-libgcc-file-name --rtlib=libgcc)
BUILD = build

SOURCES = main.c options.c elf.c loader.c mounts.c tracefs.c layout.c peek.c ring.c event.c print.c \
	disasm.c error.c
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/embed.o

WARNINGS = -Wall -Wextra -Wshadow -Wconversion
# musl alone: none of the host's headers but the kernel's (include/ links to them).
CFLAGS = --target=x86_64-linux-musl -std=c11 -D_GNU_SOURCE -Os $(WARNINGS) \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-stack-protector \
	-nostdinc -isystem $(shell $(CLANG) -print-resource-dir)/include -isystem $(MUSL_INCLUDE) \
	-isystem $(BUILD)/include
LDFLAGS = --target=x86_64-linux-musl -static -nostdlib -fuse-ld=lld-19 -Wl,--gc-sections -Wl,-s \
	-Wl,--build-id=none
BPF_CFLAGS = -target bpfel -mcpu=v1 -O2 -Wall -Wextra -Wshadow -nostdinc -isystem $(BUILD)/include

all: execsnoop

execsnoop: $(OBJECTS)
	$(CLANG) $(LDFLAGS) -o $@ $(MUSL)/crt1.o $(MUSL)/crti.o $(OBJECTS) \
		-Wl,--start-group $(MUSL)/libc.a $(LIBGCC) -Wl,--end-group $(MUSL)/crtn.o

$(BUILD)/include:
	mkdir -p $@
	ln -sfn /usr/include/linux $@/linux
	ln -sfn /usr/include/asm-generic $@/asm-generic
	ln -sfn /usr/include/x86_64-linux-gnu/asm $@/asm

$(BUILD)/prog.o: prog.bpf.c record.h | $(BUILD)/include
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/embed.o: embed.S $(BUILD)/prog.o
	$(CLANG) --target=x86_64-linux-musl -c -I$(BUILD) -o $@ $<

$(BUILD)/%.o: %.c | $(BUILD)/include
	$(CLANG) $(CFLAGS) -MMD -c -o $@ $<

clean:
	rm -rf $(BUILD) execsnoop

.PHONY: all clean
.DELETE_ON_ERROR:
-include $(SOURCES:%.c=$(BUILD)/%.d)
