#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The order of the house: who includes whom, that no files form a circle, and that the map at the head of main.c and the tables
of docs/json.md are whole. Usage: house.py, in the project's directory."""
import glob
import graphlib
import json
import os
import re
import sys

MAY_INCLUDE = {
    "lib": set(),
    "reader": {"lib"},
    "show": {"reader", "lib"},
    "kernel": {"lib", "bpf", "loader"},
    "source": {"reader", "kernel", "lib", "bpf", "loader", "elf"},
    "run": {"version", "show", "source", "reader", "kernel", "lib", "bpf", "loader", "elf"},
    "main": {"run", "lib"},
    "prog": {"bpf"},
    "bpf": set(),
    "loader": {"lib"},
    "elf": {"lib"},
}
sources = [f for pattern in ("*.c", "*.h", "*/*.c", "*/*.h") for f in glob.glob(pattern)
           if f.split("/")[0] not in ("build", "tests", "dist")]
failed = False


def folder(path):
    return path.split("/")[0] if "/" in path else path.split(".")[0]


def check(sentence, wrong):
    global failed
    for line in wrong:
        print("#", line)
    print("not ok" if wrong else "ok", sentence)
    failed |= bool(wrong)


includes = [(f, name) for f in sources for name in re.findall(r'^#include "(.*)"', open(f).read(), re.M)]
check("each folder includes only what it may",
      [f"{f} includes {name}" for f, name in includes
       if folder(f) != folder(name) and folder(name) not in MAY_INCLUDE[folder(f)]])
graph = {}
for f, name in includes:
    if os.path.splitext(f)[0] != os.path.splitext(name)[0]:
        graph.setdefault(os.path.splitext(f)[0], set()).add(os.path.splitext(name)[0])
try:
    circle = []
    graphlib.TopologicalSorter(graph).prepare()
except graphlib.CycleError as error:
    circle = [" -> ".join(error.args[1])]
check("no files form a circle", circle)
described = set(re.findall(r"^ \* +(\S+\.[chS])\b", open("main.c").read(), re.M))
wanted = {f for f in sources if f.endswith((".c", ".S")) or not os.path.exists(f[:-2] + ".c")} - {"main.c"}
check("the map at the head of main.c has every file",
      [f"not in the map: {f}" for f in sorted(wanted - described)] +
      [f"in the map, but not there: {f}" for f in sorted(described - wanted - {"bpf/embed.S"})])
check("no file has more than 500 lines, but for that of the licence",
      [f"{f}: {n} lines" for f in sources for n in [len(open(f).readlines()) - 1] if n > 500])
long_functions = []
for f in sources:
    start = None
    for number, line in enumerate(open(f), 1):
        if line == "{\n":
            start = number
        elif line == "}\n" and start:
            if number - start - 1 > 60:
                long_functions.append(f"{f}:{start}: {number - start - 1} lines")
            start = None
check("no function has more than 60 lines", long_functions)


def documented(heading):
    """The keys in the table below that heading of docs/json.md; and those of them that are always printed."""
    section = open("docs/json.md").read().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", section, re.M)
    return ([key for keys, _ in rows for key in re.findall(r"`(\w+)`", keys)],
            [keys.split("`")[1] for keys, printed in rows if printed == "always"])


def differences(wanted, found, where):
    missing, unknown = [k for k in wanted if k not in found], [k for k in found if k not in wanted]
    return ([f"not in docs/json.md, {where}: {key}" for key in missing] +
            [f"not in the schema, {where}: {key}" for key in unknown] or
            [f"in another order than the schema's, {where}"] * (wanted != found))


schema = json.load(open("docs/execsnoop.schema.json"))["$defs"]
keys = {kind: list(schema[kind]["properties"]) for kind in ("fields", "exit_fields", "loss")}
(execs, always), (ends, always_of_ends) = documented("Execs"), documented("Ends")
check("docs/json.md has every key of the schema",
      differences(keys["fields"], execs, "execs") + differences(keys["loss"], documented("Losses")[0], "losses") +
      differences([key for key in keys["exit_fields"] if key not in keys["fields"]], ends, "ends"))
check("docs/json.md says which keys are always printed",
      differences(schema["exec"]["required"], always, "execs") +
      differences([key for key in schema["exit"]["required"] if key not in execs], always_of_ends, "ends"))
check("the top level has at most 22 entries",
      [] if len({f.split("/")[0] for f in os.popen("git ls-files").read().split()}) <= 22 else ["more"])
sys.exit(failed)
