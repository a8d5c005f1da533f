# SPDX-License-Identifier: GPL-2.0-or-later
"""html_report.py - objtool diff --html, as a text and in a browser

The browser is chromium without a display. A script that is appended to the
page does what a reader would do, and leaves what it then sees in the page,
which chromium prints.
"""
import html.parser
import json
import os
import re
import subprocess
import tempfile

from checksums import line, write
from harness import OBJTOOL, check, finish, make_file, objtool, one_line, path, run, scratch

VOID = {"meta", "input", "br"}


def func(name, checksum=1, size=16, **lanes):
    return line("func", name, checksum, size, **lanes)


class Page(html.parser.HTMLParser):
    """Text of the table's rows, and whether each tag that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.wrong, self.tags, self.summary = [], [], [], [], ""
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr" and "tbody" in self.open:
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)

    def handle_data(self, data):
        if "td" in self.open:
            self.rows[-1][-1] += data
        if self.open and self.open[-1] == "dd":
            self.summary = data


OLD = {"fs/a.ko": [func("alpha", 1, code=1), func("beta", 1, 40, refs=1), func("gone", 7), func("moved", 1, lines=1),
                   line("data", "table", 1, consts=1)],
       "net/b.ko": [func("was", 5), func("f.isra", 1, 16, code=1)]}
NEW = {"fs/a.ko": [func("alpha", 2, 20, code=2), func("beta", 2, 32, refs=2), func("moved", 1, lines=2),
                   line("data", "table", 2, consts=2)],
       "net/b.ko": [func("is", 5), func("f.isra", 2, 116, code=2), func("came", 8)]}

# Status, kind, object, name, size, what differs.
ROWS = [["changed", "func", "fs/a.ko", "alpha", "+4", "code"],
        ["changed", "func", "fs/a.ko", "beta", "-8", "calls and data used"],
        ["removed", "func", "fs/a.ko", "gone", "-16", ""],
        ["lines", "func", "fs/a.ko", "moved", "", "line numbers"],
        ["changed", "data", "fs/a.ko", "table", "", "strings and constants"],
        ["added", "func", "net/b.ko", "came", "+16", ""],
        ["changed", "func", "net/b.ko", "f.isra", "+100", "code  (variant of f)"],
        ["renamed", "func", "net/b.ko", "is", "", "was was"]]


def tree(name, objects):
    for obj, lines in objects.items():
        os.makedirs(os.path.dirname(path(name, obj)), exist_ok=True)
        write(path(name, obj + ".checksums"), lines)
    return path(name)


def report(*args, old=None, new=None):
    """Write a page; returns the program's status, output and messages, and the page."""
    page = path("page.html")
    if os.path.exists(page):
        os.unlink(page)
    result = objtool("diff", "--html", page, *args, old or tree("old", OLD), new or tree("new", NEW))
    with open(page, "rb") as f:
        return (*result, f.read().decode("utf-8"))


def test_text():
    status, out, err, text = report()
    page = Page(text)
    check("page: status, and the totals", status == 1 and err == "" and out == page.summary + "\n", (status, out, err))
    check("page: every tag is closed", page.wrong == [], page.wrong)
    check("page: rows", page.rows == ROWS, page.rows)
    check("page: needs nothing else", not re.search(r"https?:|//\w|src=|@import|url\(|<link", text))
    policy = [attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs]
    check("page: forbids itself the network", policy and policy[0].startswith("default-src 'none';"), policy)
    check("page: nothing folded without -p", "<details" not in text)
    status, out, err, text = report("--json")
    check("page: beside JSON", status == 1 and json.loads(out)["summary"]["changed"] == 4 and Page(text).rows == ROWS)
    check("page: beside nothing", report("-q")[:3] == (1, "", ""))
    page = Page(report(new=path("old"))[3])
    check("page: no difference", page.rows == [] and page.wrong == [])


def test_folding():
    names = ["m%d.ko" % i for i in range(12)]
    old = tree("many-old", {n: [line("data", "version", 1), func("f", 1)] for n in names})
    new = tree("many-new", {n: [line("data", "version", 2), func("f", 2 if n == "m3.ko" else 1)] for n in names})
    page = Page(report(old=old, new=new)[3])
    check("folding: what is in all objects", page.rows == [
        ["changed", "data", "in 12 of 12 objects", "version", "", "contents"],
        ["changed", "func", "m3.ko", "f", "", "contents"]], page.rows)
    old = tree("crc-old", {"x.ko": [line("data", "__crc_%d" % i, 1) for i in range(5)] + [func("f", 1)]})
    new = tree("crc-new", {"x.ko": [line("data", "__crc_%d" % i, 2) for i in range(5)] + [func("f", 2)]})
    page = Page(report(old=old, new=new)[3])
    check("folding: symbol versions", page.rows == [["changed", "func", "x.ko", "f", "", "contents"], [
        "changed", "data", "x.ko", "5 exported symbols", "", "versions"]], page.rows)


