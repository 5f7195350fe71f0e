#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A module of dracut: puts execsnoop into the initramfs, as /usr/sbin/execsnoop.
# Install it as /usr/lib/dracut/modules.d/90execsnoop/module-setup.sh. Then run dracut --add execsnoop. See docs/rescue.md.

# The path of the binary. dracut has no /usr/local in its PATH.
# Other programs are called execsnoop, too. They are scripts or need shared libraries, so the binary's own words decide.
find_execsnoop() {
    local _name _directory _file
    for _name in execsnoop-static execsnoop; do
        for _directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
            _file=$(find_binary "$_directory/$_name") || continue
            grep -q 'one static binary' "${dracutsysrootdir-}$_file" || continue
            printf '%s\n' "$_file"
            return 0
        done
    done
    return 1
}

# called by dracut
check() {
    if ! find_execsnoop > /dev/null; then
        dinfo "execsnoop: no such static binary in /usr/local/sbin, /usr/local/bin, /usr/sbin or /usr/bin"
        return 1
    fi
    # 255: only if it is asked for
    return 255
}

# called by dracut
depends() {
    return 0
}

# called by dracut
install() {
    inst_binary "$(find_execsnoop)" /usr/sbin/execsnoop
}
