# SPDX-License-Identifier: GPL-2.0-only
# The binaries for each processor, and a release: them, the source archive, recipes of distributions, a bill of materials.
DIST = dist

# The commit that is released, and the place that its files will be at.
REV = v$(VERSION)
URL = https://example.org/execsnoop

dist:
	@sh packaging/packages.sh $(BUILD_PACKAGES) debian-archive-keyring
	rm -rf "$(DIST)"
	mkdir -p "$(DIST)"
	unset CC CROSS_COMPILE BPF_CLANG BPF_OBJECT; for arch in $(ARCHES); do \
		$(MAKE) --no-print-directory -s -j$(JOBS) ARCH=$$arch OF=$$arch to-dist || exit; \
	done
	cd "$(DIST)" && sha256sum execsnoop-* >SHA256SUMS

to-dist: $(BINARY)
	@[ $(KIND) = debian ] && [ $(OF) = $(ARCH) ] || { echo "make dist has compilers of its own: do not give it one" >&2; exit 1; }
	cp $(BINARY) "$(DIST)/execsnoop-$(ARCH)"

archive:
	@sh packaging/release.sh archive "$(REV)" $(VERSION) "$(DIST)"

# All of it is made from the archive, in a directory of its own.
release:
	@sh packaging/packages.sh $(BUILD_PACKAGES) debian-archive-keyring
	@URL="$(URL)" ARCHES="$(ARCHES)" sh packaging/release.sh release "$(REV)" $(VERSION) "$(DIST)"

.PHONY: dist to-dist archive release
