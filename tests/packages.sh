#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The packages of Debian, Fedora and Arch are built from an archive of the tree as it stands, installed below a directory, and
# run. Without a network, as the builders of distributions have none.
# Usage: packages.sh [debian] [fedora] [arch], in the project's directory, as root.
set -u
T=$(mktemp -d) || exit
unset MAKEFLAGS MAKELEVEL
trap 'rm -rf "$T"' EXIT
chmod 755 "$T" # makepkg refuses root
NOBODY=65534
PATH=$PATH:/usr/sbin:/sbin

# result SENTENCE FUNCTION [ARGUMENT]...: runs it; it fails if the function does, and shows the end of what that printed.
result() {
	sentence=$1
	shift
	: >"$T/note"
	if ("$@") >"$T/log" 2>&1 </dev/null; then
		sed 's/^/# /' "$T/note"
		echo "ok $sentence"
	else
		tail -n 25 "$T/log" | sed 's/^/# /'
		echo "not ok $sentence"
		return 1
	fi
}

# within SECONDS COMMAND...: without a network.
offline=
unshare -n true 2>/dev/null && offline='unshare -n'
within() {
	seconds=$1
	shift
	# shellcheck disable=SC2086 # words
	timeout -s KILL "$seconds" $offline "$@"
}

# why_not COMMAND...: the one that is not here.
why_not() {
	for command; do command -v "$command" >/dev/null || { echo "no $command here"; return; }; done
}

skip() {
	echo "ok $1 # skip: $2"
}

. tests/worktree.sh

# ---- what is packaged ----

# archive: of all files that git does not ignore, in a commit that no branch has.
archive() {
	revision=$(worktree_commit) || return
	make -s archive REV="$revision" DIST="$T"
	[ -s "$ARCHIVE" ] && sh packaging/recipes.sh "$ARCHIVE" "$VERSION" https://example.org/execsnoop "$T/recipes" || return
	# The same, but for a byte of its gzip header.
	mkdir "$T/changed"
	{ head -c 9 "$ARCHIVE"; printf x; tail -c +11 "$ARCHIVE"; } >"$T/changed/${ARCHIVE##*/}"
	gzip -t "$T/changed/${ARCHIVE##*/}"
}

# refuses PATTERN COMMAND...: it fails, and says why.
refuses() {
	pattern=$1
	shift
	if "$@" >"$T/said" 2>&1; then echo "it takes the archive"; return 1; fi
	cat "$T/said"
	grep -q "$pattern" "$T/said"
}

# holds DIRECTORY PROGRAM UNITS: the program and all that belongs to it is there, under its name.
holds() {
	directory=$1 program=$2 units=$3 name=${2##*/}
	for file in "$program" "$units/$name.service" "etc/logrotate.d/$name" "usr/share/bash-completion/completions/$name" \
		"usr/share/fish/vendor_completions.d/$name.fish" "usr/share/zsh/site-functions/_$name"; do
		[ -s "$directory/$file" ] || { echo "not there: $file"; return 1; }
	done
	grep -q "^ExecStart=/$program " "$directory/$units/$name.service" || { echo "the unit starts another program"; return 1; }
	[ -z "$(find "$directory/etc/systemd" "$directory/$units" -type l 2>/dev/null)" ] || { echo "the unit is enabled"; return 1; }
	gzip -cdf "$directory/usr/share/man/man8/$name.8"* | grep -qi "^\.[DT][HTt] $name" || { echo "no man page"; return 1; }
	bash -c '. "$1" && complete -p "$2"' - "$directory/usr/share/bash-completion/completions/$name" "$name" || return
	grep -q "^complete -c $name " "$directory/usr/share/fish/vendor_completions.d/$name.fish" &&
		grep -q "^#compdef $name$" "$directory/usr/share/zsh/site-functions/_$name" || return
	for file in usr/local usr/share/doc/execsnoop/LICENSE; do
		[ ! -e "$directory/$file" ] || { echo "there: $file"; return 1; }
	done
}

# runs PROGRAM: it is static, has the version, and shows an exec.
runs() {
	LC_ALL=C readelf -lW "$1" | grep INTERP && { echo "it is not static"; return 1; }
	"$1" --version | tee "$T/version"
	grep -q "^execsnoop $VERSION, " "$T/version" || return
	"$1" -- /bin/true 2>"$T/trace"
	cat "$T/trace"
	grep -q ' /bin/true$' "$T/trace"
}

# ---- Debian ----

deb_unpack() {
	mkdir "$T/deb"
	cp "$ARCHIVE" "$T/deb/execsnoop-static_$VERSION.orig.tar.gz"
	cd "$T/deb" && sha256sum -c "$T/recipes/debian/orig.sha256" && tar -xf ./*.orig.tar.gz &&
		cp -r "$T/recipes/debian" "execsnoop-$VERSION/debian"
}
deb_refuses() {
	mkdir "$T/deb-changed"
	cp "$T/changed/${ARCHIVE##*/}" "$T/deb-changed/execsnoop-static_$VERSION.orig.tar.gz"
	cd "$T/deb-changed" && refuses 'orig.tar.gz: FAILED' sha256sum -c "$T/recipes/debian/orig.sha256"
}
deb_build() {
	cd "$T/deb/execsnoop-$VERSION" && within 600 env DEB_BUILD_OPTIONS="parallel=$(nproc)" dpkg-buildpackage -us -uc
}
deb_lintian() {
	within 300 lintian --allow-root --fail-on error "$T/deb/"*.changes >"$T/note"
	status=$?
	cat "$T/note"
	return $status
}

