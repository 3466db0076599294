"""No peer: a page with a canvas that holds two patches. What its browser costs is the sampler."""
import os

PORT = 7001


def start(run):
    run.spawn("http", ["python3", "-m", "http.server", str(PORT), "--bind", run.srv_ip,
                       "--directory", os.path.join(run.here, "www")])
    run.wait_port(PORT)
    return {"url": f"http://{run.srv_ip}:{PORT}/floor.html", "selector": "canvas", "inputs": False}
