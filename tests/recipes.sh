#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The recipes for Alpine, Buildroot, OpenWrt, Yocto and Nix. Each is read by a parser, and its commands build execsnoop from the
# source archive of this tree. Debian has no abuild, Buildroot, OpenWrt, BitBake and nixpkgs: stubs give the recipes the same
# variables. Usage: recipes.sh, in the project's directory.
# shellcheck disable=SC2030,SC2031,SC2154,SC2317 # $D is each check's own; an APKBUILD has variables, and calls functions
set -u
export LC_ALL=C
T=$(mktemp -d) || exit
unset MAKEFLAGS MAKELEVEL
trap 'rm -rf "$T"' EXIT
URL=https://example.org/execsnoop
JOBS=$(nproc)

# check SENTENCE FUNCTION [COMMAND]...: each command of the function is true. The COMMANDs are what it needs. CASES, an extended
# regular expression, chooses among the sentences.
check() {
	sentence=$1 function=$2
	shift 2
	[ -z "${CASES:-}" ] || echo "$sentence" | grep -Eqe "$CASES" || return 0
	for command; do
		command -v "$command" >/dev/null || { echo "ok $sentence # skip: no $command here"; return; }
	done
	mkdir "$T/$function"
	(set -e; D=$T/$function; "$function") >"$T/log" 2>&1 </dev/null
	status=$?
	if [ $status = 0 ]; then
		echo "ok $sentence"
	else
		tail -n 20 "$T/log" | sed 's/^/# /'
		echo "not ok $sentence"
	fi
}
# The shell does not end at a failure behind "!", or before "&&".
never() { if "$@"; then echo "this succeeds: $*"; return 1; fi; }
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

# unpack: makes $S, the archive's directory below $D.
unpack() {
	tar -xzf "$ARCHIVE" -C "$D"
	S=$D/execsnoop-$VERSION
}

# runs PROGRAM [LOADER]...: it says its version. traces PROGRAM: it shows an exec, too.
runs() {
	program=$1
	shift
	said=$("$@" "$program" --version)
	case $said in "execsnoop $VERSION, "*) ;; *) echo "--version: $said"; return 1 ;; esac
}
traces() {
	runs "$1"
	timeout -s KILL 30 "$1" -o - -- /bin/true | tee "$D/execs"
	grep -q ' 0 /bin/true$' "$D/execs"
}

# links PROGRAM static|dynamic
links() {
	case $(readelf -ld "$1") in *INTERP*) linked=dynamic ;; *) linked=static ;; esac
	is "$linked" "$2"
}

# ---- the archive, and what stands in the recipes ----

if ! git -c safe.directory='*' rev-parse HEAD >"$T/log" 2>&1; then
	echo "ok the recipes # skip: there is no git clone here, so no archive can be made"
	exit
fi
VERSION=$(make -s version)
. tests/worktree.sh
if ! make -s archive REV="$(worktree_commit)" DIST="$T/dist" >"$T/log" 2>&1 </dev/null; then
	sed 's/^/# /' "$T/log"
	echo "not ok an archive is made of the tree"
	exit
fi
ARCHIVE=$T/dist/execsnoop-$VERSION.tar.gz
R=$T/recipes

if ! sh packaging/recipes.sh "$ARCHIVE" "$VERSION" "$URL/" "$R" >"$T/log" 2>&1; then
	sed 's/^/# /' "$T/log"
	echo "not ok the recipes are filled in"
	exit
fi

filled() {
	(cd packaging/recipes && find . -type f | sed "s/@VERSION@/$VERSION/") | sort >"$T/wanted"
	(cd "$R" && find . -type f) | sort | diff "$T/wanted" -
	is "$(cd packaging/recipes && find . -type f -perm -u+x | sort)" "$(cd "$R" && find . -type f -perm -u+x | sort)"
	never grep -rE '@(VERSION|URL|SHA[0-9A-Z_]*)@' "$R"
}
check "the recipes are filled in" filled

