#!/bin/sh
# Layout, clang-tidy, headers that compile alone, and tidy_test; every step is run, and the end says which failed.
# usage: lint.sh BUILD COMMANDS [FILE...]    configured build folders: to build in; whose compile_commands.json names each file
set -eu
build=$1 commands=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
failed=

if [ $# -gt 0 ]; then
    for f; do
        [ -f "$f" ] || { echo "lint: there is no file '$f'" >&2; exit 2; }
    done
    files=$*
else
    files=$(git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)
fi

step() { echo "== $*"; }

step "clang-format"
unformatted=$(for f in $files; do clang-format "$f" | cmp -s - "$f" || echo "$f"; done)
if [ -n "$unformatted" ]; then
    echo "not in the project's layout; to mend: clang-format -i" $unformatted
    failed="$failed clang-format"
fi

# Only what the build compiles has a command line to check with; tests answer to the compilers' warnings alone.
step "clang-tidy"
sources=$(echo "$files" | tr ' ' '\n' | grep -E '^(sim|models|scenarios|analysis|recordings|sweeps|cli)/.*\.cpp$' |
    while read -r f; do if grep -q "\"$root/$f\"" "$commands/compile_commands.json"; then echo "$f"; fi; done)
if [ -n "$sources" ]; then
    cmake --build "$commands" --target driftstorm_git_state >/dev/null  # a header that one of them includes
    # Without the precompiled headers, which are the other compiler's, and so that each file includes what it uses.
    mkdir -p "$commands/tidy"
    sed 's# -Winvalid-pch -include [^ ]*cmake_pch\.hxx##' "$commands/compile_commands.json" >"$commands/tidy/compile_commands.json"
    echo "$sources" | xargs -n 1 -P "$(nproc)" clang-tidy -p "$commands/tidy" --quiet >"$build/clang-tidy.log" 2>&1 ||
        failed="$failed clang-tidy"
    grep -vE '^[0-9]+ warnings? (generated|treated as errors?)|^Suppressed' "$build/clang-tidy.log" || true
fi

step "headers compile alone"
cmake --build "$build" -j "$(nproc)" --target all_verify_interface_header_sets || failed="$failed headers"

step "tidy_test"
cmake --build "$build" -j "$(nproc)" --target tidy_test && "$build/bin/tidy_test" || failed="$failed tidy_test"

if [ -n "$failed" ]; then
    # Once more, where one looks: at the end.
    [ ! -f "$build/clang-tidy.log" ] || grep -E 'error:|not found' "$build/clang-tidy.log" | sort -u || true
    echo "lint failed:$failed"
    exit 1
fi
echo "lint: nothing to complain about"
