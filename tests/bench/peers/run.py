"""One run: its folder, its processes, its displays. What an adapter in peers/ is given."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

from groups import Group
from network import NOVICE_IP, Network

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("PEERS_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "deskhand-bench")
SCREEN = "1920x1080"
# peer and X server; the program that draws; the expert's browser; the link.
GROUPS = ("x", "srv", "app", "vwr", "net")


class Run:
    cache, here, srv_ip = CACHE, HERE, NOVICE_IP

    def __init__(self, peer, workload, profile, seconds, seed):
        self.workload, self.seconds, self.seed = workload, seconds, seed
        self.name, _, self.variant = peer.partition("@")
        tag = str(os.getpid())
        self.folder = tempfile.mkdtemp(prefix=f"peers-{peer}-{workload}-{profile}-")
        self.groups = {name: Group(tag, name) for name in GROUPS}
        self.net = Network(tag, profile)
        self.processes = []
        self.display = None
        self.env = {name: value for name, value in os.environ.items()
                    if name not in ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY")}

    def path(self, name):
        """A file of this run."""
        return os.path.join(self.folder, name)

    def tool(self, name):
        """One of our own C programs."""
        return os.path.join(CACHE, "bin", name)

    def spawn(self, name, command, group="srv", ns="novice", env=None, stdin=None, stdout=None):
        """Starts a program, by default on the novice's side and counted as the server's work."""
        surroundings = dict(self.env)
        if self.display and group != "vwr":
            surroundings["DISPLAY"] = self.display
        surroundings.update(env or {})
        if ns:
            command = self.net.inside(getattr(self.net, ns), command)
        process = subprocess.Popen(
            command, env=surroundings, cwd=self.folder, start_new_session=True,
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout or open(self.path(name + ".out"), "w"),
            stderr=open(self.path(name + ".err"), "w"),
            preexec_fn=self.groups[group].join)
        self.processes.append((name, process))
        return process

    def wait_port(self, port, timeout=30):
        """Waits until something listens there, on the novice's side."""
        end = time.monotonic() + timeout
        while not self.net.listens(port):
            for name, process in self.processes:
                if process.poll():
                    raise RuntimeError(
                        f"{name} left with {process.returncode}, see {self.path(name)}.err")
            if time.monotonic() > end:
                raise RuntimeError(f"nothing listens on port {port}, see {self.folder}")
            time.sleep(0.1)

    def forward(self, port):
        """Gives the expert's side a loopback port that leads to the same port of the novice's
        side, for pages that a browser or a server trusts on loopback only."""
        self.spawn("forward", ["node", os.path.join(HERE, "net/forward.mjs"), str(port), NOVICE_IP],
                   group="net", ns="expert")

    def new_display(self):
        for number in range(60, 160):
            if not any(os.path.exists(path) for path in (_socket(number), f"/tmp/.X{number}-lock")):
                return number
        raise RuntimeError("no free display")

    def wait_display(self, number, timeout=30):
        end = time.monotonic() + timeout
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as knock:
                    knock.connect(_socket(number))
                break
            except OSError:
                if time.monotonic() > end:
                    raise RuntimeError("the X server did not start") from None
                time.sleep(0.1)
        time.sleep(0.3)
        self.display = f":{number}"

    def xvfb(self):
        """The desktop that is shared, unless the peer is an X server itself."""
        number = self.new_display()
        self.spawn("xvfb", ["Xvfb", f":{number}", "-screen", "0", f"{SCREEN}x24", "-nolisten", "tcp",
                            "-noreset", "-dpi", "96"], group="x")
        self.wait_display(number)

    def close(self):
        for name in ("vwr", "srv", "app", "x", "net"):
            self.groups[name].close()
        for _, process in self.processes:
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        self.net.close()
        if not os.environ.get("PEERS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)


def _socket(number):
    return f"/tmp/.X11-unix/X{number}"
