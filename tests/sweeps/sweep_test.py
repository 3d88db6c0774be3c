"""Drives sweeps as a user does: what is written, what survives a kill, what is refused.

usage: sweep_test.py DRIFTSTORM SOURCE_FOLDER [unittest options]; works in the current folder.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import jsonschema
import numpy as np
import xarray as xr

DRIFTSTORM = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2]).resolve()

QUEUE = """schema: scenario/1
title: A short queue
seed: 3
duration: 20 s
parameters:
  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }
  service: { default: 10 ms, range: [1 ms, 10 ms] }
  discipline: { default: fifo }
  outage: { default: 0 s, range: [0 s, 10 s] }
servers:
  desk: { kind: station, workers: 1, service_time: { exponential: { mean: $service } }, discipline: $discipline }
populations:
  customers: { kind: customers, station: desk, arrivals: { process: poisson, rate: $load } }
timeline:
  - { name: desk down, at: 5 s, fault: node_down, target: servers.desk, for: $outage }
outputs:
  series: { every: 1 s, of: [desk.queue_depth] }
expectations:
  - { name: short queue, metric: desk.queue_depth.max, is: "< 8", always: true }
"""

GRID = """schema: sweep/1
title: Load against service
scenario: queue.yaml
design:
  - grid: { load: [20 req/s, 50 req/s, 80 req/s], service: [5 ms, 10 ms] }
replications: 3
"""


def run(*arguments, folder, code=0, timeout=300, **more):
    """Runs the command, checks its exit code, and gives what it printed."""
    done = subprocess.run([DRIFTSTORM, *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                          timeout=timeout, **more)
    assert code is None or done.returncode == code, \
        f"{arguments}: exit {done.returncode} instead of {code}\n{done.stdout}{done.stderr}"
    return done


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sweep-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("queue.yaml", QUEUE)
        self.write("grid.yaml", GRID)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def command(self, *arguments, **more):
        return run(*arguments, folder=self.folder, **more)

    def merged(self, folder, name="all.h5"):
        self.command("merge", folder, "-o", name)
        return (self.folder / name).read_bytes()


class Sweeps(Command):
    def test_a_grid_opens_as_a_labelled_map(self):
        done = self.command("sweep", "grid.yaml", "-o", "out")
        self.assertIn("6 of 6 points done, 18 runs", done.stdout)
        self.merged("out")
        data = xr.open_dataset(self.folder / "all.h5", group="summary", engine="h5netcdf")
        waits = data["desk.wait.mean"]
        self.assertEqual(waits.dims, ("load", "service"))
        np.testing.assert_allclose(data["load"], [20, 50, 80])
        np.testing.assert_allclose(data["service"], [5, 10])
        self.assertTrue((waits.diff("load") > 0).all() and (waits.diff("service") > 0).all())
        self.assertEqual(float(data["replications"].min()), 3)
        with h5py.File(self.folder / "all.h5") as file:
            self.assertEqual(file.attrs["status"], "complete")
            runs = file["runs"]
            self.assertEqual(runs["seed"][:3].tolist(), [3, 4, 5])  # common random numbers
            self.assertEqual(len(set(runs["digest"][:].tolist())), 18)
            mean = runs["desk.wait.mean"][:3].mean()
            self.assertAlmostEqual(mean, float(waits[0, 0]), delta=1e-12)
            self.assertNotIn(str(self.folder), str(dict(file["provenance"].attrs)))

    def test_a_run_of_a_sweep_is_the_run_that_its_repeat_line_makes(self):
        self.command("sweep", "grid.yaml", "-o", "out")
        record = next((self.folder / "out" / "runs").rglob("*-1.run")).read_text()
        facts = dict(line.split(" ", 1) for line in record.splitlines() if " " in line)
        line = facts["repeat"].removeprefix("driftstorm ").replace('"', "")
        words = line.replace("--set ", "\n--set\n").split("\n")
        arguments = words[0].split() + [word.strip() for word in words[1:]]
        done = self.command(*arguments, "--no-output", "--json", code=None)
        self.assertEqual(json.loads(done.stdout)["digest"], facts["digest"])

    def test_summaries_leave_no_hdf5_and_other_keeps_do(self):
        self.command("sweep", "grid.yaml", "-o", "out")
        self.assertEqual(list((self.folder / "out").rglob("*.h5")), [])
        self.write("keep.yaml", GRID + "keep: { series: all, events: failing }\n")
        self.command("sweep", "keep.yaml", "-o", "kept")
        files = list((self.folder / "kept").rglob("*.h5"))
        self.assertEqual(len(files), 18)
        with_events = 0
        for path in files:
            with h5py.File(path) as file:
                self.assertIn("series", file)
                with_events += "service" in file.get("events", {})
        self.merged("kept")
        with h5py.File(self.folder / "all.h5") as file:
            failing = int((file["runs/exit_code"][:] == 1).sum())
        self.assertEqual(with_events, failing)
        self.assertTrue(0 < failing < 18)

    def test_a_scenario_beside_the_sweep_s_folder_is_frozen_with_all_it_includes(self):
        for name in ("sweeps/systems", "library"):
            (self.folder / name).mkdir(parents=True)
        self.write("library/queue.yaml", QUEUE)
        self.write("sweeps/systems/short.yaml", "schema: scenario/1\ninclude: [../../library/queue.yaml]\nduration: 10 s\n")
        for scenario in ("../library/queue.yaml", "systems/short.yaml"):
            with self.subTest(scenario):
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                (self.folder / "all.h5").unlink(missing_ok=True)  # of another sweep
                self.write("sweeps/grid.yaml", GRID.replace("queue.yaml", scenario))
                self.command("sweep", "sweeps/grid.yaml", "-o", "out")
                # The same sweep, however it is named and from wherever.
                again = [self.command("sweep", self.folder / "sweeps" / "grid.yaml", "-o", "out", "--json"),
                         run("sweep", "grid.yaml", "-o", "../out", "--json", folder=self.folder / "sweeps"),
                         run("sweep", "../sweeps/grid.yaml", "-o", "../out", "--json", folder=self.folder / "library")]
                self.assertEqual([json.loads(done.stdout)["ran_now"] for done in again], [0, 0, 0])
                self.assertNotIn(str(self.folder), (self.folder / "out" / "plan").read_text())
                (self.folder / "library").rename(self.folder / "gone")
                self.merged("out")  # needs the plan alone
                (self.folder / "gone").rename(self.folder / "library")

    def test_sampled_parameters_are_coordinates_of_the_sample(self):
        self.write("sampled.yaml", """schema: sweep/1
