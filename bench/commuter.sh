#!/bin/sh
# What writing results costs the commuters: all outputs against `outputs: none`, digest on in both, taking turns.
# bench/commuter.sh BUILD; medians of wall time over DRIFTSTORM_BENCH_REPETITIONS (5) rounds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 - "$1/bin/driftstorm" "$here/../scenarios/library/commuter_train.yaml" <<'END'
import json, os, statistics, sys, tempfile

from timed import timed

command, scenario = (os.path.abspath(path) for path in sys.argv[1:3])
rounds = int(os.environ.get("DRIFTSTORM_BENCH_REPETITIONS", "5"))


def take(folder, path):
    """One run: events, wall time in s, peak memory in MB, and the digest."""
    printed, wall, memory = timed(command, "run", path, "--json", "--force", folder=folder)
    answer = json.loads(printed)
    return answer["events"], wall, memory, answer["digest"]


with tempfile.TemporaryDirectory() as folder:
    without = os.path.join(folder, "without_outputs.yaml")
    with open(without, "w") as file:
        file.write(f"schema: scenario/1\ninclude: [{json.dumps(scenario)}]\noutputs: none\n")
    taken = {"all outputs": [], "outputs: none": []}
    for _ in range(rounds):
        taken["all outputs"].append(take(folder, scenario))
        taken["outputs: none"].append(take(folder, without))
    if len({digest for runs in taken.values() for *_, digest in runs}) != 1:
        sys.exit("bench: the runs did different work")
    walls = []
    for name, runs in taken.items():
        wall = statistics.median(run[1] for run in runs)
        walls.append(wall)
        print(f"commuter {name}: {runs[0][0] / wall / 1e6:.2f} M events/s, wall {wall:.2f} s, "
              f"peak memory {max(run[2] for run in runs):.0f} MB")
    print(f"commuter: writing results costs {100 * (walls[0] / walls[1] - 1):.1f} % of the run")
END
