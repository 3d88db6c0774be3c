"""Plants one-line changes in copies of the models' sources, each behind a switch that is thrown at run time.

usage: plant.py SOURCE_FOLDER OUTPUT_FOLDER FILE...

A mutant is one place in one line: a draw at another number, for another purpose or another subject; a delay rounded
to 10 us; a parameter that is 1 % or one more; a handler that does nothing or does another one's work; two calls in
the other order; a tie that goes to the other side (`<` for `<=`). Three kinds are refactorings, after which no result
may move: `extra` makes a draw that nobody uses, `reordered` makes another draw of the subject first, `rewritten` says a
comparison the other way round. Writes the copies and mutants.inc,
one line a mutant: kind, model file, line, folder.
"""

import pathlib
import re
import sys

HANDLER = re.compile(r"^void (\w+)::on\(const (\w+)& ?(\w*), (?:const (\w+)& ?(\w*), )?Index (\w+),?\s*"
                     r"Context& (\w+)\) \{", re.M)
DRAW = re.compile(r"(?:context\.(?:uniform|block))\(")
SENDING = re.compile(r"context\.(?:remind|send)\(")
SAMPLE = re.compile(r"\bsample_duration\(")
PARAMETER = re.compile(r"(?<![\w.\])>&])((?:\w+(?:\[\w+\])?(?:\.|->))*params_?(?:\[\w+\])?(?:\.|->)\w+)"
                       r"(?![\w.(\[]|->|\s*=[^=])")
OPERAND = r"[A-Za-z_][\w.]*(?:(?:->|\[\w+\])[\w.]*)*(?:\(\))?"
TIE = re.compile(rf"(?<![\w.\])>*&+-] )(?<![\w.\])>*&+-])({OPERAND})( (<=?|>=?) )({OPERAND})(?![\w.(\[{{<]|->| [-+*/])")
TIES = {"<": "less", "<=": "at_most", ">": "more", ">=": "at_least"}
CALL = re.compile(r"^( +)([\w.\->\[\]*]+\([^;{}]*\bcontext\b[^;{}]*\);)$")


