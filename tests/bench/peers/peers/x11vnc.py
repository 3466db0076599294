"""x11vnc on the shared desktop, with websockify and noVNC."""
import importlib.util
import os

_spec = importlib.util.spec_from_file_location(
    "tigervnc", os.path.join(os.path.dirname(__file__), "tigervnc.py"))
tigervnc = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tigervnc)


def start(run):
    run.spawn("x11vnc", ["x11vnc", "-display", run.display, "-forever", "-shared", "-nopw",
                         "-rfbport", "5900", "-localhost", "-quiet"])
    run.wait_port(5900)
    return tigervnc.novnc(run)
