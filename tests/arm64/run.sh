#!/bin/sh
# Builds the worlds for this machine and for ARM64, runs both, compares. usage: run.sh BUILD
# exit 0: the same digests, 1: others, 77: the cross compiler or the emulator is not installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
cross=$build/arm64
for program in aarch64-linux-gnu-g++ qemu-aarch64; do
    command -v $program >/dev/null || {
        echo "SKIPPED: no $program (Debian: g++-aarch64-linux-gnu qemu-user)"
        exit 77
    }
done
cmake --build "$build" --target arm64_worlds >/dev/null
cmake -S "$here/engine" -B "$cross" -G Ninja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O2 >"$build/arm64.log"
cmake --build "$cross" --target arm64_worlds >>"$build/arm64.log" || {
    tail -30 "$build/arm64.log"
    exit 1
}
"$build/bin/arm64_worlds" >"$cross/here.txt"
qemu-aarch64 "$cross/arm64_worlds" >"$cross/arm64.txt"
echo "$(uname -m):"
cat "$cross/here.txt"
echo "aarch64 ($(file -bL "$cross/arm64_worlds" 2>/dev/null | cut -c1-60)):"
cat "$cross/arm64.txt"
cmp "$cross/here.txt" "$cross/arm64.txt" && echo "the same digests on both"