scenario: queue.yaml
design:
  - grid: { discipline: [fifo, lifo] }
  - latin_hypercube: { samples: 5, of: { load: [10 req/s, 60 req/s], service: { from: 1 ms, to: 10 ms, scale: log } } }
metrics: [desk.wait.*, desk.served]
""")
        self.command("sweep", "sampled.yaml", "-o", "out")
        self.merged("out")
        data = xr.open_dataset(self.folder / "all.h5", group="summary", engine="h5netcdf")
        self.assertEqual(data["desk.served"].dims, ("discipline", "sample"))
        self.assertEqual(data["discipline"].values.tolist(), ["fifo", "lifo"])
        self.assertEqual(set(data["desk.served"].coords) & {"load", "service"}, {"load", "service"})
        self.assertEqual(data["load"].dims, ("sample",))
        self.assertNotIn("desk.sojourn.mean", data)
        self.assertIn("desk.wait.mean", data)

    def test_shards_without_a_coordinator_make_the_same_file(self):
        self.command("sweep", "grid.yaml", "-o", "whole")
        for i in range(3):
            self.command("sweep", "grid.yaml", "-o", f"part{i}", "--shard", f"{i}/3")
            self.command("sweep", "grid.yaml", "-o", "shared", "--shard", f"{i}/3")
        whole = self.merged("whole", "whole.h5")
        self.assertEqual(self.merged("shared", "shared.h5"), whole)
        self.command("merge", "part0", "part1", "part2", "-o", "parts.h5")
        self.assertEqual((self.folder / "parts.h5").read_bytes(), whole)
        done = self.command("merge", "part0", "-o", "partial.h5")
        self.assertIn("PARTIAL", done.stdout)
        with h5py.File(self.folder / "partial.h5") as file:
            self.assertEqual(file.attrs["status"], "partial")
            self.assertEqual(file.attrs["missing"] + file.attrs["runs"], 18)

    def test_a_stopping_rule_stops_where_the_interval_suffices(self):
        self.write("rule.yaml", GRID.replace("replications: 3", """replications:
  { min: 4, max: 30, stop_when: { metric: desk.sojourn.mean, half_width: 20 %, confidence: 90 % } }"""))
        self.command("sweep", "rule.yaml", "-o", "out")
        self.merged("out")
        data = xr.open_dataset(self.folder / "all.h5", group="summary", engine="h5netcdf")
        wide = data["desk.sojourn.mean.half_width"] > 0.2 * data["desk.sojourn.mean"]
        self.assertTrue((~wide | (data["replications"] == 30)).all())
        self.assertEqual(float(data["replications"].min()), 4)
        self.assertGreater(float(data["replications"].max()), 4)
        self.write("budget.yaml", (self.folder / "rule.yaml").read_text() + "budget: 40\n")
        self.command("sweep", "budget.yaml", "-o", "few")
        self.merged("few", "few.h5")
        few = xr.open_dataset(self.folder / "few.h5", group="summary", engine="h5netcdf")
        self.assertLessEqual(float(few["replications"].sum()), 40)

    def test_refine_follows_the_boundary_with_few_runs(self):
        self.write("refine.yaml", """schema: sweep/1
