#!/usr/bin/env python3
"""measure.py PEER[@VARIANT] WORKLOAD NET SECONDS: one run, one JSON line."""
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time

import analyse
from expert import Expert
from network import PROFILES
from run import HERE, Run

WORKLOADS = ("still", "idle", "typing", "scroll", "xscroll", "drag", "video")
# A run that is not over by then hangs.
OVERTIME = 150
# From "stop moving" to the two pictures that are compared.
SOON, REST = 1.0, 2.0
# What flows less than this is no picture any more.
QUIET_KBIT = 80
# What is still has come to rest long before that is measured.
STILL_WARMUP = 12
PARTS = ("srv", "vwr", "x")


def adapter(name):
    path = os.path.join(HERE, "peers", name + ".py")
    spec = importlib.util.spec_from_file_location("adapter", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def overdue(*_):
    raise TimeoutError("the run took too long")


def measured(peer, workload, net, seconds, seed):
    result = {"peer": peer, "workload": workload, "net": net, "seconds": seconds, "seed": seed,
              "ok": False}
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, overdue)
    signal.alarm(int(seconds) + OVERTIME)
    run = Run(peer, workload, net, seconds, seed)
    try:
        result.update(session(run))
        result["ok"] = True
    except BaseException as error:  # an interrupt, too, has to leave nothing behind
        result["error"] = f"{type(error).__name__}: {error}"
        if isinstance(error, KeyboardInterrupt):
            raise
    finally:
        signal.alarm(0)
        run.close()
        if os.environ.get("PEERS_KEEP"):
            result["folder"] = run.folder
    return result


def session(run):
    """Connects the peer, measures a while, and compares the picture at rest."""
    run.net.up(run)
    peer = adapter(run.name)
    if getattr(peer, "X", "xvfb") == "xvfb":
        run.xvfb()
    page = peer.start(run)
    # A video that has never moved has shown nothing, so what is still moves until it is seen.
    still = run.workload == "still"
    probe = run.spawn("probe", [run.tool("probe"), "idle" if still else run.workload,
                                run.path("probe.log"), str(run.seed)], group="app", ns=None)
    time.sleep(0.7)
    if probe.poll() is not None:
        raise RuntimeError(f"the probe left, see {run.path('probe.err')}")
    if hasattr(peer, "after_probe"):
        peer.after_probe(run)
    expert = Expert(run, page)
    out = {"page": json.loads(expert.hear("READY"))}
    if still:
        probe.send_signal(signal.SIGUSR1)
    time.sleep(STILL_WARMUP if still else float(os.environ.get("PEERS_WARMUP", "4")))

    inputs = page.get("inputs", True) and not still
    before, (start, end), after = window(run, expert, inputs)
    out["pss_mb"] = {part: round(run.groups[part].pss() / 1e6) for part in PARTS}
    out["rss_mb"] = {part: round(run.groups[part].peak / 1e6) for part in PARTS}
    if inputs:
        expert.hear("INPUTS_DONE", 20)

    probe.send_signal(signal.SIGUSR1)
    out["rest_ms"] = rest(run, expert)
    pictures = {name: run.path(name + ".png") for name in ("soon", "shown")}
    for path in pictures.values():
        expert.ask(f"SHOT {path}", "SHOT_OK")
    subprocess.run([run.tool("xshot"), run.path("true.ppm")], check=True,
                   env={**run.env, "DISPLAY": run.display})
    expert.ask(f"DUMP {run.path('dump.json')}", "DUMP_OK")
    expert.tell("QUIT")

    out.update(rates(before, after, end - start))
    out.update(analyse.logs(run.path("probe.log"), run.path("dump.json"), start, end))
    out.update(analyse.picture(run.path("true.ppm"), pictures["shown"]))
    out["soon"] = analyse.picture(run.path("true.ppm"), pictures["soon"])
    out["loadavg"] = os.getloadavg()[0]
    if run.net.profile is None:
        kept = os.path.join(run.cache, "text")
        os.makedirs(kept, exist_ok=True)
        peer = run.name + (f"@{run.variant}" if run.variant else "")
        analyse.keep_text(run.path("true.ppm"), pictures["shown"],
                          os.path.join(kept, f"{peer}-{run.workload}.png"))
    return out


def window(run, expert, inputs):
    """The seconds that count: counters before and after them, and when they were."""
    before = counters(run, expert)
    start = time.time()
    if inputs:
        expert.tell(f"INPUTS {max(0, run.seconds - 1.5)} {run.seed}")
    while (left := start + run.seconds - time.time()) > 0:
        time.sleep(min(0.5, left))
        for part in PARTS:
            run.groups[part].note_rss()
    end = time.time()
    return before, (start, end), counters(run, expert)


def rest(run, expert):
    """Keeps two pictures, and gives the ms from now until next to nothing flows any more."""
    start = then = time.monotonic()
    last, quiet = run.net.bytes()[0], 0
    for moment in (SOON, REST):
        while (now := time.monotonic()) < start + moment:
            time.sleep(min(0.1, start + moment - now))
            down, at = run.net.bytes()[0], time.monotonic()
            if (down - last) * 8 / 1000 > QUIET_KBIT * (at - then):
                quiet = at - start
            last, then = down, at
        expert.ask("SNAP", "SNAP_OK")
    return round(quiet * 1000)


def counters(run, expert):
    cpu = {name: group.cpu() for name, group in run.groups.items()}
    return {"cpu": cpu, "bytes": run.net.bytes(),
            "sampler": json.loads(expert.ask("STAT", "STAT_OK"))}


def rates(before, after, seconds):
    cpu = {name: round((after["cpu"][name] - busy) / seconds, 4)
           for name, busy in before["cpu"].items()}
    down, up = (round((b - a) * 8 / seconds / 1000, 1)
                for a, b in zip(before["bytes"], after["bytes"]))
    first, last = before["sampler"], after["sampler"]
    span = (last["t"] - first["t"]) / 1000
    return {"cpu": cpu, "cpu_server": round(cpu["x"] + cpu["srv"], 4),
            "kbit_down": down, "kbit_up": up,
            "sampled_fps": round((last["frames"] - first["frames"]) / span, 1),
            "sampler_ms_per_s": round((last["cost"] - first["cost"]) / span, 1)}


def main():
    if len(sys.argv) != 5 or sys.argv[2] not in WORKLOADS or sys.argv[3] not in PROFILES:
        raise SystemExit(f"{__doc__}\nworkloads: {' '.join(WORKLOADS)}; nets: {' '.join(PROFILES)}")
    peer, workload, net, seconds = sys.argv[1:]
    seed = int(os.environ.get("PEERS_SEED") or random.randrange(1, 9999))
    result = measured(peer, workload, net, float(seconds), seed)
    print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
