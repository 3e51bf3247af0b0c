"""A real Slurm of one node on the loopback address: munged, mariadbd, slurmdbd, slurmctld, slurmd and slurmrestd, all gone afterwards."""

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SERVERS = ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd", "slurmrestd")
CLIENTS = ("mariadb-install-db", "sacctmgr", "sacct", "sshare", "scontrol", "sbatch", "squeue", "scancel", "sinfo", "setpriv")
PACKAGES = "slurm-wlm slurmdbd slurmrestd slurm-client munge mariadb-server"
CPUS = 64
GPUS = 8
NAME = "vega"
WAIT_S = 20

SLURM_CONF = """
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldParameters=idle_on_node_suspend
SlurmdParameters=config_overrides
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,default_queue_depth=100
PriorityType=priority/multifactor
PriorityDecayHalfLife={half_life}
PriorityUsageResetPeriod=NONE
PriorityCalcPeriod=1
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd_port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageEnforce=associations,limits,qos
AccountingStorageTRES=gres/gpu
GresTypes=gpu
MinJobAge=600
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP OverSubscribe=NO
"""

SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser={user}
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={sql_port}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
"""

OLDEST_REST = 38
"""The oldest version of slurmrestd's interface that takes associations."""

GRES_CONF = "NodeName={host} Name=gpu File={folder}/gpu[0-{last_gpu}]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running Slurm, and how its commands are called."""

    folder: Path
    """Its configuration, logs and state."""
    environment: dict[str, str]
    """What its commands find it by."""
    rest_socket: Path
    """Where slurmrestd listens."""

    def run(self, *words: str, check: bool = True) -> str:
        """What a command of Slurm prints."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=WAIT_S, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def rest_addresses(self) -> list[str]:
        """Where slurmrestd gives and takes associations, one address a version of its interface from v0.0.38 on, the oldest first."""
        told = self.run("curl", "--silent", "--unix-socket", str(self.rest_socket), "http://localhost/openapi/v3")
        versions = {int(found) for found in re.findall(r"slurmdb\\?/v0\.0\.(\d+)\\?/associations", told)}
        return [f"http://localhost/slurmdb/v0.0.{version}/associations" for version in sorted(versions) if version >= OLDEST_REST]

    def wait_until(self, holds: Callable[[], bool], what: str, wait_s: float = WAIT_S) -> None:
        """Wait for something that Slurm does in its own time."""
        until(holds, lambda: f"{what}\n{self.run('squeue', '-a', check=False)}\n{self.logs()}", wait_s)

    def logs(self) -> str:
        """The last lines of every server's log."""
        return "\n".join(f"== {log.name}\n" + log.read_text(errors="replace")[-1500:] for log in sorted(self.folder.glob("*.log")))


def lacking() -> list[str]:
    """The programs that this machine lacks."""
    return [name for name in (*SERVERS, *CLIENTS) if which(name) is None]


