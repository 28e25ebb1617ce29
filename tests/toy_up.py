"""`up` with toy processes instead of ours: real health endpoints, nothing else. For tests of the supervisor.

As a command: `python tests/toy_up.py up DATA_DIR [SECONDS]` runs the supervisor, `... process NAME DATA_DIR` is one toy process.
A file <data dir>/<name>.refuse makes the toy end with exit code 2, <name>.unready makes it never ready.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.health import Health, HealthServer
from runtime.settings import Settings, load_settings
from tests.support import UNTRACED
from tickerplant.stack.child import ChildSpec
from tickerplant.stack.plan import Feed, Process


def toy_spec(settings: Settings, process: Process) -> ChildSpec:
    data_dir = settings.data_dir.absolute()
    command = (sys.executable, __file__, "process", process.name, str(data_dir))
    environment = {**process.environment, **UNTRACED}  # of ten toys nothing is to be learned
    return ChildSpec(process.name, command, data_dir / "logs" / f"{process.name}.log", environment)


def toy_process(name: str, data_dir: Path) -> int:
    if (data_dir / f"{name}.refuse").exists():
        print(f"tickerplant: {name} was told to refuse", file=sys.stderr)
        return 2
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    health = Health(name, SystemClock())
    health.add_check("toy", lambda: "told not to be" if (data_dir / f"{name}.unready").exists() else "")
    HealthServer(health, load_settings(data_dir=data_dir), os.getpid()).start()
    ended.wait()
    with (data_dir / "stopped").open("a") as order:
        order.write(f"{name}\n")
    return 0


def main(words: list[str]) -> int:
    if words[0] == "process":
        return toy_process(words[1], Path(words[2]))
    from rich.console import Console  # not for each toy

    from tickerplant.stack.run import Foreground

    settings = load_settings(data_dir=Path(words[1]))
    try:
        Foreground(settings, Feed(), float(words[2]) if len(words) > 2 else None, Console(), spec_of=toy_spec).run()
    except UserError as error:
        print(f"tickerplant: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
