################################################################################
#
# execsnoop
#
################################################################################

# SPDX-License-Identifier: GPL-2.0-only
EXECSNOOP_VERSION = @VERSION@
EXECSNOOP_SITE = @URL@
EXECSNOOP_LICENSE = GPL-2.0
EXECSNOOP_LICENSE_FILES = LICENSE

# The source has the compiled BPF programs, packed: neither host-clang nor
# host-lz4 is needed.
EXECSNOOP_MAKE_OPTS = \
	$(TARGET_CONFIGURE_OPTS) \
	BPF_OBJECT=prebuilt/prog-$(if $(filter "BIG",$(BR2_ENDIAN)),bpfeb,bpfel).o.lz4 \
	STATIC=$(if $(BR2_STATIC_LIBS),yes,no)

define EXECSNOOP_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(EXECSNOOP_MAKE_OPTS)
endef

define EXECSNOOP_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(EXECSNOOP_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) PREFIX=/usr install-binary
endef

$(eval $(generic-package))
