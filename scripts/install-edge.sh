#!/usr/bin/env bash
# Installs what `make test-edge` needs: cross compilers and emulators of Debian.
set -euo pipefail

packages=(
    gcc g++ cmake pkg-config
    gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-riscv64-linux-gnu
    gcc-arm-none-eabi gcc-riscv64-unknown-elf
    qemu-user qemu-system-arm qemu-system-misc
    openjdk-17-jdk-headless make
    nodejs chromium chromium-driver
)

run=()
if [ "$(id -u)" -ne 0 ]; then
    run=(sudo)
fi
if ! dpkg --status "${packages[@]}" >/dev/null 2>&1; then
    "${run[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -qq --yes \
        --no-install-recommends "${packages[@]}" libc6-dev-arm64-cross \
        libc6-dev-armhf-cross libc6-dev-riscv64-cross libc6-dev >/dev/null
fi
