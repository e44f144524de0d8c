#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plugin.sh in Python."""
import os, subprocess, sys, time

where = sys.argv[1] + "/"


def note(pid):
    with open(where + "pid.new", "w") as f:
        f.write(f"{pid}\n")
    os.rename(where + "pid.new", where + "pid")


with open(where + "runs", "a") as f:
    f.write(os.environ["KUBERNETES_EXEC_INFO"] + "\n")
mode = open(where + "mode").read().strip()
if mode == "fail":
    print("no luck", file=sys.stderr)
    sys.exit(7)
elif mode == "crash":
    os.kill(os.getpid(), 11)
elif mode == "hang":
    note(os.getpid())
    time.sleep(600)
elif mode == "huge":
    sys.stdout.write("\0" * 300000)
else:
    if mode == "flood":
        for i in range(20000):
            print("line", i, file=sys.stderr)
    sys.stdout.write(open(where + "answer").read())
    if mode == "daemon":
        note(subprocess.Popen(["sleep", "600"]).pid)