scenario: queue.yaml
until: 15 s
design:
  - refine: { of: { load: [10 req/s, 90 req/s], outage: [0 s, 8 s] }, start: 4, levels: 3, metric: desk.queue_depth.max, is: ">= 100" }
""")
        self.command("sweep", "refine.yaml", "-o", "out")
        self.merged("out")
        data = xr.open_dataset(self.folder / "all.h5", group="summary", engine="h5netcdf")
        known = data["desk.queue_depth.max"].notnull()
        self.assertEqual(known.shape, (33, 33))
        self.assertLess(int(known.sum()), 33 * 33 / 3)
        # The backlog of an outage is about load times outage.
        inside = data["desk.queue_depth.max"] >= 100
        load, outage = xr.broadcast(data["load"], data["outage"])
        far = abs(load * outage - 100) > 40
        np.testing.assert_array_equal(inside.values[(known & far).values],
                                      (load * outage > 100).values[(known & far).values])

    def test_the_schema_knows_what_the_reader_knows(self):
        schema = json.loads(self.command("schema", "sweep").stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        kept = json.loads((SOURCE / "scenarios" / "schema" / "sweep-1.schema.json").read_text())
        self.assertEqual(kept, schema, "driftstorm schema sweep > scenarios/schema/sweep-1.schema.json")
        import yaml
        for path in sorted((SOURCE / "scenarios" / "sweeps").glob("*.yaml")):
            jsonschema.validate(yaml.safe_load(path.read_text()), schema)
            self.command("sweep", path, "--dry")
        broken = yaml.safe_load(GRID.replace("design:", "desing:"))
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


class Kills(Command):
    SLOW = GRID.replace("replications: 3", "replications: 12")

    def start(self, *arguments):
        return subprocess.Popen([DRIFTSTORM, *arguments], cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def records(self, folder):
        return len(list((self.folder / folder).rglob("*.run")))

    def killed_thrice(self, sweep, folder):
        """Makes a sweep that is killed three times at random moments and resumed; gives how far it was each time."""
        begun = time.monotonic()
        self.command("sweep", sweep, "-o", "calm")
        calm_s = time.monotonic() - begun
        luck = random.Random(os.environ.get("DRIFTSTORM_KILL_SEED") or time.time_ns())
        for _ in range(20):  # a sweep that was over before its third kill does not count
            shutil.rmtree(self.folder / folder, ignore_errors=True)
            done = []
            while len(done) < 3:
                process = self.start("sweep", sweep, "-o", folder)
                try:
                    process.wait(timeout=luck.uniform(0, 0.6) * calm_s)
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    done.append(self.records(folder))
            if len(done) == 3:
                break
        self.assertEqual(len(done), 3, "the sweep is too short to be killed three times")
        self.command("sweep", sweep, "-o", folder)
        self.assertGreater(self.records(folder), done[-1])
        print(f"{sweep}: killed after {done[0]}, {done[1]} and {done[2]} of {self.records(folder)} runs")

    def test_killed_three_times_at_random_moments_and_resumed_it_is_the_same_to_the_byte(self):
        self.write("slow.yaml", self.SLOW)
        self.write("rule.yaml", GRID.replace("replications: 3", """replications:
  { min: 6, max: 40, stop_when: { metric: desk.sojourn.mean, half_width: 8 % } }