def arguments(text, start):
    """Spans of the arguments of a call whose '(' ends at `start`, and the place behind its ')'."""
    spans, depth, begin = [], 0, start
    for i in range(start, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                return spans + [(begin, i)], i + 1
            depth -= 1
        elif c == "," and depth == 0:
            spans.append((begin, i))
            begin = i + 1
    raise ValueError("a call that does not end")


class Source:
    def __init__(self, path, text, mutants):
        self.path, self.text, self.mutants, self.edits = path, text, mutants, []

    def plant(self, kind, at):
        self.mutants.append((kind, self.path, self.text.count("\n", 0, at) + 1))
        return len(self.mutants)  # 0: no mutant

    def wrap(self, span, before, after=")"):
        begin, end = span
        begin += len(self.text[begin:end]) - len(self.text[begin:end].lstrip())
        self.edits += [(begin, 1, before, 0), (end, 0, after, 0)]

    def draws(self):
        for match in DRAW.finditer(self.text):
            spans, end = arguments(self.text, match.end())
            if len(spans) != 3:
                continue
            whole = self.text[match.start():end]
            if "++" not in whole and not self.text[:match.start()].rstrip().endswith("mutant::"):
                other = self.text[match.start():spans[2][0]] + " (" + self.text[spans[2][0]:spans[2][1]] + ") + 1)"
                self.edits += [(match.start(), 3, f"(mutant::on({self.plant('reordered', match.start())}) ? "
                                                  f"void({other}) : void(), ", 0), (end, 0, ")", 0)]
            self.wrap(spans[0], f"mutant::purpose({self.plant('purpose', match.start())}, ")
            self.wrap(spans[1], f"mutant::coordinate({self.plant('subject', match.start())}, ")
            self.wrap(spans[2], f"mutant::coordinate({self.plant('number', match.start())}, ")

    def delays(self):
        for match in SENDING.finditer(self.text):
            spans, _ = arguments(self.text, match.end())
            which = 2 if "remind" in match.group() else 0
            self.wrap(spans[which], f"mutant::rounded({self.plant('rounding', match.start())}, ")
        for match in SAMPLE.finditer(self.text):
            if self.text[:match.start()].endswith("Duration "):
                continue  # its declaration
            spans, end = arguments(self.text, match.end())
            self.wrap((match.start(), end), f"mutant::rounded({self.plant('rounding', match.start())}, ")

    def parameters(self):
        for match in PARAMETER.finditer(self.text):
            line = self.text[self.text.rfind("\n", 0, match.start()) + 1:match.start()]
            if "//" in line or "&" in line.split("=")[0] or "case " in line:
                continue
            self.wrap(match.span(1), f"mutant::value({self.plant('parameter', match.start())}, ")

    def handlers(self):
        found = list(HANDLER.finditer(self.text))
        for match in found:
            name, message, _, payload, _, index, context = match.groups()
            here = f"\n    if (mutant::on({self.plant('handler', match.start())})) return;"
            here += (f"\n    if (mutant::on({self.plant('extra', match.start())}))"
                     f"\n        mutant::used({context}.uniform(\"mutant.extra\", {context}.identity(), 1));")
            others = [m for m in found if m.group(1) == name and m.group(2) != message and not m.group(4)]
            if others:
                other = others[0].group(2)
                here += (f"\n    if (mutant::on({self.plant('swapped', match.start())}))"
                         f" return on({other}{{}}, {index}, {context});")
            self.edits.append((match.end(), 2, here, 0))

    def order(self):
        lines, at = self.text.split("\n"), 0
        places = []
        for line in lines:
            places.append(at)
            at += len(line) + 1
        i = 0
        while i + 1 < len(lines):
            first, second = CALL.match(lines[i]), CALL.match(lines[i + 1])
            alone = i > 0 and lines[i - 1].rstrip()[-1:] in (";", "{", "}")
            if first and second and first.group(1) == second.group(1) and alone and \
                    not {e[0] for e in self.edits} & set(range(places[i], places[i + 1] + len(lines[i + 1]) + 1)):
                number = self.plant("order", places[i])
                both = f"{first.group(1)}if (mutant::on({number})) {{ {second.group(2)} {first.group(2)} }} else {{ "
                self.edits.append((places[i], 0, both, 0))
                self.edits.append((places[i + 1] + len(lines[i + 1]), 0, " }", 0))
                i += 1
            i += 1

    def ties(self):
        taken = set()
        for begin, _, what, _ in self.edits:
            taken.add(begin)
        for match in TIE.finditer(self.text):
            line = self.text[self.text.rfind("\n", 0, match.start()) + 1:match.start()]
            # A loop one step further, or a type's parameters, are no ties.
            if "for (" in line or "while (" in line or "//" in line or "template" in line or "assert" in line \
                    or "EXPECT" in line or taken & set(range(match.start(), match.end() + 1)):
                continue
            name = TIES[match.group(3)]
            tie, rewritten = self.plant("tie", match.start()), self.plant("rewritten", match.start())
            self.edits.append((match.start(), 1, f"mutant::{name}({tie}, {rewritten}, ", 0))
            self.edits.append((match.start(2), 1, ", ", len(match.group(2))))
            self.edits.append((match.end(), 0, ")", 0))

    def written(self):
        text = self.text
        for at, _, what, gone in sorted(self.edits, key=lambda edit: edit[:2], reverse=True):
            text = text[:at] + what + text[at + gone:]
        return '#include "tests/mutations/mutant.hpp"\n' + text


def main():
    source, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    mutants = []
    for name in sys.argv[3:]:
        one = Source(name, (source / name).read_text(), mutants)
        one.order()
        one.draws()
        one.delays()
        one.parameters()
        one.handlers()
        one.ties()
        target = output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(one.written())
    rows = "".join(f'{{"{kind}", "{path}", {line}}},\n' for kind, path, line in mutants)
    (output / "mutants.inc").write_text(rows)


main()