# deb_install DEB: together with libbpf-tools, whose program has the plain name. The scripts run there, with BusyBox's shell and
# a helper of systemd that writes down what it is told, and says that units are enabled by default, as the real one does.
deb_install() {
	root=$T/deb/root
	mkdir -p "$root/bin" "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
	cp "$(command -v busybox)" "$root/bin/sh"
	: >"$root/var/lib/dpkg/status"
	# shellcheck disable=SC2016 # the helper expands it
	printf '#!/bin/sh\necho "$@" >>/told\n[ "$1" != debian-installed ]\n' >"$root/bin/deb-systemd-helper"
	chmod 755 "$root/bin/deb-systemd-helper"
	within 180 dpkg --root="$root" --force-depends -i "$T/deb/"libbpf-tools_*.deb "$1" && [ -x "$root/usr/sbin/execsnoop" ] || return
	cat "$root/told"
	! grep -E '^enable |^--quiet was-enabled ' "$root/told" || { echo "the unit is enabled"; return 1; }
}
deb_download() (
	cd "$T/deb" && timeout -s KILL 60 apt-get -o APT::Sandbox::User=root download libbpf-tools
)

debian() {
	result "debian: the recipe takes the archive" deb_unpack &&
		result "debian: the packages of source and program are built" deb_build || return
	result "debian: lintian finds no error" deb_lintian
	deb=$(echo "$T/deb/execsnoop-static_${VERSION}"-*.deb)
	missing=$(why_not busybox)
	[ -n "$missing" ] || deb_download >"$T/log" 2>&1 || missing="libbpf-tools cannot be downloaded"
	if [ -n "$missing" ]; then
		skip "debian: it can be installed beside libbpf-tools" "$missing"
		dpkg-deb -x "$deb" "$T/deb/root"
	else
		result "debian: it can be installed beside libbpf-tools" deb_install "$deb"
	fi
	result "debian: program, man page, completions and unit have the package's name" holds "$T/deb/root" \
		usr/sbin/execsnoop-static lib/systemd/system
	result "debian: the installed program runs" runs "$T/deb/root/usr/sbin/execsnoop-static"
	result "debian: the recipe refuses an archive that was changed" deb_refuses
}

# ---- Fedora ----

# rpm_build SOURCES GOAL: Debian's rpm knows of no installed packages, and of another place for programs of the administrator.
rpm_build() {
	within 600 rpmbuild "-b$2" --nodeps --define "_topdir $T/rpm" --define "_sourcedir $1" --define "_dbpath $T/rpm/db" \
		--define "_smp_mflags -j$(nproc)" --define "_sbindir /usr/bin" "$T/recipes/rpm/execsnoop.spec"
}
rpm_build_all() { rpm_build "$T" a; }
rpm_refuses() { refuses 'execsnoop-.*tar.gz: FAILED' rpm_build "$T/changed" p; }

