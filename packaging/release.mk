# SPDX-License-Identifier: GPL-2.0-only
# The binaries for each processor, and a release: them, the source archive, recipes of distributions, a bill of materials.
DIST = dist

# The commit that is released, and where its files will be had from.
REV = v$(VERSION)
URL = https://example.org/execsnoop

dist:
	@sh packaging/packages.sh $(BUILD_PACKAGES) debian-archive-keyring
	rm -rf $(DIST)
	mkdir -p $(DIST)
	for arch in $(ARCHES); do $(MAKE) --no-print-directory -s -j$(JOBS) ARCH=$$arch to-dist || exit; done
	cd $(DIST) && sha256sum execsnoop-* >SHA256SUMS

to-dist: $(BINARY)
	cp $(BINARY) $(DIST)/execsnoop-$(ARCH)

archive:
	@sh packaging/release.sh archive "$(REV)" $(VERSION) "$(DIST)"

# All of it is made from the archive, in a directory of its own.
release:
	@sh packaging/packages.sh $(BUILD_PACKAGES) debian-archive-keyring
	@URL="$(URL)" ARCHES="$(ARCHES)" sh packaging/release.sh release "$(REV)" $(VERSION) "$(DIST)"

.PHONY: dist to-dist archive release
