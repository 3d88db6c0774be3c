#!/bin/sh
# Every cell of a folder in the format of validate_ntp, with SEEDS runs each, and what a program's simulated time costs
# beside the real one: bench/ntp_grid.sh BUILD FOLDER [SEEDS]
# The reference runs of the real programs took 0.25 s (chronyd) and 2.6 s (ntpd) of an idle core per 40,000 simulated
# seconds; ours are the CPU time of validate_ntp, comparison included, divided by cells, runs and lengths.
set -eu
exec /usr/bin/python3 - "$1/bin/validate_ntp" "$2" "${3:-32}" <<'END'
import csv, os, resource, subprocess, sys

command, folder, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3])
REAL = {"chrony": 0.25, "ntpd": 2.6}  # s per 40,000 simulated s
SPAN = 40_000

simulated = {}
with open(os.path.join(folder, "reference.csv"), newline="") as table:
    for row in csv.DictReader(table):
        simulated[row["daemon"]] = simulated.get(row["daemon"], 0) + seeds * float(row["T_s"])

whole, spent = 0, 0
for daemon, span in simulated.items():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([command, folder, "--daemon", daemon, "--seeds", str(seeds)], stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # 1: a gate fails, which is not the matter here
        sys.exit(f"bench: validate_ntp --daemon {daemon} ended with code {done.returncode}")
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    whole, spent = whole + span, spent + taken
    ours = taken * SPAN / span
    line = f"ntp_grid {daemon}: {seeds} seeds, {span / 86400:.0f} simulated days in {taken:.1f} s of CPU, {ours * 1e3:.1f} ms per 40,000 s"
    if daemon in REAL:
        line += f", the real program {REAL[daemon] * 1e3:.0f} ms: ratio {REAL[daemon] / ours:.1f}"
    print(line, flush=True)
print(f"ntp_grid: {whole / 86400:.0f} simulated days in {spent:.1f} s of CPU")
END