refused() {
	mkdir -p "$D/packaging/recipes"
	cp packaging/recipes.sh "$D/packaging"
	cd "$D"
	: >"execsnoop-1.tar.gz"
	echo '@VERSION@ @UNKNOWN@' >packaging/recipes/one
	never sh packaging/recipes.sh execsnoop-1.tar.gz 1 "$URL" out 2>err
	grep -q 'nothing is known for out/one:1:@UNKNOWN@' err
	echo '@VERSION@ @URL@' >packaging/recipes/one
	never sh packaging/recipes.sh execsnoop-1.tar.gz 2 "$URL" out 2>err
	grep -q 'is not named execsnoop-2.tar.gz' err
	never sh packaging/recipes.sh missing/execsnoop-1.tar.gz 1 "$URL" out 2>err
	strange="https://example.org/?a=1&b=|\\&"
	sh packaging/recipes.sh execsnoop-1.tar.gz 1 "$strange" out
	is "$(cat out/one)" "1 $strange"
}
check "a recipe with an unknown placeholder is refused, and so is another archive" refused

sources_only() {
	cd "$R"
	is "$(grep -rnE '://' alpine buildroot openwrt yocto nix | grep -vE "$URL|file://LICENSE;")" ''
	is "$(grep -rnwE 'curl|wget|git|npm|pip|cargo' alpine buildroot openwrt yocto nix)" ''
}
check "no recipe fetches anything but the archive" sources_only

# ---- Alpine ----

apkbuild_shell() {
	shellcheck -s dash -e SC2034,SC2154 "$R/alpine/APKBUILD"
	# abuild takes the maintainer from the comment.
	is "$(grep -cE '^# Maintainer: [^ ].* <[^ ]+@[^ ]+>$' "$R/alpine/APKBUILD")" 1
}
check "Alpine: the APKBUILD is clean shell" apkbuild_shell shellcheck

apkbuild_builds() {
	# abuild sources the file, and calls the functions in the source's directory; its own flags are in the environment.
	export CC=musl-gcc CFLAGS='-Os -fstack-clash-protection -Wformat -Werror=format-security'
	export LDFLAGS='-Wl,--as-needed,-O1,--sort-common' CPPFLAGS='' MAKEFLAGS="-j$JOBS"
	pkgdir=$D/pkg
	default_prepare() { :; }
	# shellcheck disable=SC1091
	. "$R/alpine/APKBUILD"
	is "$pkgname $pkgver $license" "execsnoop $VERSION GPL-2.0-only"
	is "$source" "$URL/execsnoop-$VERSION.tar.gz"
	case ${#pkgdesc} in 0 | 1[3-9]? | 12[89] | [2-9]??) echo "its description has ${#pkgdesc} characters"; exit 1 ;; esac
	is "$url $arch $pkgrel" "$URL all 0"
	(cd "$T/dist" && echo "$sha512sums" | grep . | sha512sum -c -)
	unpack
	for step in prepare build check; do (cd "$S" && $step); done
	cp "$S/execsnoop" "$D/built"
	(cd "$S" && package)
	cmp "$D/built" "$pkgdir/usr/sbin/execsnoop"
	# What the default functions of the subpackages move must be there, and nothing else may remain.
	(cd "$pkgdir" && find . -type f) >"$D/files"
	for subpackage in $subpackages; do
		case $subpackage in
		*-doc) moved='\./usr/share/(doc|man)/' ;;
		*-bash-completion) moved='\./usr/share/bash-completion/completions/' ;;
		*-zsh-completion) moved='\./usr/share/zsh/site-functions/' ;;
		*-fish-completion) moved='\./usr/share/fish/vendor_completions\.d/' ;;
		esac
		grep -qE "^$moved" "$D/files"
		grep -vE "^$moved" "$D/files" >"$D/rest"
		mv "$D/rest" "$D/files"
	done
	is "$(cat "$D/files")" ./usr/sbin/execsnoop
	links "$pkgdir/usr/sbin/execsnoop" static
	traces "$pkgdir/usr/sbin/execsnoop"
}
check "Alpine: the APKBUILD builds a static program that traces, without prebuilt BPF programs" apkbuild_builds musl-gcc

# ---- Buildroot ----

