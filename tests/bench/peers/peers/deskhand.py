"""Deskhand: the server, the novice's agent in its terminal, and the novice, who says yes.

The two programs come from $DESKHAND_BIN. Variants are options of the agent, such as
@max-bitrate=3000 or @max-fps=30,max-bitrate=3000. PEERS_PERF=1 has perf watch the agent; look at
perf.data in the run's folder with PEERS_KEEP=1.
"""
import os
import subprocess
import threading

PORT = 8080
PATIENCE = 30
QUESTION = "[y/N] "
# Would have the agent find things of the person who measures.
PRIVATE = ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
           "XDG_SESSION_TYPE", "DESKHAND_SERVER", "DESKHAND_NAME")


def start(run):
    # Browsers trust a page of plain HTTP on loopback only: each side has a port of its own there.
    url = f"http://127.0.0.1:{PORT}"
    run.spawn("server", [program("deskhand-server"), "--listen", f"0.0.0.0:{PORT}",
                         "--public-url", url, "--state-dir", run.path("server")])
    run.wait_port(PORT)
    run.forward(PORT)
    novice = Novice(run, url)
    return {"url": novice.field("Link: "), "login": {"password": novice.field("Password: ")},
            "hook": "deskhand.mjs"}


def program(name):
    folder = os.environ.get("DESKHAND_BIN")
    path = folder and os.path.join(folder, name)
    if not path or not os.path.exists(path):
        raise RuntimeError(f"$DESKHAND_BIN has no {name}: cargo xtask build makes it")
    return path


class Novice:
    """Reads what the agent says, and allows everything it asks about."""

    def __init__(self, run, url):
        options = ["--" + option for option in run.variant.split(",") if option]
        command = [program("deskhand"), "invite", "--server", url, "--terminal", *options]
        if os.environ.get("PEERS_PERF"):
            command = ["perf", "record", "--freq=997", "--call-graph=fp",
                       f"--output={run.path('perf.data')}", "--", *command]
        home = run.path("home")
        os.mkdir(home)
        for name in PRIVATE:
            run.env.pop(name, None)
        self.agent = run.spawn(
            "agent", command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"HOME": home, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nobody/is/here"})
        self.said = ""
        self.change = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        answered = 0
        while piece := os.read(self.agent.stdout.fileno(), 4096).decode(errors="replace"):
            with self.change:
                self.said += piece
                self.change.notify_all()
            while self.said.count(QUESTION) > answered:
                answered += 1
                self.agent.stdin.write(b"y\n")
                self.agent.stdin.flush()

    def field(self, name):
        """The rest of the line that begins with `name`, once it has been said whole."""
        def there():
            return "\n" in self.said.partition(name)[2]
        with self.change:
            if not self.change.wait_for(there, PATIENCE):
                raise RuntimeError(f"the agent gave no {name!r}; it said {self.said!r}")
            return self.said.partition(name)[2].partition("\n")[0].strip()
