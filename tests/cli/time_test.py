"""Clocks and NTP packets of a run, as a user has them: `stability` of a result, and a capture that tshark decodes.

usage: time_test.py DRIFTSTORM SOURCE_FOLDER [unittest options]; works in the current folder.
"""

import os
import pathlib
import json
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

DRIFTSTORM = os.path.abspath(sys.argv[1])

HOSTS = """schema: scenario/1
title: Four hosts and their time server
seed: 7
epoch: 2036-02-07T06:00:00Z
duration: 1 h
network:
  access_points:
    office: { technology: wifi, at: 0 km, range: 90 m }
  paths:
    - { from: wifi, to: time, delay: { propagation: 10 ms, extra: { exponential: { mean: 1 ms } } } }
clocks:
  host:
    frequency_error: { constant: 10 ppm }
    wander: { random_walk: 1 ppb/sqrt(s) }
    time_sync: { client: chrony, minpoll: 4, maxpoll: 4, iburst: true }
servers:
  time: { kind: ntp, stratum: 2, root_delay: 20 ms, root_dispersion: 5 ms }
populations:
  hosts: { count: 4, clock: host, interfaces: [wifi] }
outputs:
  clocks: { of: hosts, every: 1 s }
"""


def run(*arguments, folder, code=0):
    done = subprocess.run([DRIFTSTORM, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Time(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir="."))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "hosts.yaml").write_text(HOSTS)

    def test_sampled_clocks_are_counted_in_buckets_that_can_be_merged(self):
        counts = {}
        for seed in ("7", "8"):
            run("run", "hosts.yaml", "-o", f"{seed}.h5", "--seed", seed, "--until", "2 min", folder=self.folder)
            with h5py.File(self.folder / f"{seed}.h5") as result:
                table, series = result["clocks/offset"], result["series/1s"]
                lower = series["clock_offset_hist_bucket_lower"][:]
                upper = series["clock_offset_hist_bucket_upper"][:]
                counts[seed] = lower, upper, series["clock_offset_hist"][:]
                self.assertEqual(series["clock_offset_hist_bucket_lower"].attrs["units"], "ns")
                self.assertTrue(np.array_equal(np.unique(table["time"][:]), series["time"][:]))
                for row, at in enumerate(series["time"][:]):
                    there = table["steered"][:][table["time"][:] == at]
                    known, _ = np.histogram(there, np.append(lower, upper[-1]))
                    self.assertTrue(np.array_equal(known, counts[seed][2][row]))
        # The same edges whatever the run; each at most an eighth of its value wide.
        self.assertTrue(np.array_equal(counts["7"][0], counts["8"][0]))
        lower, upper, _ = counts["7"]
        above = lower >= 1
        self.assertLessEqual(np.max((upper - lower)[above] / lower[above]), 0.125)

    def test_stability_of_sampled_clocks(self):
        run("run", "hosts.yaml", "-o", "hosts.h5", folder=self.folder)
        table = {}
        for steered in ([], ["--steered"]):
            done = run("stability", "hosts.h5", "--device", "hosts[2]", *steered, "--json", folder=self.folder)
            answer = json.loads(done.stdout)
            self.assertEqual(answer["device"], "hosts[2]")
            self.assertEqual(answer["tau0_s"], 1)
            self.assertEqual(answer["points"], 3601)
            table[bool(steered)] = {line["m"]: line["value"] for line in answer["table"]}
        # Random-walk FM of w per sqrt(s): sigma_y(tau) = w sqrt(tau / 3).
        for m in (16, 64):
            self.assertAlmostEqual(table[False][m] / (1e-9 * (m / 3) ** 0.5), 1, delta=0.35)
        self.assertNotEqual(table[True][64], table[False][64])
        run("stability", "hosts.h5", "--device", "hosts[9]", folder=self.folder, code=2)

    def test_stability_names_what_it_cannot_read(self):
        def complaint(content, *arguments):
            (self.folder / "data").write_bytes(content)
            return run("stability", "data", *arguments, folder=self.folder, code=2).stderr

        self.assertIn("data: 0 points every 1", complaint(b""))
        self.assertIn("data:2: column 1 is 'nan'", complaint(b"1\nnan\n2\n"))
        self.assertIn("data:1: there is no column 3", complaint(b"1 2\n" * 9, "--column", "3"))
        self.assertIn("data: point 2 is 1", complaint(b"0\n1e300\n0\n"))
        self.assertIn("data: 9 points allow none", complaint(b"1\n" * 9, "--taus", "500"))
        self.assertIn("data: compressed (gzip)", complaint(b"\x1f\x8b\x08"))
        self.assertIn("data: point 1 is nan", complaint(b"1\n" * 9, "--scale", "nan"))

    @unittest.skipUnless(shutil.which("tshark"), "SKIPPED: tshark is not installed")
    def test_tshark_decodes_the_capture(self):
        plain = run("run", "hosts.yaml", "--no-output", "--json", folder=self.folder)
        done = run("run", "hosts.yaml", "--no-output", "--json", "--pcap", "ntp.pcap", folder=self.folder)
        self.assertEqual(json.loads(plain.stdout)["digest"], json.loads(done.stdout)["digest"])
        fields = ["frame.time_epoch", "ip.src", "udp.dstport", "ntp.flags.mode", "ntp.stratum", "ntp.rootdelay",
                  "ntp.org", "ntp.rec", "ntp.xmt", "ip.checksum.status", "udp.checksum.status"]
        shown = subprocess.run(
            ["tshark", "-r", "ntp.pcap", "-n", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T",
             "fields", "-E", "separator=|", *sum((["-e", field] for field in fields), [])],
            cwd=self.folder, capture_output=True, text=True, check=True)
        rows = [line.split("|") for line in shown.stdout.splitlines()]
        self.assertGreater(len(rows), 4 * 2 * 200)
        self.assertEqual({row[3] for row in rows}, {"3", "4"})
        self.assertEqual({row[2] for row in rows}, {"123"})
        self.assertEqual({(row[9], row[10]) for row in rows}, {("1", "1")})
        replies = [row for row in rows if row[3] == "4"]
        self.assertEqual({row[4] for row in replies}, {"2"})
        self.assertEqual({round(int(row[5]) / 65536, 3) for row in replies}, {0.02})
        # The era ends in the middle of the run: 2036-02-07T06:28:16Z.
        self.assertIn("2036", replies[-1][8])
        requests = {row[8] for row in rows if row[3] == "3"}
        self.assertTrue(all(row[6] in requests for row in replies))
        malformed = subprocess.run(["tshark", "-r", "ntp.pcap", "-Y", "_ws.malformed || !ntp"], cwd=self.folder,
                                   capture_output=True, text=True, check=True)
        self.assertEqual(malformed.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