budget: 130
keep: { series: failing }"""))
        self.write("refine.yaml", """schema: sweep/1
scenario: queue.yaml
design:
  - refine: { of: { load: [10 req/s, 90 req/s], outage: [0 s, 8 s] }, start: 4, levels: 3, metric: desk.queue_depth.max, is: ">= 100" }
""")
        for name in ("slow", "rule", "refine"):
            with self.subTest(name):
                shutil.rmtree(self.folder / "calm", ignore_errors=True)
                self.killed_thrice(f"{name}.yaml", "killed")
                self.assertEqual(self.merged("killed", "killed.h5"), self.merged("calm", "calm.h5"))
                rows = [{path.name: path.read_bytes() for path in (self.folder / made).rglob("*-?.h5")}
                        for made in ("calm", "killed")]
                self.assertEqual(rows[0], rows[1])

    def test_a_torn_journal_and_damaged_records_are_made_good(self):
        self.command("sweep", "grid.yaml", "-o", "calm")
        shutil.copytree(self.folder / "calm", self.folder / "torn")
        with open(self.folder / "torn" / "journal", "a") as journal:
            journal.write("run 00ff")  # as a power failure may tear it
        records = sorted((self.folder / "torn" / "runs").rglob("*.run"))
        records[0].unlink()
        records[1].write_bytes(b"")
        records[2].write_bytes(records[2].read_bytes()[:-30])
        records[3].write_bytes(records[3].read_bytes().replace(b"seed 3", b"seed 4").replace(b"metric", b"Metric", 1))
        done = json.loads(self.command("sweep", "grid.yaml", "-o", "torn", "--json").stdout)
        self.assertEqual(done["ran_now"], 4)
        self.assertEqual(self.merged("torn", "torn.h5"), self.merged("calm", "calm.h5"))

    def test_an_interrupted_sweep_says_so_and_goes_on(self):
        self.write("slow.yaml", self.SLOW)
        process = subprocess.Popen([DRIFTSTORM, "sweep", "slow.yaml", "-o", "out"], cwd=self.folder,
                                   stdout=subprocess.PIPE, text=True)
        while self.records("out") < 5:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertIn("the same command goes on", text)
        done = json.loads(self.command("sweep", "slow.yaml", "-o", "out", "--json").stdout)
        self.assertEqual(done["runs"], 72)
        self.assertLess(done["ran_now"], 72)

    def test_a_resumed_sweep_waits_for_the_children_of_a_killed_one(self):
        self.write("slow.yaml", self.SLOW)
        process = self.start("sweep", "slow.yaml", "-o", "out")
        while self.records("out") < 5:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        self.command("sweep", "slow.yaml", "-o", "out")  # at once, the body still warm
        process.wait()
        self.assertEqual(self.records("out"), 72)


class Refusals(Command):
    def test_every_mistake_is_told_at_once_where_it_stands(self):
        self.write("broken.yaml", """schema: sweep/1
scenario: queue.yaml
desing: 3
design:
  - grid: { laod: [20 req/s], service: [5 ms, 500 ms, 5 s] }
  - latin_hypercub: { samples: 3, of: { outage: [0 s, 3 s] } }
  - random: { samples: 3, of: { outage: [5 s, 3 s] } }
where: ["outage < 10 req/s"]
replications: { max: 4, stop_when: { metric: desk.wait.men, half_width: 5 } }
""")
        done = self.command("sweep", "broken.yaml", "-o", "out", code=3)
        for text in ("broken.yaml:3:1", "did you mean 'design'?",
                     "broken.yaml:5:13", "did you mean 'load'?",
                     "'service' must be between 1 ms and 10 ms",
                     "did you mean 'latin_hypercube'?",
                     "the range is empty",
                     "compares a duration with a rate of events",
                     "did you mean 'desk.wait.mean'?",
                     "'max' is below 'min'"):
            self.assertIn(text, done.stderr)
        self.assertIn("^~~", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_a_design_that_no_machine_could_hold_is_refused_at_once(self):
        self.write("vast.yaml", """schema: sweep/1
