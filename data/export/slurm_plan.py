"""What has to change in Slurm so that it holds the quotas asked: every limit with its old and its new value, and what cannot be done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from data.errors import FactError
from data.export.slurm_asked import Asked
from data.export.slurm_billing import Billing, billing
from data.export.slurm_names import MOST_COUNT, count, fault_of_name, minutes
from data.export.slurm_state import SHOW_ASSOCIATIONS, Association, State, Tres
from data.machines import System
from data.terms import HourUnit


class Usage(StrEnum):
    """Whose account of the past a limit leans on."""

    SLURM = "slurm"
    LOG = "log"
    NONE = "none"

    @property
    def explained(self) -> str:
        """The rule in a sentence."""
        return {
            "slurm": "The limit is the lifetime total itself: all that Slurm has counted so far is part of it.",
            "log": "The limit is what Slurm has counted so far, and on top of it what the quota leaves by the usage in the store.",
            "none": "The limit is what Slurm has counted so far, and on top of it the whole quota: nothing used before is part of it.",
        }[self.value]


class Limit(StrEnum):
    """What can be set for an account, in Slurm's words."""

    MINUTES = "GrpTRESMins"
    AT_ONCE = "GrpTRES"
    FAIRSHARE = "Fairshare"
    QOS = "QOS"
    DEFAULT_QOS = "DefaultQOS"


