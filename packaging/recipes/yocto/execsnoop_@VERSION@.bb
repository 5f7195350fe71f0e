# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Show every program that the machine executes"
DESCRIPTION = "Prints one line for each exec, with its arguments, by BPF, perf events, the proc connector, ptrace or /proc"
HOMEPAGE = "@URL@"
SECTION = "console/utils"
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=b234ee4d69f5fce4486a80fdaf4a4263"

SRC_URI = "@URL@/${BP}.tar.gz"
SRC_URI[sha256sum] = "@SHA256@"

inherit siteinfo bash-completion

# execsnoop does not know big-endian ARM, MIPS and PowerPC, and no x32 or n32 (linux-gnux32).
COMPATIBLE_HOST = "^(?!.*32$)(aarch64|arm|i[3-6]86|loongarch64|mips(isa32r6|64|isa64r6)?el|powerpc64le|riscv64|s390x|x86_64)-"

# The source has the compiled BPF programs, packed: neither clang-native nor lz4-native is needed. The flags do not replace those
# of the Makefile if they are only in the environment.
BPF_ORDER = "${@oe.utils.conditional('SITEINFO_ENDIANNESS', 'be', 'bpfeb', 'bpfel', d)}"
EXTRA_OEMAKE = " \
    'CC=${CC}' 'CPPFLAGS=${CPPFLAGS}' 'CFLAGS=${CFLAGS}' 'LDFLAGS=${LDFLAGS}' STATIC=no \
    BPF_OBJECT=prebuilt/prog-${BPF_ORDER}.o.lz4 \
    PREFIX=${prefix} sbindir=${sbindir} datadir=${datadir} mandir=${mandir} docdir=${docdir}/${BPN} \
"

do_compile() {
    oe_runmake
}

do_install() {
    oe_runmake DESTDIR=${D} install
}

PACKAGES =+ "${PN}-zsh-completion ${PN}-fish-completion"
FILES:${PN}-zsh-completion = "${datadir}/zsh"
FILES:${PN}-fish-completion = "${datadir}/fish"