scenario: queue.yaml
design:
  - grid: { load: { from: 1 req/s, to: 90 req/s, count: 50000 }, service: { from: 1 ms, to: 10 ms, count: 50000 } }
  - random: { samples: 1000000, of: { outage: [0 s, 3 s] } }
""")
        done = self.command("sweep", "vast.yaml", "-o", "out", code=3)
        self.assertRegex(done.stderr, "vast.yaml:4:3: .*10,000,000 are the most")
        self.assertFalse((self.folder / "out").exists())

    def test_what_is_no_sweep_says_so(self):
        for text, told in (("", "the file is empty"), ("- 1\n", "a sweep is a map"),
                           ("schema: scenario/1\nscenario: queue.yaml\ndesign: { grid: { load: [1 req/s] } }\n",
                            "'schema' must be sweep/1"),
                           ("schema: sweep/2\n", "this program reads sweep/1"),
                           ("schema: sweep/1\nscenario: queue.yaml\n", "'design'"),
                           ("schema: sweep/1\nscenario: gone.yaml\ndesign: { grid: { load: [1 req/s] } }\n", "gone.yaml"),
                           ("schema: sweep/1\nscenario: queue.yaml\ndesign: []\n", "no parts"),
                           ("schema: sweep/1\nscenario: queue.yaml\ndesign: { grid: {} }\n", "no parameter"),
                           ("schema: sweep/1\nscenario: queue.yaml\ndesign: { grid: { load: [] } }\n", "got an empty list"),
                           ("schema: sweep/1\nscenario: [\n", "broken.yaml:")):
            with self.subTest(text):
                self.write("broken.yaml", text)
                self.assertIn(told, self.command("sweep", "broken.yaml", "-o", "out", code=3).stderr)
                self.assertFalse((self.folder / "out").exists())
        self.assertIn("cannot read", self.command("sweep", "gone.yaml", code=3).stderr)

    def test_a_folder_in_use_or_of_something_else_is_left_alone(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "thesis.tex").write_text("all of it")
        self.assertIn("holds something else", self.command("sweep", "grid.yaml", "-o", "other", code=2).stderr)
        self.assertEqual([path.name for path in other.iterdir()], ["thesis.tex"])
        self.assertIn("is no folder", self.command("sweep", "grid.yaml", "-o", "queue.yaml", code=2).stderr)
        self.assertIn("holds no sweep", self.command("merge", "other", "-o", "all.h5", code=2).stderr)
        self.write("long.yaml", QUEUE.replace("duration: 20 s", "duration: 1000 min"))
        self.write("endless.yaml", GRID.replace("queue.yaml", "long.yaml"))
        first = subprocess.Popen([DRIFTSTORM, "sweep", "endless.yaml", "-o", "out", "-j", "1"], cwd=self.folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (self.folder / "out" / "plan").exists():
                time.sleep(0.01)
            self.assertIn("another sweep is at work in out",
                          self.command("sweep", "endless.yaml", "-o", "out", code=2).stderr)
        finally:
            first.terminate()
            self.assertEqual(first.wait(timeout=60), 130)

    def test_a_full_disk_stops_the_sweep_and_room_lets_it_go_on(self):
        self.write("keep.yaml", GRID.replace("replications: 3", "replications: 20") + "keep: { series: all }\n")
        self.command("sweep", "keep.yaml", "-o", "calm")
        disk = self.folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("needs root, who may mount a small disk")
        try:
            done = self.command("sweep", "keep.yaml", "-o", "disk/out", code=5)
            self.assertIn("No space left on device", done.stderr)
            made = len(list(disk.rglob("*.run")))
            self.assertTrue(0 < made < 120)
            subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
            done = json.loads(self.command("sweep", "keep.yaml", "-o", "disk/out", "--json").stdout)
            self.assertEqual((done["failed"], done["runs"]), (0, 120))
            self.assertLessEqual(done["ran_now"], 120 - made + 1)
            self.assertEqual(self.merged("disk/out"), self.merged("calm", "calm.h5"))
            with open(disk / "filler", "wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(1 << 16))
                except OSError:
                    pass
            self.command("merge", "calm", "-o", "disk/calm.h5", code=5)
            self.assertEqual([path.name for path in disk.glob("calm.h5*")], [])
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_a_merge_takes_the_place_of_a_merge_of_the_same_sweep_only(self):
        self.write("other.yaml", GRID.replace("queue.yaml", "shorter.yaml"))
        self.write("shorter.yaml", QUEUE.replace("duration: 20 s", "duration: 10 s"))
        for name in ("grid", "other"):
            self.command("sweep", name + ".yaml", "-o", name)
        merged = self.merged("grid")
        self.assertEqual(self.merged("grid"), merged)
        self.command("run", "queue.yaml", "-o", "run.h5", code=None)
        for name in ("all.h5", "run.h5", "grid.yaml"):
            before = (self.folder / name).read_bytes()
            self.assertIn("no merge of this sweep", self.command("merge", "other", "-o", name, code=2).stderr)
            self.assertEqual((self.folder / name).read_bytes(), before)
        self.command("merge", "other", "-o", "run.h5", "--force")

    def test_a_point_that_makes_no_scenario_is_a_failed_run_and_no_stop(self):
        self.write("bad.yaml", """schema: sweep/1
