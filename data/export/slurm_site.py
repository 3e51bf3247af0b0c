"""The state of Slurm read by running the site's own commands, here or over a connection that the site sets."""

import shlex
import subprocess

from data.export.slurm_names import fault_of_name
from data.export.slurm_state import COMMANDS, StateError
from data.settings import Settings

LONGEST_S = 300
"""How long one command may take."""


def commands(settings: Settings, cluster: str | None = None) -> list[list[str]]:
    """The command lines that are run, what the site sets (EQUINODE_SLURM) in front.

    >>> from data.settings import Settings
    >>> commands(Settings(slurm="ssh login1"))[2]
    ['ssh', 'login1', 'scontrol', 'show', 'config']
    """
    if cluster is not None and (fault := fault_of_name(cluster, "cluster")):
        raise StateError(fault)
    chosen = ["-M", cluster] if cluster is not None else []
    named = [shlex.split(command) for command in COMMANDS]
    return [[*shlex.split(settings.slurm), words[0], *(chosen if words[0] in OF_CLUSTER else ()), *words[1:]] for words in named]


OF_CLUSTER = ("sshare", "scontrol", "sacct")
"""The commands that ask one cluster; the others tell of all, each row with its cluster."""


def read_from_site(settings: Settings, cluster: str | None = None) -> list[str]:
    """What the commands print, one text each.

    Raises:
        StateError: if one of them cannot be run, fails, or does not end.
    """
    return [_printed(command) for command in commands(settings, cluster)]


def _printed(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=LONGEST_S, check=False
        )
    except OSError as error:
        raise StateError(
            f"{command[0]} cannot be run ({error.strerror}); set EQUINODE_SLURM to what stands in front of Slurm's commands, such as "
            "'ssh login1', or hand the state in with --state."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StateError(f"{shlex.join(command)} did not end within {LONGEST_S} s.") from error
    if done.returncode != 0:
        told = done.stderr.strip().splitlines() or ["it said nothing"]
        raise StateError(f"{shlex.join(command)} ended with status {done.returncode}: {told[-1]}.")
    return done.stdout
