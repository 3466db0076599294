"""The expert's browser, as viewer/viewer.mjs drives it: one line asks, one line answers."""
import json
import os
import queue
import subprocess
import threading
import time

from run import CACHE, HERE


class Expert:
    def __init__(self, run, page):
        """`page` is what the adapter's `start` gave."""
        self.folder = run.folder
        config = {
            "url": page["url"],
            "selector": page.get("selector", "canvas,video"),
            "hook": page.get("hook") and os.path.join(HERE, "viewer/hooks", page["hook"]),
            "login": page.get("login"),
            "variant": run.variant,
            "chromium": os.environ.get("PEERS_CHROMIUM", "/usr/bin/chromium"),
            "chromium_args": page.get("chromium_args", []),
            "connect_timeout": page.get("connect_timeout", 40),
            "modules": os.path.join(CACHE, "node"),
            "profile": run.path("profile"),
            "fail_png": run.path("fail.png"),
            "verbose": bool(os.environ.get("PEERS_VERBOSE")),
        }
        with open(run.path("viewer.json"), "w") as file:
            json.dump(config, file)
        self.process = run.spawn(
            "viewer", ["node", os.path.join(HERE, "viewer/viewer.mjs"), run.path("viewer.json")],
            group="vwr", ns="expert", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"HOME": run.folder})
        self.lines = queue.Queue()
        self.early = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode().strip())
        self.lines.put("FAILED it left")

    def tell(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def hear(self, word, timeout=90):
        """Waits for a line that begins with `word` and gives the rest. Others are kept."""
        for line in self.early:
            if line.startswith(word):
                self.early.remove(line)
                return line[len(word):].strip()
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = "FAILED in time"
            if line.startswith(word):
                return line[len(word):].strip()
            if line.startswith("FAILED"):
                raise RuntimeError(f"the browser gave no {word} ({line[:200]}), see {self.folder}")
            self.early.append(line)

    def ask(self, command, answer):
        self.tell(command)
        return self.hear(answer)
