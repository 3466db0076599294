"""Two network namespaces, the novice's and the expert's, and the link between them."""
import os
import signal
import subprocess
import time

NOVICE_IP, EXPERT_IP = "10.99.0.1", "10.99.0.2"
DEVICE = "lk0"
# kbit/s each way (0: no limit), ms one way, % lost each way, ms of queue before the bottleneck.
PROFILES = {
    "lan": None,
    "wan": (0, 20, 1.0, 0),
    "slow": (5000, 0, 0, 200),
    "loss0": (0, 25, 0, 0),
    "loss2": (0, 25, 2.0, 0),
    "loss5": (0, 25, 5.0, 0),
    "loss10": (0, 25, 10.0, 0),
    "thin": (300, 20, 0, 300),
}
UNLIMITED_QUEUE = 10000


def ip(*args):
    subprocess.run(["ip", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Network:
    """`lan` is a pair of virtual cables. Everything else goes through net/wanlink.c, because many
    kernels have no netem."""

    def __init__(self, tag, profile):
        self.novice, self.expert = f"ps{tag}", f"pv{tag}"
        self.profile = PROFILES[profile]
        self.link = None

    def up(self, run):
        for name in (self.novice, self.expert):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        if self.profile is None:
            self._cable()
        else:
            self._relay(run)
        # Without a camera's permission, pages gather only the addresses of the default route.
        for name, gateway in ((self.novice, EXPERT_IP), (self.expert, NOVICE_IP)):
            ip("-n", name, "route", "add", "default", "via", gateway, "dev", DEVICE)

    def _cable(self):
        ip("-n", self.novice, "link", "add", DEVICE, "type", "veth",
           "peer", "name", DEVICE, "netns", self.expert)
        for name, address in ((self.novice, NOVICE_IP), (self.expert, EXPERT_IP)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", DEVICE)
            ip("-n", name, "link", "set", DEVICE, "up")

    def _relay(self, run):
        rate, delay, loss, queue = self.profile
        self.counters = run.path("link.stats")
        numbers = [rate, delay, loss, queue or UNLIMITED_QUEUE]
        self.link = run.spawn(
            "wanlink",
            [run.tool("wanlink"), self.novice, NOVICE_IP, self.expert, EXPERT_IP,
             *map(str, numbers), self.counters, str(run.seed)],
            group="net", ns=None, stdout=subprocess.PIPE)
        if b"ready" not in self.link.stdout.readline():
            raise RuntimeError(f"the link did not start, see {run.path('wanlink.err')}")
        try:  # a link that comes late would be measured as latency
            os.sched_setscheduler(self.link.pid, os.SCHED_RR, os.sched_param(1))
        except OSError:
            pass

    def inside(self, namespace, command):
        return ["ip", "netns", "exec", namespace, *command]

    def listens(self, port):
        """Whether something listens on that TCP port of the novice's side."""
        tables = self._read(self.novice, "/proc/net/tcp", "/proc/net/tcp6")
        rows = [line.split() for line in tables.splitlines()]
        return any(len(row) > 3 and row[3] == "0A" and row[1].endswith(f":{port:04X}")
                   for row in rows)

    def bytes(self):
        """How many have gone (to the expert, to the novice)."""
        if self.link is None:
            table = self._read(self.expert, "/proc/net/dev")
            line = next(line for line in table.splitlines() if f"{DEVICE}:" in line)
            fields = line.split(":")[1].split()
            return int(fields[0]), int(fields[8])
        if os.path.exists(self.counters):
            os.unlink(self.counters)
        self.link.send_signal(signal.SIGUSR1)
        for _ in range(200):
            if os.path.exists(self.counters):
                with open(self.counters) as file:
                    down, up = file.read().splitlines()[:2]
                return int(down.split()[0]), int(up.split()[0])
            time.sleep(0.01)
        raise RuntimeError("the link does not tell its counters")

    def _read(self, namespace, *files):
        return subprocess.run(self.inside(namespace, ["cat", *files]),
                              capture_output=True, text=True).stdout

    def close(self):
        for name in (self.novice, self.expert):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
