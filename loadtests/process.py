"""A server under measurement: started, waited for, its CPU and memory read, and stopped.

The server prints `ready PORT` on a line of its own once it listens on a port that it picked.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]

_READY = re.compile(r"^ready (\d+)$", re.MULTILINE)
# How much of the log is shown when a server does not start.
_TAIL_CHARACTERS = 2000
_LOOK_AGAIN_SECONDS = 0.02
_STOP_SECONDS = 5.0


class Served:
    """A server process with all its descendants, in a process group of its own.

    It is synchronous: start and stop it outside a running loop, or in a thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        ready_seconds: float = 20.0,
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._ready_seconds = ready_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self.port = 0

    def __enter__(self) -> Served:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process that was started, the leader of its group."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Starts the server and waits until it listens."""
        descriptor, name = tempfile.mkstemp(prefix="served-", suffix=".log")
        self._log = Path(name)
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=self._environment,
                start_new_session=True,
            )
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(descriptor)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + self._ready_seconds
        while (found := _READY.search(self.log())) is None:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log()[-_TAIL_CHARACTERS:]}")
            if time.monotonic() > until:
                raise TimeoutError(f"the server is not ready: {self.log()[-_TAIL_CHARACTERS:]}")
            time.sleep(_LOOK_AGAIN_SECONDS)
        self.port = int(found[1])

    def log(self) -> str:
        """What the server has printed so far, errors included."""
        return "" if self._log is None else self._log.read_text(errors="replace")

    def cpu_seconds(self) -> float:
        """CPU used so far, user and system, of all threads of all processes that still live."""
        used = cpu_seconds(self.pid)
        if not used:
            raise RuntimeError(f"no CPU time to read: {self.log()[-_TAIL_CHARACTERS:]}")
        return used

    def rss_bytes(self) -> int:
        """Memory in RAM, of all processes; pages that they share are counted for each."""
        return sum(_rss_kilobytes(pid) for pid in _family(self.pid)) * 1024

    def kill(self) -> None:
        """Ends the group at once, without a word to its clients; it can be started again."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_SECONDS)
        self.stop()

    def stop(self) -> None:
        """Asks the group to end, and makes it after five seconds. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            _end_group(process)
        if self._log is not None:
            self._log.unlink(missing_ok=True)
            self._log = None


def cpu_seconds(pid: int) -> float:
    """CPU used so far by a process and its descendants, user and system."""
    return sum(_thread_nanoseconds(one) for one in _family(pid)) / 1e9


def machine_seconds() -> tuple[float, float]:
    """What all processors of this machine did since its start: nothing, and in all."""
    words = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    # The fourth is idle, the fifth waits for a disk: a process that comes then runs at once.
    ticks = os.sysconf("SC_CLK_TCK")
    return (words[3] + words[4]) / ticks, sum(words) / ticks


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        # Looked at without being reaped: so the number stays its own until the group is gone.
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while os.waitid(os.P_PID, process.pid, look) is None and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_STOP_SECONDS)


def _read(path: Path) -> str:
    """A file of /proc; empty when the process or thread has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _tasks(pid: int, name: str) -> list[str]:
    """One file of every thread of a process."""
    return [_read(path) for path in Path(f"/proc/{pid}/task").glob(f"*/{name}")]


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        found.extend(int(child) for text in _tasks(one, "children") for child in text.split())
    return found


def _thread_nanoseconds(pid: int) -> int:
    # Far finer than the ticks of /proc/PID/stat, which are a hundredth of a second.
    return sum(int(text.split()[0]) for text in _tasks(pid, "schedstat") if text)


def _rss_kilobytes(pid: int) -> int:
    # The rollup counts pages; the status file may lag behind by some on many cores.
    text = _read(Path(f"/proc/{pid}/smaps_rollup")) or _read(Path(f"/proc/{pid}/status"))
    found = re.search(r"^(?:Rss|VmRSS):\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0