def test_escapes():
    """What could be taken for HTML, in a path: names in a .checksums file cannot have most of it."""
    evil = "<script>alert(1)</script>&amp;\"'\x1b[2J"
    old = tree("evil-old", {"d/x.ko": [func("f", 1)], "d/y.ko": []})
    new = tree("evil-new", {"d/" + evil.replace("/", "|") + ".ko": [func("<b>&\"", 1), func("g<i>", 2)], "d/y.ko": []})
    page = Page(report(old=old, new=new)[3])
    found = {row[3] for row in page.rows}
    check("escapes: names", {"<b>&\"", "g<i>"} <= found, page.rows)
    check("escapes: paths", any(row[2] == "d/%s.ko" % evil.replace("/", "|").replace("\x1b", "\\x1b")
                                for row in page.rows), page.rows)
    check("escapes: one script only", [tag for tag, _ in page.tags].count("script") == 1 and page.wrong == [])
    odd = os.fsencode(path("")) + b"bad\xff<p>"
    with open(odd, "wb") as f, open(path("new/fs/a.ko.checksums"), "rb") as source:
        f.write(source.read())
    page = path("odd.html")
    subprocess.run([OBJTOOL, "diff", "-q", "--html", page, path("old/fs/a.ko.checksums"), odd], check=False)
    with open(page, "rb") as f:
        text = f.read().decode("utf-8")
    check("escapes: no UTF-8", "bad\ufffd&lt;p&gt;" in text)


def test_file():
    report()
    for what, target in (("no directory", path("none/x.html")), ("full", "/dev/full")):
        status, _, err = objtool("diff", "--html", target, path("old"), path("new"))
        check("file: " + what, status == 2 and one_line(err) and target in err, (status, err))
    kept = make_file("kept.html", b"before")
    status, _, err = objtool("diff", "--html", kept, path("old"), path("missing"))
    check("file: kept if there is nothing to write", status == 2 and open(kept, "rb").read() == b"before", err)
    check("file: nothing is left over", not [f for f in os.listdir(path("")) if "tmp" in f])


