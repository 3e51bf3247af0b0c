"""What an operator should know before limits are set: settings under which they do not hold, jobs and accounts that they touch."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from data.export.slurm_names import hours_of, shown_hours
from data.export.slurm_plan import Change, Held, Limit, Plan
from data.export.slurm_state import SHOW_RUNNING, SHOW_SETTINGS, SHOW_USAGE, State
from data.terms import HourUnit

APART = 0.01
"""From which part on the usage by Slurm and by the store are told to differ."""

NO_DECAY = ("00:00:00", "0", "0-00:00:00")


class Matter(StrEnum):
    """What a warning is about."""

    CLUSTER = "cluster"
    NOT_TOLD = "not told"
    ENFORCEMENT = "enforcement"
    COUNTING = "counting"
    UNKNOWN_ACCOUNT = "unknown account"
    RUNNING_JOB = "running job"
    USED_UP = "used up"
    USAGE_DIFFERS = "usage differs"
    ACCOUNT_ABOVE = "account above"
    OTHER_LIMIT = "other limit"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """One warning."""

    matter: Matter
    """What it is about."""
    account: str | None
    """The account it is about; nothing for the whole cluster."""
    said: str
    """The sentence."""


def cautions(plan: Plan) -> list[Caution]:
    """Every warning, those about the whole cluster first."""
    found = [*_of_cluster(plan), *_of_settings(plan), *_not_told(plan)]
    found += [_unknown(row.account) for row in plan.unknown]
    anew = {(each.account, each.tres): each.new for each in plan.limits if each.limit is Limit.MINUTES}
    for change in plan.limits:
        found += _of_change(change, plan, anew)
    return found + list(_of_running_jobs(plan))


def _caution(matter: Matter, said: str, account: str | None = None) -> Caution:
    return Caution(matter=matter, account=account, said=said)


def _of_cluster(plan: Plan) -> Iterator[Caution]:
    """Whether the state can be that of another machine."""
    names = {"".join(name.casefold().split()).replace("-", "_") for name in (plan.system.id, plan.system.name)}
    if plan.cluster.replace("-", "_") not in names:
        said = f"The state is of the cluster {plan.cluster}, the quotas are of {plan.system.name}: see that this is the same machine."
        yield _caution(Matter.CLUSTER, said)
    named = (plan.state.settings or {}).get("clustername", plan.cluster)
    if named.casefold() != plan.cluster.casefold():
        said = f"The settings are of the cluster {named}, the accounts of {plan.cluster}: hand in both of the same machine."
        yield _caution(Matter.CLUSTER, said)


def _of_settings(plan: Plan) -> Iterator[Caution]:
    """Settings under which limits do not hold, or count otherwise than the quota means."""
    settings = plan.state.settings
    if settings is None:
        yield _caution(Matter.NOT_TOLD, f"Whether Slurm enforces limits at all is not known; hand in the output of: {SHOW_SETTINGS}")
        return
    enforced = {word.strip().lower() for word in settings.get("accountingstorageenforce", "").split(",")}
    if not enforced & {"limits", "safe", "all"}:
        yield _caution(Matter.ENFORCEMENT, f"AccountingStorageEnforce is {_told(enforced)}: without limits none of these limits holds.")
    elif not is_safe(settings):
        yield _caution(
            Matter.ENFORCEMENT,
            "AccountingStorageEnforce has no safe: jobs start although the hours left do not last for them, and are killed when none "
            "is left.",
        )
    if not enforced & {"qos", "all"} and any(change.limit is Limit.QOS for change in plan.changes):
        yield _caution(Matter.ENFORCEMENT, f"AccountingStorageEnforce is {_told(enforced)}: without qos the QOS asked for is not enforced.")
    if "multifactor" not in (kind := settings.get("prioritytype", "")):
        yield _caution(Matter.COUNTING, f"PriorityType is {kind or 'not told'}: GrpTRESMins holds only with priority/multifactor.")
        return
    half_life = settings.get("prioritydecayhalflife", "")
    if half_life not in NO_DECAY:
        yield _caution(
            Matter.COUNTING,
            f"PriorityDecayHalfLife is {half_life or 'not told'}: what Slurm has counted shrinks by half in that time, so that a limit "
            "is no lifetime total and lets a project use more than its quota. Set it to 0 for lifetime quotas.",
        )
    reset = settings.get("priorityusageresetperiod", "")
    if reset.upper() != "NONE":
        yield _caution(
            Matter.COUNTING, f"PriorityUsageResetPeriod is {reset or 'not told'}: each reset gives every project its whole quota anew."
        )


def is_safe(settings: Mapping[str, str]) -> bool:
    """Whether Slurm starts a job only if the hours left last for all its time limit."""
    return bool({word.strip().lower() for word in settings.get("accountingstorageenforce", "").split(",")} & {"safe", "all"})


def _told(words: set[str]) -> str:
    return ",".join(sorted(word for word in words if word)) or "not told"


def _not_told(plan: Plan) -> Iterator[Caution]:
    state = plan.state
    if state.counted is None and any(change.limit is Limit.MINUTES for change in plan.limits):
        yield _caution(
            Matter.NOT_TOLD, f"How much Slurm has counted so far is not known, nor what is left; hand in the output of: {SHOW_USAGE}"
        )
    if state.running is None:
        yield _caution(
            Matter.NOT_TOLD, f"Which jobs run is not known, nor whether a limit would end one; hand in the output of: {SHOW_RUNNING}"
        )
    gpus = any(change.billing.unit is HourUnit.GPU_HOURS and change.tres for change in plan.limits)
    if gpus and state.tracked_resources is None:
        yield _caution(Matter.NOT_TOLD, "Whether Slurm tracks gres/gpu, without which it cannot limit GPUs, is not known.")


def _unknown(account: str) -> Caution:
    return _caution(Matter.UNKNOWN_ACCOUNT, f"{account}: Slurm knows no such account on this cluster, and nothing is set for it.", account)


def _of_change(change: Change, plan: Plan, anew: Mapping[tuple[str, str | None], Held]) -> Iterator[Caution]:
    """What is to be said of one limit on hours."""
    if change.limit is not Limit.MINUTES or not isinstance(change.new, int):
        return
    unit = change.billing.unit.value.replace("_", "-")
    account, per = change.account, change.billing.counted_per_unit
    if change.counted is None and plan.state.counted is not None:
        said = f"{account}: the output of sshare does not tell what Slurm has counted of {change.tres}; see that it was handed in whole."
        yield _caution(Matter.NOT_TOLD, said, account)
    if change.counted is not None and change.counted >= change.new:
        counted = hours_of(change.counted, per)
        said = f"{account}: Slurm has counted {shown_hours(counted)} {unit} already, so that no new job starts."
        yield _caution(Matter.USED_UP, said, account)
    if change.counted is not None and change.used_hours is not None:
        counted = hours_of(change.counted, per)
        if abs(counted - change.used_hours) > max(1.0, APART * max(counted, change.used_hours)):
            yield _caution(
                Matter.USAGE_DIFFERS,
                f"{account}: Slurm has counted {shown_hours(counted)} {unit} so far, the store {shown_hours(change.used_hours)} since the "
                "quota's start. Slurm counts from the making of the account or the last reset, the store from the quota's start to its "
                "newest log.",
                account,
            )
    yield from _above(change, plan, anew)
    yield from _beside(change, plan.state)


def _above(change: Change, plan: Plan, anew: Mapping[tuple[str, str | None], Held]) -> Iterator[Caution]:
    """Limits of the accounts above that are reached first."""
    known = plan.state.associations or {}
    name, seen = change.parent, {change.account}
    while name and name in known and name not in seen:
        seen.add(name)
        limit = anew.get((name, change.tres), (known[name].minutes or {}).get(change.tres or ""))
        if isinstance(limit, int) and isinstance(change.new, int) and limit < change.new:
            fewer = f"may use {limit:,} minutes of {change.tres} in all, fewer than are granted here."
            said = f"{change.account}: the account above, {name}, {fewer}"
            yield _caution(Matter.ACCOUNT_ABOVE, said, change.account)
        name = known[name].parent


def _beside(change: Change, state: State) -> Iterator[Caution]:
    """Other limits on minutes that the account holds and keeps."""
    held = (state.associations or {})[change.account].minutes or {}
    others = {name: count for name, count in held.items() if name != change.tres}
    if others:
        listed = ", ".join(f"{name} {count:,}" for name, count in sorted(others.items()))
        yield _caution(
            Matter.OTHER_LIMIT, f"{change.account}: GrpTRESMins of {listed} minutes stays as it is and holds too.", change.account
        )


def _of_running_jobs(plan: Plan) -> Iterator[Caution]:
    """Running jobs that do not fit into what a limit leaves."""
    if not plan.state.running:
        return
    limits: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        if change.limit is Limit.MINUTES and change.counted is not None:
            limits[change.account].append(change)
    ending = "may run on, since Slurm is set to safe" if is_safe(plan.state.settings or {}) else "would be killed when the limit is reached"
    for job in plan.state.running:
        for change in (each for name in _up(job.account, plan.state) for each in limits.get(name, ())):
            left = max(int(change.new or 0) - (change.counted or 0), 0)
            needs = job.tres.get(change.tres or "", 0) * (job.left_minutes if job.left_minutes is not None else float("inf"))
            if needs > left:
                wants = "without end" if needs == float("inf") else f"for {needs:,.0f} more"
                said = f"{change.account}: running job {job.job} holds {change.tres} {wants} minutes, {left:,} would be left; it {ending}."
                yield _caution(Matter.RUNNING_JOB, said, change.account)


def _up(account: str, state: State) -> Iterator[str]:
    """An account and those above it."""
    known, name, seen = state.associations or {}, account, set[str]()
    while name and name not in seen:
        seen.add(name)
        yield name
        name = (known[name].parent or "") if name in known else ""
