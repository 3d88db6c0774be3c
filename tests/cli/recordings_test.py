"""Drives record, verify, diff, accept, rerun, trace and selfcheck as a user does.

usage: recordings_test.py DRIFTSTORM SOURCE_FOLDER [unittest options]; works in the current folder.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

DRIFTSTORM = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2]).resolve()

QUEUE = """schema: scenario/1
title: A short queue
seed: 3
duration: 1 min
parameters:
  load: { default: 50 req/s, range: [1 req/s, 95 req/s] }
servers:
  desk: { kind: station, workers: 1, service_time: { exponential: { mean: 10 ms } } }
populations:
  customers: { kind: customers, station: desk, arrivals: { process: poisson, rate: $load } }
"""


class Recordings(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="recordings-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "queue.yaml").write_text(QUEUE)

    def driftstorm(self, *arguments, code=0):
        done = subprocess.run([DRIFTSTORM, *map(str, arguments)], cwd=self.folder, capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def record(self, *arguments, seeds=12):
        self.driftstorm("record", "queue.yaml", "-o", "kept", "--seeds", seeds, *arguments)
        return self.folder / "kept" / "queue.yaml"

    def edit(self, path, old, new):
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))

    def test_what_was_recorded_is_identical_and_is_not_written_over(self):
        baseline = self.record()
        self.assertLess(baseline.stat().st_size, 40_000)
        self.assertIn("1 identical", self.driftstorm("verify", "kept", "--require", "identical"))
        self.driftstorm("record", "queue.yaml", "-o", "kept", code=2)
        self.driftstorm("verify", self.folder, code=5)  # no baseline there
        # What cannot be written is told before anything runs.
        self.driftstorm("record", "queue.yaml", "queue.yaml", "-o", "twice", code=2)
        shutil.copy(self.folder / "queue.yaml", self.folder / "other.yaml")
        self.driftstorm("record", "other.yaml", "queue.yaml", "-o", "kept", code=2)
        self.assertEqual([path.name for path in self.folder.glob("*/*.yaml")], ["queue.yaml"])

    def test_a_change_is_seen_judged_explained_and_accepted(self):
        baseline = self.record()
        self.edit(baseline, "mean: 0.01 s", "mean: 0.011 s")
        told = self.driftstorm("verify", "kept", "--junit", "report.xml", code=1)
        self.assertIn("changed", told)
        self.assertRegex(told, r"desk\.sojourn\.mean +mean 0\.0\d+ s -> 0\.0\d+ s \(\+")
        self.assertRegex(told, r"desk\.wait\.share_zero +mean \d\d\.\d+ % -> \d\d\.\d+ % \(-")
        report = xml.etree.ElementTree.parse(self.folder / "report.xml").getroot()
        self.assertEqual(report.get("failures"), "1")
        document = json.loads(self.driftstorm("verify", "kept", "--json", code=1))
        self.assertEqual(document["recordings"][0]["verdict"], "changed")

        self.driftstorm("accept", "kept/queue.yaml", code=2)  # a reason is needed
        self.driftstorm("accept", "queue", "--in", "kept", "--because", "slower clerks")
        self.assertIn("1 identical", self.driftstorm("verify", "kept"))
        text = baseline.read_text()
        self.assertIn('because: "slower clerks"', text)
        self.assertIn("nothing to accept",
                      self.driftstorm("accept", baseline, "--because", "once more"))
        self.assertEqual(text, baseline.read_text())

    def test_all_seeds_are_compared_unless_fewer_are_asked_for(self):
        baseline = self.record()
        self.assertIn("12 of 12 seeds", self.driftstorm("verify", "kept"))
        self.assertIn("1 of 12 seeds", self.driftstorm("verify", "kept", "--require", "identical"))
        self.assertIn("5 of 12 seeds", self.driftstorm("verify", "kept", "--seeds", 5))
        # The digest under the last seed is another one.
        last = re.search(r'other_digests: ".* ([0-9a-f]{16})"', baseline.read_text()).group(1)
        self.edit(baseline, last, "0123456789abcdef")
        told = self.driftstorm("verify", "kept")
        self.assertIn("equivalent", told)
        self.assertIn("under seed 14", told)
        self.driftstorm("verify", "kept", "--require", "identical", "--seeds", 12, code=1)
        self.driftstorm("verify", "kept", "--require", "identical")

    def test_a_broken_baseline_is_told_and_keeps_no_other_from_its_verdict(self):
        baseline = self.record()
        whole = baseline.read_text()
        broken = baseline.with_name("broken.yaml")
        for old, new, said in (("baseline/1", "baseline/9", "reads baseline/1"),
                               ("seeds: 12", "seeds: 13", "for each of the 13 seeds"),
                               ("tolerances:", "tolerence:", "no section of a baseline"),
                               ("mean: 0.01 s", "mean: 0.01 kg", "broken.yaml:"),
                               ('digest: "', 'digest: "?', "16 digits")):
            broken.write_text(whole)
            self.edit(broken, old, new)
            told = self.driftstorm("verify", "kept", "--junit", "report.xml", code=3)
            self.assertIn(said, told)
            self.assertIn("broken.yaml:", told)
            self.assertIn("1 identical, 0 equivalent, 0 changed, 1 unreadable", told)
            report = xml.etree.ElementTree.parse(self.folder / "report.xml").getroot()
            self.assertEqual((report.get("failures"), report.get("errors")), ("0", "1"))
        document = json.loads(self.driftstorm("verify", "kept", "--json", code=3))
        self.assertEqual([one["verdict"] for one in document["recordings"]], ["unreadable", "identical"])
        broken.write_text("")  # by a crash of the machine, say
        self.assertIn("broken.yaml:", self.driftstorm("verify", "kept", code=3))
        (self.folder / "empty").mkdir()
        self.driftstorm("verify", "empty", code=5)
        self.driftstorm("verify", "nowhere", code=3)

    def test_diff_names_window_event_handler_and_scenario_line(self):
        baseline = self.record(seeds=1)
        slower = self.folder / "slower.yaml"
        slower.write_text(QUEUE.replace("mean: 10 ms", "mean: 10.1 ms"))
        told = self.driftstorm("diff", baseline, slower, "--html", "why.html", code=1)
        self.assertRegex(told, r"window +1 of \d+, from 0 s to 1 s: events, servers")
        self.assertIn("station.service", told)
        self.assertRegex(told, r"slower\.yaml:8")
        page = (self.folder / "why.html").read_text()
        self.assertNotIn("http://", page)
        self.assertNotIn("https://", page)
        self.assertIn("<svg", page)
        document = json.loads(self.driftstorm("diff", baseline, slower, "--json", code=1))
        self.assertEqual(document["divergence"]["model"], "station")
        self.assertEqual([one["path"] for one in document["scenario"]][0],
                         "servers.desk.service_time.exponential.mean")
        # The other side by another process: the same answer.
        again = json.loads(self.driftstorm("diff", baseline, slower, "--json", "--with", DRIFTSTORM, code=1))
        self.assertEqual(again["divergence"], document["divergence"])
        self.driftstorm("diff", baseline, slower, "--with", self.folder / "none", code=5)
        self.driftstorm("diff", baseline, slower, "--with", "true", code=5)  # prints no trace
        self.assertIn("identical", self.driftstorm("diff", baseline, "queue.yaml"))

    def test_diff_of_results_with_other_seeds_and_parameters(self):
        self.driftstorm("run", "queue.yaml", "-o", "a.h5")
        self.driftstorm("run", "queue.yaml", "-o", "b.h5", "--seed", 4)
        self.driftstorm("run", "queue.yaml", "-o", "c.h5", "--set", "load=51 req/s")
        told = self.driftstorm("diff", "a.h5", "b.h5", code=1)
        self.assertIn("seed       3 -> 4", told)
        self.assertIn("another number under another seed", told)
        self.driftstorm("run", "queue.yaml", "-o", "short.h5", "--until", "30 s")
        told = self.driftstorm("diff", "a.h5", "short.h5", code=1)
        self.assertIn("B ends there, at 30 s; up to then both runs are the same", told)
        told = self.driftstorm("diff", "a.h5", "c.h5", code=1)
        self.assertIn("populations.customers.arrivals.rate: 50 req/s -> 51 req/s", told)
        self.assertIn("arrivals", told)
        self.driftstorm("diff", "a.h5", "none.h5", code=5)

    def test_a_baseline_of_another_build_is_told_not_guessed(self):
        baseline = self.record(seeds=1)
        # A rung that no build gives.
        text = baseline.read_text()
        rung = re.search(r'rungs:\n    - "([0-9a-f]{16})', text).group(1)
        baseline.write_text(text.replace(rung, "0123456789abcdef").replace(
            re.search(r'digest: "([0-9a-f]{16})"', text).group(1), "fedcba9876543210"))
        told = self.driftstorm("diff", baseline, "queue.yaml", code=1)
        self.assertIn("does not run A as recorded", told)

    def test_rerun_repeats_a_result_to_the_same_bytes(self):
        shutil.copytree(SOURCE / "scenarios" / "library", self.folder / "library")
        for scenario, more in (("queue.yaml", ["--set", "load=60 req/s", "--seed", "9"]),
                               ("library/walk_5g.yaml", ["--until", "60 s"])):
            subprocess.run([DRIFTSTORM, "run", scenario, "-o", "first.h5", "--force", *more], cwd=self.folder,
                           capture_output=True, check=False)  # expectations of a run cut short do not matter
            told = self.driftstorm("rerun", "first.h5", "-o", "second.h5", "--force")
            self.assertIn("the same bytes", told)
            self.assertEqual((self.folder / "first.h5").read_bytes(),
                             (self.folder / "second.h5").read_bytes())
        self.driftstorm("rerun", "second.h5", "-o", "first.h5", code=2)

    def test_a_baseline_carries_the_data_files_of_its_scenario(self):
        shutil.copytree(SOURCE / "scenarios" / "library", self.folder / "library")
        self.driftstorm("record", "library/walk_5g.yaml", "-o", "kept", "--until", "40 s", "--seeds", 1)
        shutil.rmtree(self.folder / "library")
        self.assertIn("1 identical", self.driftstorm("verify", "kept"))

    def test_trace_prints_a_window(self):
        told = self.driftstorm("trace", "queue.yaml", "--from", "10 s", "--to", "10100 ms")
        times = [float(line.split(" s ")[0]) for line in told.splitlines() if line[:1].isdigit()]
        self.assertTrue(times and all(10 <= t < 10.1 for t in times))
        self.assertEqual(times, sorted(times))
        self.assertIn("draw  station.service, subject", told)
        self.driftstorm("trace", "queue.yaml", "--from", "10 s", "--to", "9 s", code=2)

    def test_this_machine_gives_the_shipped_digests(self):
        document = json.loads(self.driftstorm("selfcheck", "--json"))
        self.assertEqual(document["same"], document["of"])
        self.assertGreaterEqual(document["of"], 6)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