def compiled(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    subprocess.run(["gcc", "-xc", "-O1", "-fcf-protection=none", "-c", "-o", path(name), "-"], input=text.encode(),
                   check=True)
    return path(name)


def test_disassembly():
    old = compiled("dis-old/x.o", "int f(int a) { return a + 1; } int same(int a) { return a; }\n"
                   "int g(void) { return __builtin_printf(\"<b>&%s\", \"x\"); }\n")
    new = compiled("dis-new/x.o", "int f(int a) { return a + 2; } int same(int a) { return a; }\n"
                   "int g(void) { return __builtin_printf(\"<i>&%s\", \"x\"); }\n")
    status, out, err, text = report("-p", old=old, new=new)
    page = Page(text)
    check("disassembly: in the page, not on stdout", status == 1 and err == "" and out.count("\n") == 1, (out, err))
    check("disassembly: every tag is closed", page.wrong == [], page.wrong)
    shown = objtool("diff", "-p", old, new)[1]
    for name in "f", "g":
        patch = re.search(r"^--- a/x.o %s\n(?:(?!--- )[-+@ ].*\n)*" % name, shown, re.M)[0].split("\n")
        found = [row[0] for row in page.rows if row[0].startswith("disassembly--- a/x.o %s\n" % name)]
        check("disassembly: of %s, as -p prints it" % name, len(found) == 1 and
              [li for li in found[0].split("\n") if li][1:] == [li for li in patch if li][1:], (found, patch))
    check("disassembly: is not taken for HTML", "&lt;i&gt;&amp;%s" in text and "<i>" not in text)
    check("disassembly: coloured", re.search(r'<span class="del">-[^<]*0*x?1\b', text)
          and re.search(r'<span class="ins">\+', text), text)
    check("disassembly: none of what did not change", "same" not in text.split("<table>")[1].split("<script>")[0])
    status, _, err, text = report("-p")
    check("disassembly: from checksums, there is none", status == 2 and "only .checksums" in err
          and Page(text).rows == ROWS, (status, err))
    text = report("-p", old=old, new=new)[3]
    seen = browse(text, READER + """
        const open = () => [...document.querySelectorAll("details")].map(d => d.open);
        const height = () => $("details").getBoundingClientRect().height;
        const result = {first: open(), low: height()};
        form.elements.unfold.click(); result.unfolded = open(); result.high = height();
        form.elements.fold.click(); result.folded = open();
        set("search", "f"); form.elements.unfold.click(); result.some = open(); click("name");
        result.after = [...document.querySelectorAll("tbody")].map(b => b.querySelectorAll("details").length);
        return result;""")
    check("browser: disassembly is folded, and unfolds", isinstance(seen, dict) and seen["first"] == [False, False]
          and seen["unfolded"] == [True, True] and seen["folded"] == [False, False]
          and seen["high"] > seen["low"] > 0, seen)
    check("browser: it stays with its row", isinstance(seen, dict) and seen["after"] == [1, 1], seen)


def dumped(page):
    """The page as it is after its scripts, and what the browser complains of."""
    # A profile of its own: what is left of the last browser may still hold that one's.
    with tempfile.TemporaryDirectory(dir=scratch.name, ignore_cleanup_errors=True) as profile:
        try:
            p = run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--user-data-dir=" + profile, "--dump-dom", "file://" + page, timeout=60)
        except subprocess.TimeoutExpired as e:
            return "", str(e)
    return p.out, p.err


def browse(text, script):
    """What @script returns when run in the page."""
    text = text.replace("</body>", "<script>document.body.dataset.seen = JSON.stringify((() => {%s})());"
                        "</script></body>" % script)
    page = make_file("browsed.html", text.encode())
    for _ in range(3):  # a browser that dies, or never ends, has not judged the page
        out, err = dumped(page)
        found = re.search(r'data-seen="([^"]*)"', out)
        if found:
            return json.loads(html.unescape(found[1]))
    return err[-500:]


READER = """
const $ = selector => document.querySelector(selector), form = $("form");
const shown = () => [...document.querySelectorAll("tbody")].filter(row => row.getClientRects().length)
	.map(row => row.querySelector(".name").textContent);
const click = key => { $("th[data-key=" + key + "] button").click(); return shown(); };
const set = (name, value) => { const field = form.elements[name];
	if (field.type === "checkbox") field.checked = value; else field.value = value;
	field.dispatchEvent(new Event("input", {bubbles: true})); return shown(); };
"""


def test_browser():
    text = report()[3]
    seen = browse(text, READER + """return {
        first: shown(), count: form.shown.value, form: form.hidden,
        lines: set("lines", true), all: form.shown.value,
        size: click("size"), sizeDown: click("size"), sorted: $("th[data-key=size]").getAttribute("aria-sort"),
        name: click("name"), status: click("status"), object: click("object"),
        kind: set("kind", "data"), every: set("kind", "").length,
        word: set("search", "CODE"), words: set("search", " net  came "), none: set("search", "nothing of it"),
        empty: set("search", "").length, unchanged: set("changed", false),
        faint: getComputedStyle($(".note, output")).color, colour: getComputedStyle($(".added .status")).color,
        network: performance.getEntriesByType("resource").length};""")
    if not check("browser: the script runs", isinstance(seen, dict), seen):
        return
    names = [row[3] for row in ROWS]
    unmoved = [n for n in names if n != "moved"]
    check("browser: at first, without what only moved", seen["first"] == unmoved, seen["first"])
    check("browser: how many are shown", (seen["count"], seen["all"]) == ("7 of 8 shown", "8 of 8 shown"), seen)
    check("browser: the form is there", seen["form"] is False)
    check("browser: a box", seen["lines"] == names, seen["lines"])
    sizes = {row[3]: int(row[4] or 0) for row in ROWS}
    check("browser: by size, as numbers", seen["size"] == sorted(names, key=sizes.get), seen["size"])
    check("browser: the other way", seen["sizeDown"] == sorted(names, key=lambda n: -sizes[n]) and
          seen["sorted"] == "descending", seen["sizeDown"])
    check("browser: by name", seen["name"] == sorted(names), seen["name"])
    status = {row[3]: row[0] for row in ROWS}
    check("browser: by status, the others in order", seen["status"] == sorted(names, key=status.get), seen["status"])
    check("browser: by object", seen["object"] == names, seen["object"])
    check("browser: a kind", seen["kind"] == ["table"] and seen["every"] == 8, seen["kind"])
    check("browser: a word, in any case", seen["word"] == ["alpha", "f.isra"], seen["word"])
    check("browser: two words", seen["words"] == ["came"] and seen["none"] == [] and seen["empty"] == 8, seen["words"])
    check("browser: without what changed", seen["unchanged"] == ["gone", "moved", "came", "is"], seen["unchanged"])
    check("browser: it has its colours", seen["colour"] not in ("", "rgb(0, 0, 0)", seen["faint"]), seen["colour"])
    check("browser: asked for nothing", seen["network"] == 0, seen["network"])
    seen = browse(text.replace("form.hidden = false;", "throw 0;"), READER + "return shown();")
    check("browser: without the script, all is there", seen == names, seen)


for test in (test_text, test_folding, test_escapes, test_file, test_browser, test_disassembly):
    test()
finish()