config_in() {
	KCONFIG_WARN_UNDEF=y /usr/bin/python3 - "$R/buildroot/Config.in" "$D/Kconfig" <<-'END'
	import sys
	import kconfiglib
	recipe, top = sys.argv[1:]
	GIVEN = """USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_USES_MUSL TOOLCHAIN_USES_UCLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15 RISCV_64
	    MIPS_NABI64 aarch64 arm i386 loongarch64 mips mips64el mipsel powerpc64 powerpc64le riscv s390x x86_64""".split()
	with open(top, "w") as f:
	    f.writelines(f'config BR2_{name}\n\tbool "{name}"\n' for name in GIVEN)
	    f.write(f'source "{recipe}"\n')
	kconfig = kconfiglib.Kconfig(top, warn_to_stderr=False)
	wrong = list(kconfig.warnings)
	comment = [node for node in kconfig.node_iter() if node.item is kconfiglib.COMMENT]
	for wanted, given in [
	        ("offered", "x86_64 USE_MMU TOOLCHAIN_USES_MUSL TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("offered", "mipsel USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("offered", "riscv RISCV_64 USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("explained", "x86_64 USE_MMU TOOLCHAIN_USES_UCLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("explained", "x86_64 USE_MMU TOOLCHAIN_USES_GLIBC"),
	        ("hidden", "riscv USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("offered", "mips64el MIPS_NABI64 USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("hidden", "mips64el USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("hidden", "mips USE_MMU TOOLCHAIN_USES_GLIBC TOOLCHAIN_HEADERS_AT_LEAST_5_15"),
	        ("hidden", "arm TOOLCHAIN_USES_MUSL TOOLCHAIN_HEADERS_AT_LEAST_5_15")]:
	    for name in GIVEN:
	        kconfig.syms["BR2_" + name].set_value("y" if name in given.split() else "n")
	    kconfig.syms["BR2_PACKAGE_EXECSNOOP"].set_value("y")
	    found = ("offered" if kconfig.syms["BR2_PACKAGE_EXECSNOOP"].str_value == "y" else
	             "explained" if kconfiglib.expr_value(comment[0].dep) else "hidden")
	    if found != wanted:
	        wrong.append(f"with {given} it is {found}, not {wanted}")
	print(*wrong, sep="\n")
	sys.exit(bool(wrong))
	END
}
if /usr/bin/python3 -c 'import kconfiglib' 2>/dev/null; then
	check "Buildroot: Config.in offers it to the processors and toolchains that can build it" config_in
else
	echo "ok Buildroot: Config.in offers it to the processors and toolchains that can build it # skip: no python3-kconfiglib here"
fi

# buildroot CC CFLAGS LDFLAGS BR2_STATIC_LIBS BR2_ENDIAN GOAL...: as Buildroot's package/Makefile.in and pkg-generic.mk do.
buildroot() {
	cat >"$D/Makefile" <<END
MAKE = make -j$JOBS
TARGET_DIR = $D/target
TARGET_CC = $1
TARGET_CPPFLAGS = -D_LARGEFILE_SOURCE -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64
TARGET_CFLAGS = \$(TARGET_CPPFLAGS) -Os -g0 -fstack-protector-strong $2
TARGET_LDFLAGS = -ztext $3
TARGET_MAKE_ENV = PATH="\$(PATH)"
TARGET_CONFIGURE_OPTS = \$(TARGET_MAKE_ENV) LD="ld" CC="\$(TARGET_CC)" GCC="\$(TARGET_CC)" CXX="g++" STRIP="strip" \\
	CPPFLAGS="\$(TARGET_CPPFLAGS)" CFLAGS="\$(TARGET_CFLAGS)" LDFLAGS="\$(TARGET_LDFLAGS)" \\
	CC_FOR_BUILD="gcc" CFLAGS_FOR_BUILD="-O2" LDFLAGS_FOR_BUILD="" STAGING_DIR="$D/staging"
BR2_STATIC_LIBS = $4
BR2_ENDIAN = "$5"
define generic-package
$D/execsnoop-$VERSION/.stamp_built:
	\$\$(EXECSNOOP_BUILD_CMDS)
$D/execsnoop-$VERSION/.stamp_target_installed: $D/execsnoop-$VERSION/.stamp_built
	\$\$(EXECSNOOP_INSTALL_TARGET_CMDS)
endef
include $R/buildroot/execsnoop.mk
.PHONY: built show
built: $D/execsnoop-$VERSION/.stamp_target_installed
show:
	@echo '\$(EXECSNOOP_VERSION)|\$(EXECSNOOP_SITE)|\$(EXECSNOOP_LICENSE)|\$(EXECSNOOP_LICENSE_FILES)'
	@echo '\$(filter BPF_OBJECT=% STATIC=%,\$(EXECSNOOP_MAKE_OPTS))'
END
	shift 5
	make --no-print-directory -s -f "$D/Makefile" "$@"
}

buildroot_variables() {
	is "$(buildroot gcc '' '' '' LITTLE show)" "$VERSION|$URL|GPL-2.0|LICENSE
BPF_OBJECT=prebuilt/prog-bpfel.o.lz4 STATIC=no"
	is "$(buildroot gcc '' '' y BIG show | tail -n 1)" "BPF_OBJECT=prebuilt/prog-bpfeb.o.lz4 STATIC=yes"
	for file in "execsnoop-$VERSION.tar.gz" LICENSE; do grep -q "^sha256  [0-9a-f]*  $file\$" "$R/buildroot/execsnoop.hash"; done
	cp LICENSE "$ARCHIVE" "$D"
	(cd "$D" && sed -n 's/^sha256  //p' "$R/buildroot/execsnoop.hash" | sha256sum --strict -c -)
}
check "Buildroot: the version, the checksums, the byte order and the kind of libraries are right" buildroot_variables

buildroot_cross() {
	unpack
	buildroot i686-linux-gnu-gcc '' '' '' LITTLE built
	is "$(cd "$D/target" && find . -type f)" ./usr/sbin/execsnoop
	links "$D/target/usr/sbin/execsnoop" dynamic
	is "$(readelf -h "$D/target/usr/sbin/execsnoop" | sed -n 's/^ *Machine: *//p')" 'Intel 80386'
	runs "$D/target/usr/sbin/execsnoop" /usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path /usr/i686-linux-gnu/lib
}
check "Buildroot: the commands cross-build it with shared libraries, and install the program alone" \
	buildroot_cross i686-linux-gnu-gcc

buildroot_static() {
	unpack
	buildroot musl-gcc -static -static y LITTLE built
	links "$D/target/usr/sbin/execsnoop" static
	traces "$D/target/usr/sbin/execsnoop"
}
check "Buildroot: with static libraries only, the commands build a static program that traces" buildroot_static musl-gcc

# ---- OpenWrt ----

# openwrt [CONFIG_...=y]... GOAL: as OpenWrt's rules.mk and include/package.mk do.
openwrt() {
	mkdir -p "$D/include"
	cat >"$D/rules.mk" <<END
INCLUDE_DIR := $D/include
ARCH := x86_64
TARGET_CC := musl-gcc
TARGET_CFLAGS := -Os -pipe -fno-caller-saves -fhonour-copts -Wformat -Werror=format-security -fstack-protector
TARGET_CFLAGS := \$(filter-out -fhonour-copts,\$(TARGET_CFLAGS))
TARGET_CPPFLAGS := -I$D/staging/usr/include
TARGET_LDFLAGS := -L$D/staging/usr/lib -znow -zrelro
TARGET_CONFIGURE_OPTS = LD=ld CC="\$(TARGET_CC)" GCC="\$(TARGET_CC)" CXX="g++" STRIP=strip
INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
END
	cat >"$D/include/package.mk" <<END
PKG_BUILD_DIR ?= $D/\$(PKG_NAME)-\$(PKG_VERSION)
PKG_JOBS ?= -j$JOBS
MAKE_VARS = CFLAGS="\$(TARGET_CFLAGS)" LDFLAGS="\$(TARGET_LDFLAGS)"
MAKE_FLAGS = \$(TARGET_CONFIGURE_OPTS) CROSS="x86_64-openwrt-linux-musl-" ARCH="\$(ARCH)"
Build/Compile = +\$(MAKE_VARS) \$(MAKE) \$(PKG_JOBS) -C \$(PKG_BUILD_DIR)/. \$(MAKE_FLAGS);
define BuildPackage
\$(eval \$(Package/\$(1)))
\$(foreach field,SECTION CATEGORY TITLE URL DEPENDS,\$(if \$(\$(field)),,\$(error Package/\$(1) is missing the \$(field) field)))
\$(if \$(Package/\$(1)/description),,\$(error no description))
.PHONY: compile show
compile:
	\$(value Build/Compile)
	\$(call Package/\$(1)/install,$D/ipkg)
show:
	@echo '\$(PKG_NAME)|\$(PKG_VERSION)|\$(PKG_RELEASE)|\$(PKG_SOURCE_URL)|\$(PKG_SOURCE)|\$(PKG_LICENSE)|\$(PKG_LICENSE_FILES)'
	@echo '\$(PKG_HASH)  \$(PKG_SOURCE)'
	@echo '\$(filter BPF_OBJECT=% STATIC=%,\$(MAKE_FLAGS))'
	@echo '\$(DEPENDS)'
endef
END
	make --no-print-directory -s -f "$R/openwrt/Makefile" TOPDIR="$D" "$@"
}

openwrt_variables() {
	openwrt show >"$D/shown"
	is "$(sed -n 1p "$D/shown")" "execsnoop|$VERSION|1|$URL|execsnoop-$VERSION.tar.gz|GPL-2.0-only|LICENSE"
	(cd "$T/dist" && sed -n 2p "$D/shown" | sha256sum --strict -c -)
	is "$(sed -n 3p "$D/shown")" "BPF_OBJECT=prebuilt/prog-bpfel.o.lz4 STATIC=no"
	is "$(openwrt CONFIG_BIG_ENDIAN=y show | sed -n 3p)" "BPF_OBJECT=prebuilt/prog-bpfeb.o.lz4 STATIC=no"
	# OpenWrt makes a condition of Kconfig of it.
	sed -n 4p "$D/shown" >"$D/depends"
	grep -qE '^@\((([a-z0-9_]+|\([a-z0-9_]+&&![A-Z0-9_]+\))\|\|)+[a-z0-9_]+\)$' "$D/depends"
	never grep -wE 'mips|mips64|powerpc|armeb' "$D/depends"
}
check "OpenWrt: the version, the checksum and the byte order are right" openwrt_variables

openwrt_builds() {
	unpack
	openwrt compile
	is "$(cd "$D/ipkg" && find . -type f)" ./usr/sbin/execsnoop
	links "$D/ipkg/usr/sbin/execsnoop" dynamic
	traces "$D/ipkg/usr/sbin/execsnoop"
}
check "OpenWrt: the commands build a program that traces, with musl as a shared library" openwrt_builds musl-gcc

# ---- Yocto ----

# yocto HOST COMMAND: the recipe's variables and functions, expanded as BitBake does, in a shell that runs COMMAND. HOST is
# HOST_SYS, such as x86_64-poky-linux.
yocto() {
	/usr/bin/python3 - "$R/yocto/execsnoop_$VERSION.bb" "$D" "$1" >"$D/functions" <<-'END'
	import os, re, shlex, sys, types
	recipe, directory, host = sys.argv[1:]
	name, version = os.path.basename(recipe)[:-len(".bb")].split("_")
	big = host.startswith(("s390x", "mips-", "powerpc-"))
	values = {"PN": name, "BPN": name, "PV": version, "BP": f"{name}-{version}", "D": directory + "/image", "HOST_SYS": host,
	          "SITEINFO_ENDIANNESS": "be" if big else "le", "prefix": "/usr", "sbindir": "/usr/sbin", "datadir": "/usr/share",
	          "mandir": "/usr/share/man", "docdir": "/usr/share/doc", "CPPFLAGS": "", "CC": f"gcc -m64 -I{directory}/sysroot",
	          "CFLAGS": "-O2 -pipe -g", "LDFLAGS": "-Wl,-O1 -Wl,--hash-style=gnu -Wl,--as-needed -Wl,-z,relro,-z,now"}
	functions, inherited = {}, []
	oe = types.SimpleNamespace(utils=types.SimpleNamespace(
	    conditional=lambda variable, value, yes, no, d: yes if d.getVar(variable) == value else no))


	def expand(text):
	    while True:
	        text, n = re.subn(r"\$\{@(.*?)\}|\$\{(\w+)\}", expand_one, text)
	        if not n:
	            return text


	def expand_one(match):
	    if match[1]:
	        return eval(match[1], {"oe": oe, "d": types.SimpleNamespace(getVar=lambda name: expand(values[name]))})
	    return values[match[2]]


	lines = iter(re.sub(r"\\\n", "", open(recipe).read()).splitlines())
	for line in lines:
	    assigned = re.fullmatch(r'([A-Z_a-z0-9]+(?:\[\w+\])?(?::[^ ]+)?) (=|=\+) "(.*)"', line)
	    if assigned:
	        values[assigned[1]] = assigned[3]
	    elif line.startswith("inherit "):
	        inherited += line.split()[1:]
	    elif line.endswith("() {"):
	        functions[line[:-len("() {")]] = "\n".join(iter(lambda: next(lines), "}"))
	    elif line and not line.startswith("#"):
	        sys.exit(f"this is no line of BitBake: {line}")
	print("oe_runmake() {", "make " + expand(values["EXTRA_OEMAKE"]) + ' "$@" || exit', "}", sep="\n")
	for function, body in functions.items():
	    print(function + "() {", expand(body), "}", sep="\n")
	for variable in "SUMMARY HOMEPAGE LICENSE LIC_FILES_CHKSUM SRC_URI BPF_ORDER EXTRA_OEMAKE PACKAGES".split():
	    print(f"{variable}={shlex.quote(expand(values[variable]).strip())}")
	print("sha256sum=" + shlex.quote(values["SRC_URI[sha256sum]"]))
	print("shipped=" + shlex.quote(" ".join(expand(text) for variable, text in values.items() if variable.startswith("FILES:"))))
	print("inherited=" + shlex.quote(" ".join(inherited)))
	print("compatible=" + ("yes" if re.match(values["COMPATIBLE_HOST"], host) else "no"))
	END
	sh -euc '. "$0"; '"$2" "$D/functions"
}

yocto_variables() {
	# shellcheck disable=SC2016 # the inner shell's
	yocto x86_64-poky-linux 'printf "%s\n" "$SRC_URI" "$sha256sum  ${SRC_URI##*/}" "$LIC_FILES_CHKSUM" "$LICENSE" "$inherited"' \
		>"$D/shown"
	is "$(sed -n 1p "$D/shown")" "$URL/execsnoop-$VERSION.tar.gz"
	(cd "$T/dist" && sed -n 2p "$D/shown" | sha256sum --strict -c -)
	is "$(sed -n 3p "$D/shown")" "file://LICENSE;md5=$(md5sum <LICENSE | cut -d ' ' -f 1)"
	is "$(sed -n 4p "$D/shown")" GPL-2.0-only
	is "$(sed -n 5p "$D/shown")" 'siteinfo bash-completion'
	while read -r host wanted; do
		# shellcheck disable=SC2016 # the inner shell's
		is "$host $(yocto "$host" 'echo "$compatible $BPF_ORDER"')" "$host $wanted"
	done <<-END
		x86_64-poky-linux yes bpfel
		i686-poky-linux yes bpfel
		arm-poky-linux-gnueabi yes bpfel
		aarch64-poky-linux-musl yes bpfel
		x86_64-poky-linux-gnux32 no bpfel
		mips64el-poky-linux-gnun32 no bpfel
		mips64el-poky-linux yes bpfel
		mipsisa32r6el-poky-linux yes bpfel
		powerpc64le-poky-linux yes bpfel
		riscv64-poky-linux yes bpfel
		s390x-poky-linux yes bpfeb
		armeb-poky-linux-gnueabi no bpfel
		mips-poky-linux no bpfeb
		powerpc-poky-linux no bpfeb
		riscv32-poky-linux no bpfel
	END
}
check "Yocto: the version, the checksums, the hosts and their byte order are right" yocto_variables

yocto_builds() {
	unpack
	export MAKEFLAGS="-j$JOBS"
	(cd "$S" && yocto x86_64-poky-linux 'do_compile; do_install')
	links "$D/image/usr/sbin/execsnoop" dynamic
	readelf -S "$D/image/usr/sbin/execsnoop" | grep -q '\.symtab' # BitBake splits and strips it
	# shellcheck disable=SC2016 # the inner shell's
	shipped=$(yocto x86_64-poky-linux 'echo $shipped')
	for file in $(cd "$D/image" && find . -type f | sed 's/^\.//'); do
		case $file in
		/usr/sbin/execsnoop | /usr/share/man/* | /usr/share/doc/execsnoop/* | /usr/share/bash-completion/*) continue ;;
		esac
		for place in $shipped nowhere; do case $file in "$place"/*) break ;; esac; done
		[ "$place" != nowhere ] || { echo "$file is in no package"; exit 1; }
	done
	traces "$D/image/usr/sbin/execsnoop"
}
check "Yocto: the functions build a program that traces, with glibc as a shared library, and each file is in a package" \
	yocto_builds gcc

# ---- Nix ----

# nix_shows EXPRESSION: of `package`, in JSON, with stubs for what nixpkgs gives.
# shellcheck disable=SC2016 # Nix's
nix_shows() {
	HOME=$D nix-instantiate --store dummy:// --eval --strict --json -E '
		let
		  lib = { licenses.gpl2Only.spdxId = "GPL-2.0-only"; getExe'"'"' = package: name: "${package}/bin/${name}"; };
		  stdenv = {
		    mkDerivation = function: let final = function final; in final;
		    cc.targetPrefix = "";
		    hostPlatform.isStatic = '"${STATIC:-false}"';
		    buildPlatform.canExecute = platform: true;
		  };
		  given = {
		    inherit lib stdenv;
		    fetchurl = { url, hash }: { inherit url hash; };
		    buildPackages.llvmPackages.clang-unwrapped = "'"$D"'/clang";
		    lz4 = "lz4";
		  };
		  recipe = import '"$R"'/nix/default.nix;
		  package = recipe (builtins.intersectAttrs (builtins.functionArgs recipe) given);
		in '"$1" 2>"$D/errors" || { cat "$D/errors" >&2; return 1; }
}

nix_attributes() {
	HOME=$D nix-instantiate --store dummy:// --parse "$R/nix/default.nix" >/dev/null
	nix_shows package >"$D/package.json"
	is "$(jq -r '[.pname, .version, .src.url, .meta.license.spdxId, .meta.mainProgram] | join(" ")' "$D/package.json")" \
		"execsnoop $VERSION $URL/execsnoop-$VERSION.tar.gz GPL-2.0-only execsnoop"
	is "$(jq -r .src.hash "$D/package.json")" \
		"$(HOME=$D nix --extra-experimental-features nix-command hash file --type sha256 "$ARCHIVE")"
	is "$(STATIC=true nix_shows package.makeFlags | jq -r '.[] | select(startswith("STATIC="))')" STATIC=yes
	jq -e '.meta.platforms | index("x86_64-linux") and index("s390x-linux") and all(endswith("-linux"))' "$D/package.json"
}
check "Nix: the expression evaluates, and its version and hash are right" nix_attributes nix-instantiate jq

nix_builds() {
	mkdir -p "$D/clang/bin"
	for clang in clang-19 clang; do
		! command -v $clang >/dev/null || { ln -s "$(command -v $clang)" "$D/clang/bin/clang"; break; }
	done
	nix_shows package >"$D/package.json"
	placeholder=$(nix_shows 'placeholder "out"' | jq -r .)
	sed -i "s|$placeholder|$D/out|g" "$D/package.json"
	unpack
	cd "$S"
	export out="$D/out" MAKEFLAGS="-j$JOBS"
	sh -euc "$(jq -r .postPatch "$D/package.json")"
	flags=$(jq -r '.makeFlags[]' "$D/package.json")
	# shellcheck disable=SC2086 # words, as in nixpkgs
	make $flags
	# shellcheck disable=SC2086
	make $flags install
	sh -euc "$(jq -r .installCheckPhase "$D/package.json")"
	[ -f "$D/out/share/man/man8/execsnoop.8" ]
	grep -q 'BPF_CLANG = .*/clang/bin/clang$' build/tools.mk
	links "$D/out/bin/execsnoop" dynamic
	traces "$D/out/bin/execsnoop"
}
check "Nix: its flags build a program that traces, without prebuilt BPF programs" nix_builds nix-instantiate jq gcc lz4
