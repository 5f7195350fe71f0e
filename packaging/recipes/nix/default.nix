# SPDX-License-Identifier: GPL-2.0-only
# For callPackage. pkgsStatic.callPackage makes one static file of it.
{
  lib,
  stdenv,
  fetchurl,
  buildPackages,
  lz4,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "execsnoop";
  version = "@VERSION@";

  src = fetchurl {
    url = "@URL@/execsnoop-${finalAttrs.version}.tar.gz";
    hash = "sha256-@SHA256_BASE64@";
  };

  strictDeps = true;
  enableParallelBuilding = true;
  nativeBuildInputs = [ lz4 ];

  # All is built from source.
  postPatch = "rm -r prebuilt";

  # The wrapped clang adds flags that BPF does not have.
  makeFlags = [
    "CC=${stdenv.cc.targetPrefix}cc"
    "BPF_CLANG=${lib.getExe' buildPackages.llvmPackages.clang-unwrapped "clang"}"
    "STATIC=${if stdenv.hostPlatform.isStatic then "yes" else "no"}"
    "PREFIX=${placeholder "out"}"
    "sbindir=${placeholder "out"}/bin"
  ];

  doInstallCheck = stdenv.buildPlatform.canExecute stdenv.hostPlatform;
  installCheckPhase = "$out/bin/execsnoop --version";

  meta = {
    description = "Show every program that the machine executes";
    homepage = "@URL@";
    license = lib.licenses.gpl2Only;
    mainProgram = "execsnoop";
    platforms = [
      "aarch64-linux"
      "armv5tel-linux"
      "armv6l-linux"
      "armv7l-linux"
      "i686-linux"
      "loongarch64-linux"
      "mips64el-linux"
      "mipsel-linux"
      "powerpc64le-linux"
      "riscv64-linux"
      "s390x-linux"
      "x86_64-linux"
    ];
  };
})
