"""CPU time, memory and members of one part of what is measured, by control groups.

Whatever a part starts is counted with it, and its end takes all of that along: nothing is looked
for, or ended, by name.
"""
import os
import signal
import time

CPUACCT = "/sys/fs/cgroup/cpuacct"
UNIFIED = "/sys/fs/cgroup"
CPU = "/sys/fs/cgroup/cpu"
# What is measured gets the processor before anything else that happens to run on the machine.
SHARES = "30000"


class Group:
    def __init__(self, tag, name):
        self.folder, self.usage = _make(f"peers-{tag}-{name}")
        self.members = os.path.join(self.folder, "cgroup.procs")
        self.weight = _make_weight(f"peers-{tag}")
        self.peak = 0

    def join(self):
        """For the child, before it becomes another program."""
        for procs in filter(None, (self.weight, self.folder)):
            with open(os.path.join(procs, "cgroup.procs"), "w") as file:
                file.write(str(os.getpid()))

    def pids(self):
        try:
            with open(self.members) as file:
                return [int(pid) for pid in file.read().split()]
        except OSError:
            return []

    def cpu(self):
        """Seconds of processor time so far."""
        with open(self.usage) as file:
            text = file.read()
        if self.usage.endswith("cpu.stat"):
            return int(dict(line.split() for line in text.splitlines())["usage_usec"]) / 1e6
        return int(text) / 1e9

    def note_rss(self):
        """Remembers the highest sum of resident memory; pages shared by two count twice."""
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/statm") as file:
                    total += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                pass
        self.peak = max(self.peak, total)

    def pss(self):
        """Bytes of memory now; pages shared by two count half."""
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    lines = [line for line in file if line.startswith("Pss:")]
                total += sum(int(line.split()[1]) * 1024 for line in lines)
            except OSError:
                pass
        return total

    def close(self):
        """Ends all members, politely first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
            end = time.monotonic() + 1.5
            while self.pids() and time.monotonic() < end:
                time.sleep(0.05)
        # A group stays busy for a moment after its last member has gone.
        for _ in range(20):
            try:
                os.rmdir(self.folder)
                break
            except OSError:
                time.sleep(0.1)
        try:
            os.rmdir(self.weight or "")
        except OSError:
            pass


def _make(name):
    for base, usage in ((CPUACCT, "cpuacct.usage"), (UNIFIED, "cpu.stat")):
        folder = os.path.join(base, name)
        try:
            os.mkdir(folder)
        except OSError:
            continue
        if os.path.exists(os.path.join(folder, usage)):
            return folder, os.path.join(folder, usage)
        os.rmdir(folder)
    raise SystemExit("Measuring needs control groups that can be written to: run it as root.")


def _make_weight(name):
    folder = os.path.join(CPU, name)
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "cpu.shares"), "w") as file:
            file.write(SHARES)
        return folder
    except OSError:
        return None