scenario: queue.yaml
design:
  - grid: { discipline: [fifo, no_such_thing] }
""")
        done = self.command("sweep", "bad.yaml", "-o", "out", code=1)
        self.assertIn("1 FAILED", done.stdout)
        self.command("sweep", "bad.yaml", "-o", "out", code=1)  # it stays failed
        self.merged("out")
        with h5py.File(self.folder / "all.h5") as file:
            self.assertEqual(file.attrs["failed"], 1)
            self.assertIn("no_such_thing", file["failures/error"].asstr()[0])
            self.assertIn("--set \"discipline=no_such_thing\"", file["failures/repeat"].asstr()[0])

    def test_a_run_that_crashes_is_one_failed_run_that_can_be_repeated(self):
        self.write("long.yaml", QUEUE.replace("duration: 20 s", "duration: 10 min"))
        self.write("crash.yaml", GRID.replace("queue.yaml", "long.yaml"))
        process = subprocess.Popen([DRIFTSTORM, "sweep", "crash.yaml", "-o", "out", "-j", "1", "--json"],
                                   cwd=self.folder, stdout=subprocess.PIPE, text=True)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (running := children.read_text().split()):
            time.sleep(0.001)
        os.kill(int(running[0]), signal.SIGKILL)
        text, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 1)
        told = json.loads(text)
        self.assertEqual((told["runs"], told["failed"], told["points_done"]), (18, 1, 6))
        self.merged("out")
        with h5py.File(self.folder / "all.h5") as file:
            self.assertIn("ended by signal 9 (Killed)", file["failures/error"].asstr()[0])
            self.assertIn("driftstorm run long.yaml --seed", file["failures/repeat"].asstr()[0])
        self.command("sweep", "crash.yaml", "-o", "out", code=1)
        done = json.loads(self.command("sweep", "crash.yaml", "-o", "out", "--retry-failed", "--json").stdout)
        self.assertEqual((done["ran_now"], done["failed"]), (1, 0))

    def test_a_changed_scenario_or_build_is_refused(self):
        self.command("sweep", "grid.yaml", "-o", "out")
        shutil.copy(DRIFTSTORM, self.folder / "other")
        with open(self.folder / "other", "ab") as program:
            program.write(b"another build")
        longer = GRID.replace("[20 req/s,", "[20 req/s, 30 req/s,")
        self.write("grid.yaml", longer)
        done = self.command("sweep", "grid.yaml", "-o", "out", code=2)
        self.assertIn("--extend", done.stderr)
        other = [str(self.folder / "other"), "sweep", "grid.yaml", "-o", "out", "--extend"]
        plan = (self.folder / "out" / "plan").read_bytes()
        done = subprocess.run(other, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("another build", done.stderr)
        self.assertEqual((self.folder / "out" / "plan").read_bytes(), plan)
        done = subprocess.run([*other, "--allow-other-build", "--json"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["ran_now"], 6)  # the new row alone
        done = self.command("merge", "out", "-o", "all.h5")
        self.assertIn("MIXED: 2 builds", done.stdout)
        with h5py.File(self.folder / "all.h5") as file:
            self.assertEqual(file.attrs["mixed_builds"], 1)
            self.assertEqual(sorted(file["provenance/runs"][:].tolist()), [6, 18])
        self.write("queue.yaml", QUEUE.replace("duration: 20 s", "duration: 21 s"))
        done = self.command("sweep", "grid.yaml", "-o", "out", "--extend", code=2)
        self.assertIn("another scenario, or of this one before it was changed", done.stderr)


class Reports(Command):
    def test_the_live_table_tells_points_failures_widest_interval_and_time_left(self):
        self.write("rule.yaml", GRID.replace("replications: 3", """replications:
  { min: 6, max: 40, stop_when: { metric: desk.sojourn.mean, half_width: 8 % } }"""))
        master, slave = os.openpty()
        process = subprocess.Popen([DRIFTSTORM, "sweep", "rule.yaml", "-o", "out"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        seen = b""
        try:
            while part := os.read(master, 65536):
                seen += part
        except OSError:  # the terminal is gone with its last writer
            pass
        os.close(master)
        self.assertEqual(process.wait(), 0)
        text = seen.decode()
        for line in (r"points done +\d of 6", r"runs done +\d+ of \d+, [12] at work", r"runs failed +0",
                     r"widest interval +[\d.]+ of what is wanted", r"time left +about \d+ s"):
            self.assertRegex(text, line)

    def test_times_that_never_come_are_survivors_and_the_boundary_has_its_interval(self):
        self.write("never.yaml", f"""schema: sweep/1
