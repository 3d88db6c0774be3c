"""Coverage of a sweep's intervals under its stopping rule, on queues with known answers.

usage: coverage_test.py DRIFTSTORM SOURCE_FOLDER [STUDIES]; works in the current folder. Each point of a sweep with
independent seeds is a study of its own, which stops when its interval is narrow enough.
"""

import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import xarray as xr

DRIFTSTORM = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2]).resolve()
STUDIES = int(sys.argv[3]) if len(sys.argv) > 3 else 400

LOAD = 50.0  # customers a second
QUEUES = {  # name: (what is changed of mm1.yaml, mean wait in s by Kleinrock I, 3.2 and 5.7, and Erlang C)
    "M/M/1": ("", 0.5 * 0.01 / 0.5),
    "M/D/1": ("servers: { desk: { service_time: { constant: 10 ms } } }", 0.5 * 0.01 / (2 * 0.5)),
    "M/M/3": ("servers: { desk: { workers: 3, service_time: { exponential: { mean: 30 ms } } } }", None),
}


def erlang_c_wait(workers, service):
    offered = LOAD * service
    blocked = 1.0
    for k in range(1, workers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    rho = offered / workers
    waits = blocked / (1 - rho * (1 - blocked))
    return waits * service / (workers * (1 - rho))


def measure(name, change, expected, folder):
    folder.mkdir()
    shutil.copy(SOURCE / "scenarios" / "library" / "mm1.yaml", folder)
    unused = "" if "$service" in change or not change else ", service: { unused: ok }"
    (folder / "queue.yaml").write_text(f"""schema: scenario/1
include: [mm1.yaml]
duration: 40 s
warmup: 10 s
parameters: {{ study: {{ default: 0, range: [0, 100000], unused: ok }}{unused} }}
{change}
""")
    (folder / "sweep.yaml").write_text(f"""schema: sweep/1
scenario: queue.yaml
set: {{ load: {LOAD:g} req/s }}
design: {{ grid: {{ study: {{ from: 1, to: {STUDIES}, count: {STUDIES} }} }} }}
replications: {{ min: 6, max: 60, stop_when: {{ metric: desk.wait.mean, half_width: 10 % }} }}
seeds: independent
metrics: [desk.wait.mean]
""")
    subprocess.run([DRIFTSTORM, "sweep", "sweep.yaml", "-o", "out", "--json"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([DRIFTSTORM, "merge", "out", "-o", "all.h5"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    data = xr.open_dataset(folder / "all.h5", group="summary", engine="h5netcdf")
    mean, half = data["desk.wait.mean"], data["desk.wait.mean.half_width"]
    held = float((abs(mean - expected) <= half).mean())
    runs = float(data["replications"].mean())
    print(f"{name}: mean wait {1e3 * float(mean.mean()):.3f} ms (theory {1e3 * expected:.3f} ms), "
          f"{100 * held:.1f} % of {STUDIES} intervals hold, {runs:.1f} runs a study, "
          f"from {int(data['replications'].min())} to {int(data['replications'].max())}")
    return held


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="coverage-", dir=os.getcwd()))
    try:
        least = 0.95 - 4 * math.sqrt(0.95 * 0.05 / STUDIES)  # four standard errors of a true 95 %
        worst = min(measure(name, change, expected or erlang_c_wait(3, 0.03), folder / name.replace("/", ""))
                    for name, (change, expected) in QUEUES.items())
    finally:
        shutil.rmtree(folder)
    if worst < least:
        sys.exit(f"coverage {worst:.3f} is below {least:.3f}")


if __name__ == "__main__":
    main()
