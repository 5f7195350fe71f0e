#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints a release's bill of materials, as SPDX 2.3 in JSON: the binaries, what each was made from, and by which compiler.
Usage: sbom.py VERSION COMMIT SECONDS URL ARCHIVE DIRECTORY, in the project's directory; DIRECTORY has the binaries,
execsnoop-ARCHITECTURE, and SECONDS is when the commit was made."""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

version, commit, seconds, url, archive, directory = sys.argv[1:]
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "execsnoop")
# Of these the binaries hold code; the kernel's headers give them constants and structs.
LICENSES = {"musl": "MIT", "libgcc": "GPL-3.0-or-later WITH GCC-exception-3.1", "linux": "GPL-2.0-only WITH Linux-syscall-note",
            "clang": "Apache-2.0 WITH LLVM-exception"}


def checksums(path):
    with open(path, "rb") as file:
        data = file.read()
    return [{"algorithm": a, "checksumValue": hashlib.new(a.lower(), data).hexdigest()} for a in ("SHA1", "SHA256")]


def identifier(*words):
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", w) for w in words)


def debian_packages(architecture):
    """The Debian packages that the binary is linked from: [(name, version)]."""
    table = open("packaging/toolchain.mk").read()
    suite = re.search(rf"^{architecture} = .* (\w+)(?: -.*)?$", table, re.M)[1]
    listed = os.path.join(CACHE, f"root-{suite}-{architecture}", "packages")
    if os.path.exists(listed):
        names = [line.split("_")[:2] for line in open(listed).read().split()]
        return [(name, version.replace("%3a", ":")) for name, version in names]
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "musl-dev", "libgcc-12-dev", "linux-libc-dev"],
                           check=True, capture_output=True, text=True).stdout
    return [tuple(line.split()) for line in asked.splitlines()]


def debian(name, its_version, architecture):
    kind = next(k for k in LICENSES if name.startswith(k))
    return {"SPDXID": identifier("Debian", name, its_version, architecture), "name": name, "versionInfo": its_version,
            "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": LICENSES[kind], "licenseDeclared": LICENSES[kind], "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{its_version}?arch={architecture}"}]}


SOURCE = identifier("source")
packages = [{"SPDXID": SOURCE, "name": "execsnoop", "versionInfo": version, "packageFileName": os.path.basename(archive),
             "downloadLocation": f"{url}/{os.path.basename(archive)}", "filesAnalyzed": False, "checksums": checksums(archive),
             "sourceInfo": f"git commit {commit}", "licenseConcluded": "GPL-2.0-only", "licenseDeclared": "GPL-2.0-only",
             "copyrightText": "NOASSERTION", "primaryPackagePurpose": "SOURCE"}]
files, relations = [], [("SPDXRef-DOCUMENT", "DESCRIBES", SOURCE)]
clang = debian("clang-19", subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "clang-19"], check=True, capture_output=True,
                                          text=True).stdout, "amd64")
packages.append(clang)
for name in sorted(os.listdir(directory)):
    if not name.startswith("execsnoop-"):
        continue
    binary = identifier("binary", name)
    files.append({"SPDXID": binary, "fileName": f"./{name}", "fileTypes": ["BINARY"], "licenseConcluded": "GPL-2.0-only",
                  "checksums": checksums(os.path.join(directory, name)), "copyrightText": "NOASSERTION"})
    relations += [("SPDXRef-DOCUMENT", "DESCRIBES", binary), (binary, "GENERATED_FROM", SOURCE),
                  (clang["SPDXID"], "BUILD_TOOL_OF", binary)]
    architecture = name.removeprefix("execsnoop-")
    for package, its_version in debian_packages(architecture):
        packages.append(debian(package, its_version, architecture))
        is_header = package.startswith("linux")
        relations.append((binary, "DEPENDS_ON" if is_header else "STATIC_LINK", packages[-1]["SPDXID"]))

print(json.dumps({
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"execsnoop-{version}",
    "documentNamespace": f"{url}/execsnoop-{version}-{commit}.spdx.json",
    "creationInfo": {"created": datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "creators": ["Tool: execsnoop-packaging/sbom.py"]},
    "packages": packages, "files": files,
    "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations],
}, indent=1))