scenario: {SOURCE}/scenarios/library/server_outage_one_retry.yaml
until: 4 min
design: {{ refine: {{ of: {{ load: [100 req/s, 180 req/s], outage: [0.5 s, 2.5 s] }}, start: 4, levels: 1,
                     metric: clients.recovery, is: ">= 30 s" }} }}
replications: 2
metrics: [clients.*, theory.recovery]
""")
        self.command("sweep", "never.yaml", "-o", "out")
        self.merged("out")
        self.command("report", "all.h5", "--figures", "figures", "-o", "all.html")
        page = (self.folder / "all.html").read_text()
        for text in ("closed form", "clients.recovery &gt;= 30 s begins", "as likely as not"):
            self.assertIn(text, page)
        self.assertIn("share of the runs", (self.folder / "figures" / "all-survival.svg").read_text())
        self.assertIn("never", (self.folder / "figures" / "all-phase-map.svg").read_text())

    def test_a_page_shows_the_map_and_loads_nothing(self):
        self.command("sweep", "grid.yaml", "-o", "out")
        self.merged("out")
        self.command("report", "all.h5", "--figures", "figures", "-o", "all.html")
        page = (self.folder / "all.html").read_text()
        for text in ("Load against service", "<svg", "6 points, 18 runs", "Differences of"):
            self.assertIn(text, page)
        self.assertNotRegex(page, r"(src|href)=[\"']?http")
        figures = [path.name for path in (self.folder / "figures").iterdir()]
        self.assertIn("all-phase-map.svg", figures)

    def test_sensitivities_are_drawn_and_bars_are_in_order(self):
        for kind, points in (("sobol: { samples: 16, indices: true,", 64), ("morris: { trajectories: 10,", 30)):
            self.write("s.yaml", f"""schema: sweep/1
scenario: queue.yaml
show: desk.wait.mean
design: {{ {kind} of: {{ load: [10 req/s, 40 req/s], service: [1 ms, 10 ms] }} }} }}
""")
            shutil.rmtree(self.folder / "out", ignore_errors=True)
            done = json.loads(self.command("sweep", "s.yaml", "-o", "out", "--json").stdout)
            self.assertLessEqual(done["points"], points)
            self.merged("out")
            self.command("report", "all.h5", "--figures", "figures")
            self.assertIn("service", (self.folder / "figures" / "all-sensitivity.svg").read_text())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
