#!/usr/bin/env python3
"""Opens a report page in headless Chromium: usage: report_browser_test.py PAGE

A copy of the page gets a script of ours at its end, which looks at what was drawn, drags across one
plot and writes what it found into the document. Exit 77: there is no Chromium.
"""
import html
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

PROBE = r"""
<pre id="findings"></pre>
<script>
window.addEventListener('load', () => setTimeout(() => {
  const found = {errors: window.pageErrors, plots: [], sections: document.querySelectorAll('section.run').length};
  const settled = (graph) => graph.xAxisRange().map((x) => Math.round(x * 10) / 10);
  try {
    const graphs = driftstorm.graphs;
    found.graphs = graphs.length;
    graphs.forEach((graph) => {
      const canvas = graph.figure.querySelector('.plot canvas');
      const area = graph.getArea();
      const ratio = canvas.width / canvas.clientWidth;
      const strip = graph.figure.querySelector('.strip');
      const pixels = canvas.getContext('2d').getImageData(area.x * ratio, area.y * ratio, area.w * ratio, area.h * ratio).data;
      const colours = new Set();
      let inked = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        if (pixels[i + 3] === 0) continue;
        ++inked;
        // Saturated and opaque: a curve, not the grid or the shade of a fault.
        if (pixels[i + 3] > 100 && Math.max(pixels[i], pixels[i + 1], pixels[i + 2]) - Math.min(pixels[i], pixels[i + 1], pixels[i + 2]) > 60)
          colours.add(pixels[i] >> 4 << 8 | pixels[i + 1] >> 4 << 4 | pixels[i + 2] >> 4);
      }
      const lines = driftstorm.csv(graph.plotData).trimEnd().split('\n');
      const picture = driftstorm.picture(graph.figure, {title: 't', digest: 'd'});
      found.plots.push({
        key: graph.plotData.key, inked, colours: colours.size, strip: strip.height, width: canvas.clientWidth,
        range: settled(graph), legend: graph.figure.querySelector('.legend').textContent,
        ylabel: graph.figure.querySelector('.dygraph-ylabel').textContent,
        ticks: graph.figure.querySelectorAll('.dygraph-axis-label-x').length,
        csvHead: lines[0], csvRows: lines.length - 1, rows: graph.plotData.columns[0].length,
        png: picture.toDataURL('image/png').length});
    });
    // Drag across the first plot, as a hand would.
    const first = graphs[0], target = first.figure.querySelectorAll('.plot canvas')[1];
    const box = target.getBoundingClientRect(), area = first.getArea();
    const mouse = (kind, x, where) => where.dispatchEvent(new MouseEvent(kind, {
      bubbles: true, cancelable: true, view: window, button: 0, clientX: box.left + x, clientY: box.top + area.y + area.h / 2,
      screenX: box.left + x, screenY: box.top + area.y + area.h / 2}));
    const from = first.toDomXCoord(200), to = first.toDomXCoord(400);
    mouse('mousedown', from, target);
    mouse('mousemove', (from + to) / 2, document);
    mouse('mousemove', to, document);
    mouse('mouseup', to, document);
    found.zoomed = graphs.map(settled);
    mouse('mousemove', (area.x + area.w / 2), target);
    found.hovered = graphs.map((graph) => graph.figure.querySelector('.legend').textContent);
    document.querySelector('button.whole').click();
    found.whole = graphs.map(settled);
  } catch (error) {
    found.errors.push(String(error && error.stack || error));
  }
  document.getElementById('findings').textContent = JSON.stringify(found);
}, 0));
</script>
"""
CATCH = "<script>window.pageErrors = []; window.addEventListener('error', (e) => window.pageErrors.push(e.message));" \
        "document.addEventListener('securitypolicyviolation', (e) => window.pageErrors.push('loads ' + e.blockedURI));</script>"

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)


def chromium(name, page, width, folder, *flags):
    command = [name, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--hide-scrollbars",
               f"--user-data-dir={folder}/profile", f"--window-size={width},1400", "--virtual-time-budget=8000",
               *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, timeout=240)


def findings(name, page, width, folder):
    run = chromium(name, page, width, folder, "--dump-dom")
    console = [line for line in run.stderr.decode(errors="replace").splitlines() if ":CONSOLE" in line]
    check(not console, f"console at {width}: {console}")
    found = re.search(r'<pre id="findings">(.*?)</pre>', run.stdout.decode(), re.DOTALL)
    if not found or not found.group(1):
        sys.exit(f"no findings in the page; Chromium said: {run.stderr.decode(errors='replace')[-2000:]}")
    return json.loads(html.unescape(found.group(1))), run.stdout.decode()


def look(found, dom, width):
    check(found["errors"] == [], f"errors in the page: {found['errors']}")
    if "whole" not in found:
        return  # the errors tell why
    check(found["sections"] == 3, f"sections: {found['sections']}")
    check(found["graphs"] == 16, f"plots of two full runs and a bare one: {found['graphs']}")
    check("<script>alert" not in dom.split("pageErrors", 1)[1], "the title became a script")
    for plot in found["plots"]:
        where = f"{plot['key']} at {width}: {plot}"
        check(plot["inked"] > 500, "blank " + where)
        check(plot["colours"] >= 1, "no curve in " + where)
        check(plot["strip"] >= 16, "no fault above " + where)
        check(plot["width"] <= width, "wider than the window: " + where)
        check(plot["range"] == [0, 600], "not the whole run: " + where)
        check(plot["ylabel"].strip() != "" and plot["ticks"] >= 3, "unlabelled: " + where)
        check(plot["csvRows"] == plot["rows"] and plot["csvHead"].startswith("time [s],"), "CSV of " + where)
        check(plot["png"] > 5000, "picture of " + where)
    full = [plot for plot in found["plots"]]
    check(len({plot["key"] for plot in full[:8]}) == 8, "keys repeat")
    for i, zoomed in enumerate(found["zoomed"]):
        here = i < 8  # plots of the first run
        near = abs(zoomed[0] - 200) < 8 and abs(zoomed[1] - 400) < 8
        check(near if here else zoomed == [0, 600], f"zoom of plot {i} at {width}: {zoomed}")
        check(not here or zoomed == found["zoomed"][0], f"plot {i} is zoomed otherwise: {zoomed}")
    check(found["whole"] == [[0, 600]] * 16, f"after 'Whole run': {found['whole']}")
    for legend in found["hovered"][:8]:
        check(re.search(r"\d:\d\d.*UTC", legend) is not None, f"no values under the pointer: {legend!r}")


def main():
    name = next((one for one in ("chromium", "chromium-browser", "google-chrome") if shutil.which(one)), None)
    if name is None:
        print("SKIPPED: there is no Chromium; apt-get install chromium")
        return 77
    original = pathlib.Path(sys.argv[1]).resolve()
    text = original.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "probed.html"
        body = text.rindex("</body>")
        page.write_text(text[:body].replace("<main>", CATCH + "<main>", 1) + PROBE + text[body:], encoding="utf-8")
        for width in (1400, 500):  # a desk and, as narrow as this browser gets, a phone
            look(*findings(name, page, width, folder), width)
        picture = pathlib.Path(folder) / "page.png"
        chromium(name, original, 1400, folder, f"--screenshot={picture}")
        check(picture.exists() and struct.unpack(">I", picture.read_bytes()[16:20])[0] == 1400, "no screenshot")
        check(picture.exists() and picture.stat().st_size > 30_000, "the screenshot is nearly blank")
    for failure in failures:
        print("FAILED:", failure)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