def which(name: str) -> str | None:
    """Where a program is; servers stand where only the administrator looks."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")


@contextmanager
def started(folder: Path, *, half_life: str = "0") -> Iterator[Cluster]:
    """A Slurm that runs within the block; every process it started is ended after it, whatever happens."""
    values = {
        "folder": folder,
        "name": NAME,
        "host": socket.gethostname().split(".")[0],
        "user": getpass.getuser(),
        "cpus": CPUS,
        "gpus": GPUS,
        "last_gpu": GPUS - 1,
        "half_life": half_life,
        **dict(zip(("ctld_port", "slurmd_port", "dbd_port", "sql_port"), free_ports(4), strict=True)),
    }
    for name, text in (("slurm.conf", SLURM_CONF), ("slurmdbd.conf", SLURMDBD_CONF), ("gres.conf", GRES_CONF)):
        (folder / name).write_text(text.format(**values))
        (folder / name).chmod(0o600)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    for number in range(GPUS):
        (folder / f"gpu{number}").symlink_to("/dev/null")
    for name in ("state", "spool", "sql"):
        (folder / name).mkdir()
    environment = {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}
    environment["SLURM_CONF"] = str(folder / "slurm.conf")
    cluster = Cluster(folder=folder, environment=environment, rest_socket=folder / "rest.socket")
    with ExitStack() as stack:
        _start_all(cluster, values, stack)
        stack.callback(_end_jobs, cluster)
        yield cluster


def _start_all(cluster: Cluster, values: dict[str, object], stack: ExitStack) -> None:
    """Start the servers in the order in which they lean on each other."""
    folder = cluster.folder

    def start(name: str, *words: str, ready: Callable[[], bool], **more: str) -> None:
        stack.enter_context(server(cluster, name, *words, **more))
        until(ready, lambda: f"{name} did not start\n{cluster.logs()}")

    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    munge = [f"--{name}={folder / f'munge.{end}'}" for name, end in (("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"))]
    munge += [f"--log-file={folder / 'munge.log'}", f"--seed-file={folder / 'munge.seed'}"]
    start("munged", "--foreground", "--force", "--num-threads=2", *munge, ready=(folder / "munge.socket").exists)
    _start_database(cluster, values, start)
    start("slurmdbd", "-D", ready=lambda: listens(values["dbd_port"]))
    cluster.run("sacctmgr", "-i", "add", "cluster", NAME)
    start("slurmctld", "-D", "-c", "-L", str(folder / "slurmctld.log"), ready=lambda: "UP" in cluster.run("scontrol", "ping", check=False))
    start("slurmd", "-D", "-L", str(folder / "slurmd.log"), ready=lambda: "idle" in cluster.run("sinfo", "-h", "-o", "%T", check=False))
    start(
        "slurmrestd",
        "-a",
        "rest_auth/local",
        f"unix:{cluster.rest_socket}",
        ready=cluster.rest_socket.exists,
        SLURMRESTD_SECURITY="disable_user_check",
    )


def _end_jobs(cluster: Cluster) -> None:
    """End what still runs, since a job's own processes would outlive slurmd."""
    cluster.run("scancel", f"--user={getpass.getuser()}", "--signal=KILL", "--full", check=False)
    cluster.run("scancel", f"--user={getpass.getuser()}", check=False)
    cluster.wait_until(lambda: not cluster.run("squeue", "-h", "-a", "-t", "R,CG,S"), "jobs did not end", wait_s=10)


def _start_database(cluster: Cluster, values: dict[str, object], start: Callable[..., None]) -> None:
    """A database of the cluster's own, with durability traded for speed."""
    data = cluster.folder / "sql"
    user = getpass.getuser()
    words = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db"]
    cluster.run(*words, "--auth-root-authentication-method=normal")
    first = cluster.folder / "first.sql"
    first.write_text(
        "create database slurm_acct_db;\ncreate user slurm@'127.0.0.1' identified by 'slurm';\n"
        "grant all on slurm_acct_db.* to slurm@'127.0.0.1';\n"
    )
    start(
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        f"--user={user}",
        f"--socket={cluster.folder / 'sql.socket'}",
        f"--port={values['sql_port']}",
        "--bind-address=127.0.0.1",
        f"--init-file={first}",
        "--innodb-buffer-pool-size=64M",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-lock-wait-timeout=900",
        "--skip-log-bin",
        "--skip-name-resolve",
        "--skip-sync-frm",
        "--performance-schema=off",
        ready=lambda: listens(values["sql_port"]),
    )


@contextmanager
def server(cluster: Cluster, name: str, *words: str, **more: str) -> Iterator[None]:
    """A server in a process group of its own, ended after the block with everything that it started."""
    program = which(name)
    assert program is not None
    with (cluster.folder / f"{name}.out.log").open("wb") as said:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", program, *words],
            env=cluster.environment | more,
            cwd=cluster.folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield
        finally:
            for ending in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, ending)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)


def free_ports(count: int) -> list[int]:
    """So many ports that nothing listens on."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


def listens(port: object) -> bool:
    """Whether anything listens on a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", int(str(port)))) == 0


def until(holds: Callable[[], bool], told: Callable[[], str], wait_s: float = WAIT_S) -> None:
    """Wait until something holds, or fail with what is told then."""
    end = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"waited {wait_s} s in vain: {told()}")
        time.sleep(0.05)
