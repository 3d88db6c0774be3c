"""Runs the README's Python as a reader would: it stands alone, needs Debian's packages, and draws.

usage: readme_test.py DRIFTSTORM SOURCE_FOLDER; works in a folder of its own below the current one.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

driftstorm = os.path.abspath(sys.argv[1])
source = pathlib.Path(sys.argv[2]).resolve()
code = re.search(r"```python\n(.*?)```", (source / "README.md").read_text(), re.S).group(1)
lines = [line for line in code.splitlines() if line.strip()]
assert len(lines) <= 5, f"five lines are promised, these are {len(lines)}"

folder = tempfile.mkdtemp(prefix="readme-", dir=os.getcwd())
try:
    subprocess.run([driftstorm, "run", str(source / "scenarios/library/commuter_train.yaml"), "--until", "2 min"],
                   cwd=folder, stdout=subprocess.DEVNULL, timeout=300, check=False)
    # Without a screen: show() becomes a picture, whose lines are counted.
    shown = ("\nlines = plt.gca().get_lines()"
             "\nassert len(lines) == 2 and all(len(line.get_xdata()) > 60 for line in lines), lines"
             "\nplt.savefig('backlog.png')\n")
    done = subprocess.run(["/usr/bin/python3", "-c", code + shown], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": folder}, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (pathlib.Path(folder) / "backlog.png").stat().st_size > 5000
finally:
    shutil.rmtree(folder)