# Debian's rpmlint has no distribution's rules; these are not Fedora's.
rpm_lint() {
	cat >"$T/rpm/rules.toml" <<-'END'
		ValidLicenses = ["GPL-2.0-only"]
		Filters = ["no-signature", "no-packager-tag", "no-group-tag", "no-buildroot-tag", "manpage-not-compressed",
			"only-non-binary-in-usr-lib", "position-independent-executable-suggested"]
	END
	within 300 rpmlint -c "$T/rpm/rules.toml" -r "$T/recipes/rpm/execsnoop.rpmlintrc" "$T/rpm/RPMS/"*/*.rpm "$T/rpm/SRPMS/"*.rpm \
		"$T/recipes/rpm/execsnoop.spec" >"$T/rpm/lint"
	status=$?
	grep -E ': [EW]: ' "$T/rpm/lint" >"$T/note"
	cat "$T/rpm/lint"
	return $status
}
rpm_install() { within 180 rpm --root "$T/rpm/root" --dbpath /var/lib/rpm -i --nodeps --nosignature "$T/rpm/RPMS/"*/*.rpm; }

fedora() {
	result "fedora: the packages of source and program are built" rpm_build_all || return
	result "fedora: rpmlint finds no error" rpm_lint
	mkdir "$T/rpm/root"
	result "fedora: the package can be installed" rpm_install
	result "fedora: program, man page, completions and unit have the package's name" holds "$T/rpm/root" usr/bin/execsnoop \
		usr/lib/systemd/system
	result "fedora: the installed program runs" runs "$T/rpm/root/usr/bin/execsnoop"
	result "fedora: the recipe refuses an archive that was changed" rpm_refuses
}

# ---- Arch ----

# arch_make ARCHIVE DIRECTORY [OPTION]...: with the flags of Arch's makepkg.conf.
arch_make() {
	archive=$1 directory=$2
	shift 2
	mkdir "$directory"
	cp "$archive" "$T/recipes/arch/PKGBUILD" "$directory"
	{
		cat /etc/makepkg.conf
		cat <<-'END'
			CFLAGS="-O2 -pipe -fno-plt -fexceptions -Wp,-D_FORTIFY_SOURCE=3 -Wformat -Werror=format-security"
			CFLAGS="$CFLAGS -fstack-clash-protection -fno-omit-frame-pointer"
			LDFLAGS="-Wl,-O1 -Wl,--sort-common -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,pack-relative-relocs"
			LTOFLAGS="-flto=auto"
			OPTIONS=(strip docs !libtool !staticlibs emptydirs zipman purge debug lto)
			MAKEFLAGS="-j$(nproc)"
		END
	} >"$directory/makepkg.conf"
	chown -R $NOBODY "$directory"
	within 600 setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups env -i -C "$directory" HOME="$directory" PATH="$PATH" \
		LC_ALL=C.UTF-8 makepkg --config "$directory/makepkg.conf" --nodeps --noconfirm --nocolor "$@"
}
arch_build() { arch_make "$ARCHIVE" "$T/arch"; }
arch_refuses() {
	refuses 'execsnoop-.*tar.gz ... FAILED' arch_make "$T/changed/${ARCHIVE##*/}" "$T/arch-changed" --verifysource
}
arch_install() {
	mkdir -p "$T/arch/root/var/lib/pacman"
	within 180 pacman --root "$T/arch/root" --dbpath "$T/arch/root/var/lib/pacman" --config /dev/null --noconfirm -Udd \
		"$T/arch/"*.pkg.tar*
}

arch() {
	result "arch: the package is built" arch_build || return
	result "arch: the package can be installed" arch_install
	result "arch: program, man page, completions and unit have the package's name" holds "$T/arch/root" \
		usr/bin/execsnoop-static usr/lib/systemd/system
	result "arch: the installed program runs" runs "$T/arch/root/usr/bin/execsnoop-static"
	result "arch: the recipe refuses an archive that was changed" arch_refuses
}

# ---- all of them ----

# needs SYSTEM: the commands that its packages take.
needs() {
	case $1 in
	debian) echo dpkg-buildpackage dh lintian ;;
	fedora) echo rpmbuild rpmlint ;;
	arch) echo makepkg pacman fakeroot bsdtar setpriv ;;
	esac
	echo git make lz4 musl-gcc readelf
}

VERSION=$(make -s version)
ARCHIVE=$T/execsnoop-$VERSION.tar.gz
[ $# -gt 0 ] || set -- debian fedora arch
made=
for system; do
	# shellcheck disable=SC2046 # words
	missing=$(why_not $(needs "$system"))
	[ -n "$missing" ] || git -c safe.directory="*" rev-parse --git-dir >/dev/null 2>&1 || missing="this is no git clone"
	if [ -n "$missing" ]; then
		skip "$system: the package is built" "$missing"
		continue
	fi
	[ -n "$made" ] || result "an archive of the tree is made, and the recipes are filled in" archive || exit
	made=yes
	$system
done
