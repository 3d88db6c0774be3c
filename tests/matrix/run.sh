#!/bin/sh
# The determinism matrix: every library scenario must give one digest, whatever compiled the command,
# whatever the CPU offers and however the world is split. Digests are compared, not exit codes: a run that
# ends early, or misses an expectation (1) or cannot judge one (4), has a digest all the same.
# usage: run.sh [--full]    exit 0 one digest each, 6 some differ, 70 a run failed
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/matrix
full=
[ "${1:-}" != --full ] || full=1

# Simulated time that costs a few CPU seconds, or nothing where the whole run does; --full runs all to
# their end. The commuters are cut after the relay is back, with the storm behind them.
until_of() {
    case $1 in
        commuter_train) echo "17 min" ;;
        chrony_after_handoff) echo "15 h" ;;
        drift_free_run) echo "2 days" ;;
        ntp_pool_storm) echo "110 min" ;;
        android_day | clock_skew_reordering | leap_smear_mix | mm1) ;;
        server_outage_* | suspend_resume | walk_5g) ;;
        *) echo "10 min" ;;
    esac
}

# variant FOLDER PRESET FLAGS [cmake options]: the command alone, built with these optimisation flags.
variant() {
    folder=$work/$1 preset=$2 flags=$3
    shift 3
    echo "building $folder: preset $preset, $flags" >&2
    (cd "$root" && cmake --preset "$preset" -B "$folder" -DCMAKE_CXX_FLAGS_RELEASE="$flags" -DDRIFTSTORM_TESTS=OFF "$@") \
        >"$folder.log" 2>&1 && cmake --build "$folder" -j "$(nproc)" --target driftstorm >>"$folder.log" 2>&1 || {
        tail -40 "$folder.log" >&2
        exit 70
    }
}

# digest BINARY TUNABLES PARTITIONS SCENARIO [--until T]: "digest events wall" or "failed code -".
digest() {
    binary=$1 tunables=$2 partitions=$3 scenario=$4
    shift 4
    code=0
    GLIBC_TUNABLES=$tunables "$binary" run "$scenario" "$@" --partitions "$partitions" -o "$work/result.h5" --json \
        >"$work/run.json" 2>"$work/run.err" </dev/null || code=$?
    rm -f "$work"/result.h5 "$work"/result.h5.*
    case $code in 0 | 1 | 4) ;; *)
        echo "failed $code -"
        return
        ;;
    esac
    # The first of each key: the summary further down may use the words again.
    value() { grep -o '"'"$1"'": *"\{0,1\}[0-9a-z.+-]*' "$work/run.json" | head -1 | sed 's/.*[" ]//'; }
    echo "$(value digest) $(value events) $(value wall_s)"
}

mkdir -p "$work"
fma_off=glibc.cpu.hwcaps=-AVX2,-FMA
cc -O2 "$here/libm_bits.c" -o "$work/libm_bits" -lm
if grep -qw fma /proc/cpuinfo; then
    if [ "$("$work/libm_bits")" = "$(GLIBC_TUNABLES=$fma_off "$work/libm_bits")" ]; then
        echo "GLIBC_TUNABLES=$fma_off does not change libm here: the variants without FMA would prove nothing" >&2
        exit 70
    fi
else
    echo "this CPU has no FMA: the variants without it equal those with it" >&2
fi

rm -rf "$work/gcc-O2"
ln -s "$root/build/release" "$work/gcc-O2"  # ./dev matrix has built it
# At -O3, g++ 12 warns of accesses beyond strings and variants that inlining alone makes it see; warnings
# are errors at -O2 and with clang++.
variant gcc-O3-native release "-O3 -march=native" -DDRIFTSTORM_WERROR=OFF
variant clang-O2 clang "-O2"
builds="gcc-O2 gcc-O3-native clang-O2"
if [ -n "$full" ]; then
    variant gcc-O0 release "-O0"
    variant clang-O0 clang "-O0"
    builds="$builds gcc-O0 clang-O0"
fi

differ=0 failed=0 compared=0
printf '%-26s %-10s %-15s %-4s %-10s %-18s %12s %8s\n' scenario until build FMA partitions digest events wall/s
for scenario in "$root"/scenarios/library/*.yaml; do
    name=$(basename "$scenario" .yaml)
    until=$(until_of "$name")
    [ -z "$full" ] || until=
    reference=
    for build in $builds; do
        for setting in "on 1" "on 4" "off 1"; do
            fma=${setting% *} partitions=${setting#* }
            tunables=
            [ "$fma" = on ] || tunables=$fma_off
            # shellcheck disable=SC2046  # three words
            set -- $(digest "$work/$build/bin/driftstorm" "$tunables" "$partitions" "$scenario" ${until:+--until "$until"})
            mark=
            if [ "$1" = failed ] || [ $# -lt 3 ]; then
                failed=$((failed + 1))
                mark=" FAILED: $(tail -1 "$work/run.err")"
            elif [ -z "$reference" ]; then
                reference=$1
            elif [ "$1" = "$reference" ]; then
                compared=$((compared + 1))
            else
                differ=$((differ + 1))
                mark=" DIFFERS from $reference"
            fi
            printf '%-26s %-10s %-15s %-4s %-10s %-18s %12s %8s%s\n' \
                "$name" "${until:-whole}" "$build" "$fma" "$partitions" "${1:--}" "${2:--}" "${3:--}" "$mark"
        done
    done
done

if [ "$differ" != 0 ]; then
    echo "NOT DETERMINISTIC: $differ digests differ from their scenario's first"
    exit 6
elif [ "$failed" != 0 ] || [ "$compared" = 0 ]; then
    echo "$failed runs failed, $compared digests compared equal"
    exit 70
fi
echo "one digest for each scenario: $compared runs agree with their scenario's first"
