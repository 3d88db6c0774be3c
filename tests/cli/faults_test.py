"""What faults do to a run, as a user has it in the result: faults that overlap, and what is blamed on them.

usage: faults_test.py DRIFTSTORM [unittest options]; works in the current folder.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

DRIFTSTORM = os.path.abspath(sys.argv[1])

PHONES = """schema: scenario/1
title: Phones that write to each other at home
duration: 5 min
network:
  access_points: { home: { technology: wifi, at: 0 km, range: 90 m } }
  paths: [{ from: wifi, to: relay, delay: { propagation: 10 ms } }]
servers:
  relay: { kind: message_relay, resync: { history: 500 } }
apps:
  chat: { resync_on: [gap, cache_clear] }
populations:
  phones:
    count: 100
    app: chat
    interfaces: [wifi]
    traffic: { conversations: { count: 200 }, send: { rate: 6 msg/min } }
"""
QUEUE = """schema: scenario/1
title: A desk whose pace two faults change
duration: 200 s
servers:
  desk: { kind: station, workers: 1, service_time: 10 ms }
populations:
  customers: { kind: customers, station: desk, arrivals: { process: constant, rate: 10 req/s } }
"""


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="faults-", dir=os.getcwd()))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_it(self, text):
        """The result of a scenario, and what the run printed."""
        (self.folder / "world.yaml").write_text(text)
        done = subprocess.run([DRIFTSTORM, "run", "world.yaml", "--force"], cwd=self.folder, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = h5py.File(self.folder / "world.h5")
        self.addCleanup(result.close)
        return result, done.stdout

    def seconds(self, table):
        return table["time"][()] * 1e-9

    def drops(self, *faults):
        result, _ = self.run_it(PHONES + "timeline:\n" + "".join(f"  - {fault}\n" for fault in faults) +
                                "outputs: { events: [drop, fault] }\n")
        return self.seconds(result["events/drop"])

    def test_of_two_losses_the_newest_holds_and_the_older_comes_back(self):
        noise = "{ name: noise, at: 100 s, fault: packet_loss, target: network.access_points.home, set: { loss: 20 % }, for: 100 s }"
        dead = "{ name: dead, at: 120 s, fault: packet_loss, target: network.access_points.home, set: { loss: 100 % }, for: 30 s }"
        alone = self.drops(dead)
        both = self.drops(noise, dead)
        within = lambda when, begin, end: np.count_nonzero((when >= begin) & (when < end))
        self.assertGreater(within(alone, 120, 150), 200)
        self.assertGreater(within(both, 120, 150), 0.7 * within(alone, 120, 150))
        self.assertGreater(within(both, 160, 200), 20)
        self.assertEqual(within(both, 201, 300), 0)
        self.assertEqual(within(alone, 151, 300), 0)

    def test_of_two_paces_the_newest_holds(self):
        half = "{ name: half, at: 50 s, fault: capacity_factor, target: servers.desk, set: { factor: 0.5 }, for: 100 s }"
        slow = "{ name: slow, at: 60 s, fault: capacity_factor, target: servers.desk, set: { factor: 0.05 }, for: 20 s }"
        result, _ = self.run_it(QUEUE + f"timeline:\n  - {half}\n  - {slow}\noutputs: {{ series: {{ every: 1 s, of: [desk.queue_depth] }} }}\n")
        depth = result["series/1s/desk_queue_depth"][()].ravel()
        # 10 a second come, 5 are served: 20 s leave 100 behind.
        self.assertAlmostEqual(depth.max(), 100, delta=3)
        # At half the pace 50 are served, so they are gone well within 3 s; at a twentieth they would only grow.
        self.assertLess(depth[90], 3)

    def test_a_device_that_two_faults_keep_off_boots_after_the_later(self):
        text = PHONES.replace("count: 100", "count: 3").replace("count: 200", "count: 3") + """timeline:
  - { name: long, at: 10 s, fault: reboot, target: "phones[0]", for: 30 s }
  - { name: short, at: 15 s, fault: reboot, target: phones, for: 5 s }
outputs: { events: [clock_adjust, connection] }
"""
        result, _ = self.run_it(text)
        adjust = result["clocks/adjust"]
        words = adjust["kind"].attrs["flag_meanings"]
        words = (words.decode() if isinstance(words, bytes) else words).split()
        boot = adjust["kind"].attrs["flag_values"][words.index("boot")]
        boots = {}
        for when, device, kind in zip(self.seconds(adjust), adjust["device"][()], adjust["kind"][()]):
            if kind == boot:
                boots.setdefault(int(device), []).append(round(float(when), 3))
        self.assertEqual(boots, {0: [40.0], 1: [20.0], 2: [20.0]})

    def test_what_a_restart_asks_for_again_names_it(self):
        result, _ = self.run_it(PHONES + """timeline:
  - { name: update, at: 150 s, fault: app_restart, target: phones, clear_cache: true }
outputs: { events: [resync] }
""")
        resync = result["events/resync"]
        after = self.seconds(resync) >= 150
        self.assertGreaterEqual(np.count_nonzero(after), 100)
        self.assertTrue(np.all(resync["root_fault"][()][after] == 0))

    def test_people_who_send_more_are_no_storm(self):
        hours = ", ".join(["1"] * 7 + ["0.1"] + ["1"] * 16)
        _, told = self.run_it(PHONES.replace("duration: 5 min", "epoch: 2026-03-09T07:50:00Z\nduration: 20 min")
                              .replace("rate: 6 msg/min", f"rate: 6 msg/min, profile: [{hours}]"))
        self.assertIn("storm      none\n", told)
        self.assertRegex(told, r"load       people send more from (9 min 5\d s|10 min)")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
