"""Becomes a child of a local stack: `python launch.py USER SIGNAL PARENT NICE COMMAND...`. Runs alone, before our packages can be imported.

It takes the account USER ("" for none), asks the kernel for SIGNAL when PARENT dies (Linux), and becomes COMMAND under the same pid. All this between fork
and exec of a parent with threads could wait for ever for a lock that one of them held at the fork.
"""

import ctypes  # before the change of account, which may not be able to read it any more
import os
import sys

_PR_SET_PDEATHSIG = 1


def become(user: str, signal_number: int, parent: int, nice: int, command: list[str]) -> None:
    """Does not return: exits with 127 where the command cannot be run, as a shell does."""
    if nice:
        _stand_back(nice)
    if user:
        _take_account(user)
    if sys.platform == "linux":
        _die_with_parent(signal_number, parent)  # after the change of account, which would clear it
    try:
        os.execvp(command[0], command)  # noqa: S606  no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
        sys.exit(127)


def _stand_back(nice: int) -> None:
    """Linux gives each session a share of its own (autogroup), within which alone a nice value counts: the session's is set as well."""
    os.nice(nice)
    try:
        with open("/proc/self/autogroup", "w") as group:
            group.write(str(nice))
    except OSError:
        return  # no such groups here


def _take_account(user: str) -> None:
    import pwd

    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with_parent(signal_number: int, parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died before the call
        sys.exit(1)


if __name__ == "__main__":
    become(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