Held = int | str | None
"""A limit's value: a count, names joined by commas, or none set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One limit of one account that takes a new value."""

    account: str
    """The account."""
    parent: str | None
    """The account above it."""
    limit: Limit
    """Which limit."""
    tres: str | None
    """The resource it limits."""
    old: Held
    """Its value now; nothing where none is set."""
    new: Held
    """Its value to be."""
    asked: Asked
    """The row that asks for it."""
    billing: Billing
    """How its hours are counted."""
    counted: int | None
    """Minutes of the resource that Slurm counted so far."""
    used_hours: float | None
    """Hours used by the store, where they are known."""

    @property
    def differs(self) -> bool:
        """Whether there is anything to do."""
        return self.old != self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All limits that were asked for, against the state they would be set in."""

    system: System
    """The machine."""
    cluster: str
    """Slurm's name for it."""
    usage: Usage
    """Whose account of the past the limits lean on."""
    limits: tuple[Change, ...]
    """Every limit asked for that can be set, those that stand already among them."""
    unknown: tuple[Asked, ...]
    """What was asked for accounts that Slurm does not know."""
    refusals: tuple[str, ...]
    """A sentence for everything that was asked and cannot be done."""
    state: State
    """The state that was handed in."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """The limits that take a new value."""
        return tuple(limit for limit in self.limits if limit.differs)


Used = Mapping[tuple[str, HourUnit], float]
"""Hours used by the store since the start of each quota, by account and unit."""


def planned(asked: list[Asked], state: State, system: System, *, usage: Usage, used: Used) -> Plan:
    """The limits that quotas ask for, in the order in which they were asked."""
    limits: list[Change] = []
    refusals: list[str] = []
    unknown: list[Asked] = []
    cluster = state.cluster
    if fault := fault_of_name(cluster, "the cluster's name"):
        refusals.append(fault)
    for row in asked:
        held = (state.associations or {}).get(row.account)
        if held is None:
            unknown.append(row)
            continue
        for found in _limits(row, held, state, system, usage, used):
            if isinstance(found, str):
                refusals.append(f"{row.named}: {found}")
            else:
                limits.append(found)
    refusals += _contradictions(limits)
    return Plan(
        system=system, cluster=cluster, usage=usage, limits=tuple(limits), unknown=tuple(unknown), refusals=tuple(refusals), state=state
    )


def _limits(row: Asked, held: Association, state: State, system: System, usage: Usage, used: Used) -> Iterator[Change | str]:
    """The limits that a row asks for, or what forbids one."""
    try:
        bill = billing(system, row.unit)
    except FactError as error:
        yield str(error)
        return
    counted = None if state.counted is None or row.account not in state.counted else state.counted[row.account].get(bill.tres)

    def change(limit: Limit, old: Held, new: Held, tres: str | None = None) -> Change:
        return Change(
            account=row.account,
            parent=held.parent,
            limit=limit,
            tres=tres,
            old=old,
            new=new,
            asked=row,
            billing=bill,
            counted=counted,
            used_hours=used.get((row.account, row.unit)),
        )

    if row.hours is not None:
        new = _total(row, bill, counted, used.get((row.account, row.unit)), usage)
        yield _tres_limit(change, Limit.MINUTES, held.minutes, new, bill, state)
    if row.at_once is not None:
        whole = count(row.at_once, bill.counted_per_unit)
        fault = f"at_once is {row.at_once:g}, which is no whole number of {bill.tres} in Slurm; round it."
        yield _tres_limit(change, Limit.AT_ONCE, held.at_once, fault if whole is None else whole, bill, state)
    if row.fairshare is not None:
        yield _untold(Limit.FAIRSHARE) if held.fairshare is None else change(Limit.FAIRSHARE, held.fairshare, row.fairshare)
    if row.qos is not None:
        yield from _qos(change, row.qos.lower(), held, state)


def _total(row: Asked, bill: Billing, counted: int | None, used_hours: float | None, usage: Usage) -> int | str:
    """The limit in minutes, or what is lacking to know it."""
    granted = minutes(row.hours or 0.0, bill.counted_per_unit)
    if usage is Usage.SLURM:
        return granted
    if counted is None:
        return (
            f"the state of Slurm does not tell how many minutes of {bill.tres} it has counted so far; hand in the output of sshare as well."
        )
    if usage is Usage.NONE:
        return counted + granted
    if used_hours is None:
        return "the store does not tell how many of these hours were used; bring in its logs, or choose another account of the past."
    return counted + max(granted - minutes(used_hours, bill.counted_per_unit), 0)


def _tres_limit(
    change: Callable[..., Change], limit: Limit, held: Tres | None, new: int | str, bill: Billing, state: State
) -> Change | str:
    """A limit on a resource that Slurm tracks."""
    if isinstance(new, str):
        return new
    if held is None:
        return _untold(limit)
    if state.tracked_resources is not None and bill.tres not in state.tracked_resources:
        return f"Slurm does not track {bill.tres} here, and so cannot limit it; add it to AccountingStorageTRES first, or use another unit."
    if new > MOST_COUNT:
        return f"{new:,} of {bill.tres} is more than Slurm can keep ({MOST_COUNT:,})."
    return change(limit, held.get(bill.tres), new, bill.tres)


def _qos(change: Callable[..., Change], name: str, held: Association, state: State) -> Iterator[Change | str]:
    """The QOS among those of the account, and as its default."""
    if state.qos is not None and name not in state.qos:
        yield f"Slurm knows no QOS {name!r}; make it first."
    elif held.qos is None or held.default_qos is None:
        yield _untold(Limit.QOS)
    else:
        yield change(Limit.QOS, held.qos or None, _with_qos(held.qos, name))
        yield change(Limit.DEFAULT_QOS, held.default_qos or None, name)


def _with_qos(own: str, name: str) -> str:
    """An account's own QOS with one more: named outright where it names its own, else on top of those of the account above.

    >>> _with_qos("normal,long", "flex"), _with_qos("", "flex"), _with_qos("+long,-flex", "flex")
    ('normal,long,flex', '+flex', '+long,+flex')
    """
    names = [each for each in own.split(",") if each and each != f"-{name}"]
    wanted = name if names and not names[0].startswith(("+", "-")) else f"+{name}"
    return ",".join(names if wanted in names else [*names, wanted])


def _untold(limit: Limit) -> str:
    return f"the state of Slurm does not tell the account's own {limit}, and so it could not be undone; print it with: {SHOW_ASSOCIATIONS}"


def _contradictions(limits: list[Change]) -> Iterator[str]:
    """Rows of one account that ask for different values of the same limit."""
    first: dict[tuple[str, Limit, str | None], Change] = {}
    for each in limits:
        earlier = first.setdefault((each.account, each.limit, each.tres), each)
        if earlier.new != each.new:
            yield f"{each.asked.named} asks for {each.limit} {each.new}, row {earlier.asked.row} for {earlier.new}; give one of them."
