"""A sweep on a real Slurm of one node, on loopback, started and stopped by the test itself.

usage: slurm_test.py DRIFTSTORM [unittest options]; needs root and Debian's munge, slurmctld, slurmd and
slurm-client; leaves with code 77 (skipped) without them. Works in the current folder.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

DRIFTSTORM = os.path.abspath(sys.argv[1])
DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
QUEUE = """schema: scenario/1
title: A short queue
seed: 3
duration: 2 min
parameters:
  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }
  service: { default: 10 ms, range: [1 ms, 10 ms] }
servers:
  desk: { kind: station, workers: 1, service_time: { exponential: { mean: $service } } }
populations:
  customers: { kind: customers, station: desk, arrivals: { process: poisson, rate: $load } }
"""
GRID = """schema: sweep/1
title: Load against service
scenario: queue.yaml
design:
  - grid: { load: { from: 10 req/s, to: 80 req/s, count: 8 }, service: [5 ms, 8 ms, 10 ms] }
replications: { min: 4, max: 12, stop_when: { metric: desk.sojourn.mean, half_width: 15 % } }
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def die_with_parent():
    """In a child: a test that is killed leaves no daemon behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Cluster:
    """munged, slurmctld and slurmd with everything they write in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        for name in ("state", "spool", "log", "munge"):
            (folder / name).mkdir()
        key = folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        (folder / "munge").chmod(0o755)
        controller, node = free_ports(2)
        self.socket = folder / "munge" / "socket"
        self.config = folder / "slurm.conf"
        self.config.write_text(f"""ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={self.socket}
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld
SlurmdLogFile={folder}/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=1
MinJobAge=10
ReturnToService=2
MailProg=/bin/true
NodeName=localhost NodeAddr=127.0.0.1 NodeHostname=localhost CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=small Nodes=localhost Default=YES MaxTime=INFINITE State=UP
""")
        self.environment = {**os.environ, "SLURM_CONF": str(self.config)}

    def __enter__(self):
        try:
            self.start("munged", "--foreground", "--force", f"--socket={self.socket}",
                       f"--key-file={self.folder}/munge/key", f"--pid-file={self.folder}/munge/pid",
                       f"--seed-file={self.folder}/munge/seed", f"--log-file={self.folder}/log/munged")
            self.until(self.socket.exists, "munged")
            self.start("slurmctld", "-D", "-c", "-f", self.config)
            self.start("slurmd", "-D", "-N", "localhost", "-f", self.config)
            self.until(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"), "an idle node")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *command):
        name = command[0]
        with open(self.folder / "log" / f"{name}.out", "w") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), env=self.environment, stdout=log,
                                                   stderr=subprocess.STDOUT, preexec_fn=die_with_parent))

    def ask(self, *command):
        return subprocess.run(list(map(str, command)), env=self.environment, capture_output=True, text=True,
                              timeout=60).stdout

    def until(self, ready, what, seconds=90):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                logs = "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}"
                                 for path in sorted((self.folder / "log").iterdir()))
                raise RuntimeError(f"no {what} after {seconds} s\n{logs}")
            time.sleep(0.1)


class OnACluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm-", dir=os.getcwd()))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.cluster = Cluster(cls.folder)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        (cls.folder / "queue.yaml").write_text(QUEUE)
        (cls.folder / "grid.yaml").write_text(GRID)

    def command(self, *arguments, code=0):
        done = subprocess.run([DRIFTSTORM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              timeout=600, env=self.cluster.environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        print("$ driftstorm", *arguments)
        print(done.stderr + done.stdout, end="")
        return done

    def merged(self, folder):
        self.command("merge", folder, "-o", f"{folder}.h5")
        return (self.folder / f"{folder}.h5").read_bytes()

    def slurm(self, folder):
        return ("sweep", "grid.yaml", "-o", folder, "--slurm", "--partition", "small", "--time", "10:00",
                "--memory", "200M", "--tasks", "4", "--poll", "0.5")

    def test_a_job_array_makes_the_file_that_a_local_sweep_makes(self):
        done = self.command(*self.slurm("cluster"))
        self.assertIn("4 tasks for 96 runs at 24 points", done.stderr)
        script = (self.folder / "cluster" / "slurm" / "job.sh").read_text()
        for line in ("#SBATCH --partition=small", "#SBATCH --time=10:00", "#SBATCH --mem=200M"):
            self.assertIn(line, script)
        self.command("sweep", "grid.yaml", "-o", "local")
        self.assertEqual(self.merged("cluster"), self.merged("local"))

    def test_killed_tasks_are_made_again_and_a_killed_driver_follows_its_job(self):
        driver = subprocess.Popen([DRIFTSTORM, *self.slurm("torn")], cwd=self.folder, env=self.cluster.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        job = self.folder / "torn" / "slurm" / "job"
        self.cluster.until(job.exists, "job")
        self.cluster.until(lambda: list((self.folder / "torn").rglob("*.run")), "run")
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        first = job.read_text()
        self.cluster.ask("scancel", f"{first}_1")  # as a node that dies
        done = self.command(*self.slurm("torn"), "--json")
        if first in self.cluster.ask("squeue", "--noheader", "--format=%A"):
            self.assertIn(f"job {first} of this sweep is still at work", done.stderr)
        self.assertEqual(json.loads(done.stdout)["failed"], 0)
        self.command("sweep", "grid.yaml", "-o", "calm")
        self.assertEqual(self.merged("torn"), self.merged("calm"))


if __name__ == "__main__":
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    os.environ["PATH"] = path
    missing = [name for name in DAEMONS if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        print("SKIPPED: needs", "root" if not missing else ", ".join(missing))
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
