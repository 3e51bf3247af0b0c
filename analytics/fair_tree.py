"""The index share due against share received as Slurm's scheduler has it: Fair Tree, level by level of the tree of accounts."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import polars as pl

from data.errors import InputError
from data.schema import Schema, check

TREE: Schema = {
    "account": pl.String,  # of an account its own name, of a user the account it belongs to
    "parent": pl.String,  # the account above an account; null for the one at the root, and for users
    "user": pl.String,  # null for accounts
    "shares": pl.Float64,  # null for the root, and where Slurm says "parent": not set apart from the account above
    "usage": pl.Float64,  # of users; null for accounts, whose usage is that of the users below them
}
"""One row an association of Slurm's: an account, or a user in an account."""

FAIR_TREE: Schema = {
    **TREE,
    "share_due": pl.Float64,
    "share_received": pl.Float64,
    "received_of_due": pl.Float64,
    "level_fairshare": pl.Float64,
    "fairshare": pl.Float64,
}
"""The tree with what was due to each association, what it received, and how the scheduler ranks it."""

_USER, _ACCOUNT = 0, 1


def fair_tree(tree: pl.DataFrame) -> pl.DataFrame:
    """What was due to each account and user among its siblings, what it received of it, and the rank that Slurm gives it for that.

    Siblings are what stands side by side below one account. Of each level on its own:

    - share due S = own shares / shares of all siblings (sshare's NormShares), 0 where nobody has any;
    - share received U = own usage / usage of all siblings (EffectvUsage), 0 where nobody used anything;
    - level fairshare = S / U (LevelFS): 1 as much as was due, below 1 more, above 1 less; 0 without shares, infinite without usage;
    - received of due = U / S, the same the other way round: 1 as much as was due, above 1 more; unknown without shares.

    The scheduler visits the tree from the root, at each level the highest level fairshare first and through all its children, and so
    ranks all users; `fairshare` (FairShare) is (users at this rank or behind it) / all users, 1.0 for whoever comes first. Users at the
    same level fairshare share a rank; accounts at the same one are ranked as if their children were siblings; a user at the level of an
    account shares the rank of its first user. Children of an account with null shares ("parent") stand among that account's siblings;
    a user with null shares comes first. Both have the share due of the account above, and no level fairshare.

    Quotients are rounded as in any floating-point computation, Slurm's included: two that are equal on paper may rank apart.
    Source: Slurm, Fair Tree Fairshare Algorithm, https://slurm.schedmd.com/fair_tree.html (read November 2026). The source of Slurm's
    plugin (fair_tree.c) visits tied accounts one after the other where the text merges their children; the text is followed here.

    Args:
        tree: the associations, a frame TREE; usage decayed or not, as the caller wishes.

    Returns:
        The same rows in the same order, a frame FAIR_TREE; `fairshare` is null for accounts.

    Raises:
        InputError: naming every row that does not fit into one tree.

    >>> rows = [
    ...     ("all", None, None, None, None), ("sme", "all", None, 1.0, None), ("research", "all", None, 3.0, None),
    ...     ("sme", None, "ana", 1.0, 30.0), ("research", None, "bo", 1.0, 10.0), ("research", None, "cy", 1.0, 20.0),
    ... ]
    >>> ranked = fair_tree(pl.DataFrame(rows, schema=dict(TREE), orient="row"))
    >>> ranked.filter(pl.col("account") != "all").select("account", "user", "share_due", "share_received", "level_fairshare").rows()[:2]
    [('sme', None, 0.25, 0.5, 0.5), ('research', None, 0.75, 0.5, 1.5)]
    >>> ranked.drop_nulls("user").sort("fairshare", descending=True).select("user", pl.col("fairshare").round(2)).rows()
    [('bo', 1.0), ('cy', 0.67), ('ana', 0.33)]
    """
    check(tree, TREE)
    above = _accounts_above(tree)
    used = _usage_by_account(tree, above)
    level = [_level(row["account"] if row["user"] is not None else row["parent"], above) for row in tree.iter_rows(named=True)]
    own = pl.coalesce("usage", pl.col("account").replace_strict(used, default=None, return_dtype=pl.Float64))
    placed = tree.with_columns(_level=pl.Series(level, dtype=pl.String), _used=own)
    shared = _of_each_level(placed, used)
    return check(shared.with_columns(fairshare=_fairshare(shared)).select(FAIR_TREE.keys()), FAIR_TREE)


def _of_each_level(placed: pl.DataFrame, used: Mapping[str, float]) -> pl.DataFrame:
    """The rows with the shares due and received of each, and their quotients both ways."""
    offered = pl.col("shares").sum().over("_level")
    used_here = pl.col("_level").replace_strict(used, default=None, return_dtype=pl.Float64)
    due = placed.with_columns(
        share_due=pl.when(offered > 0).then(pl.col("shares") / offered).otherwise(pl.col("shares")),
        share_received=pl.when(used_here > 0).then(pl.col("_used") / used_here).otherwise(used_here),
    )
    of_account = due.filter(pl.col("user").is_null()).select(_level="account", _due_above="share_due")
    set_apart = pl.col("shares").is_not_null()
    quotient = pl.when(pl.col("share_due") > 0).then(pl.col("share_due") / pl.col("share_received")).otherwise(0.0)
    return due.join(of_account, on="_level", how="left", validate="m:1", maintain_order="left").with_columns(
        level_fairshare=pl.when(set_apart).then(quotient),
        received_of_due=pl.when(pl.col("share_due") > 0).then(pl.col("share_received") / pl.col("share_due")),
        share_due=pl.coalesce("share_due", "_due_above"),
    )


@dataclass(frozen=True, slots=True, order=True)
class _Sibling:
    """An account or user among its siblings, in the order in which the scheduler visits them."""

    negative_level_fairshare: float
    kind: int
    row: int
    account: str


def _fairshare(shared: pl.DataFrame) -> pl.Series:
    """The rank of each user, as a part of all users, by a walk through the tree from its root."""
    children: dict[str, list[_Sibling]] = defaultdict(list)
    root = ""
    for row, (account, user, shares, level, fairshare) in enumerate(
        shared.select("account", "user", "shares", "_level", "level_fairshare").iter_rows()
    ):
        if level is None:
            root = account
        elif user is not None:
            children[level].append(_Sibling(-math.inf if shares is None else -fairshare, _USER, row, account))
        elif shares is not None:
            children[level].append(_Sibling(-fairshare, _ACCOUNT, row, account))
    ranks: list[float | None] = [None] * shared.height
    users = shared["user"].count()
    rank = users
    for place, (row, tied) in enumerate(_visited(children, [root], tied=False)):
        rank = rank if tied else users - place
        ranks[row] = rank / users
    return pl.Series(ranks, dtype=pl.Float64)


def _visited(children: Mapping[str, list[_Sibling]], accounts: Iterable[str], *, tied: bool) -> Iterator[tuple[int, bool]]:
    """The rows of the users below these accounts in the scheduler's order, and whether each is tied with the one before it."""
    siblings = sorted(child for account in accounts for child in children.get(account, ()))
    for _, group in groupby(siblings, key=attrgetter("negative_level_fairshare")):
        same = list(group)
        for user in (one for one in same if one.kind == _USER):
            yield user.row, tied
            tied = True
        yield from _visited(children, [one.account for one in same if one.kind == _ACCOUNT], tied=tied)
        tied = False


def _accounts_above(tree: pl.DataFrame) -> dict[str, tuple[str | None, bool]]:
    """For each account the one above it, and whether its shares are set apart from that one's.

    Raises:
        InputError: if the rows do not make one tree.
    """
    accounts, users = tree.filter(pl.col("user").is_null()), tree.filter(pl.col("user").is_not_null())
    above = {
        account: (parent, shares is not None) for account, parent, shares in accounts.select("account", "parent", "shares").iter_rows()
    }
    faults = [*_faults_of_rows(tree, accounts, users), *_faults_of_places(above, accounts, users)]
    if faults:
        raise InputError(f"the accounts do not make one tree: {'; '.join(faults)}.")
    return above


def _faults_of_rows(tree: pl.DataFrame, accounts: pl.DataFrame, users: pl.DataFrame) -> Iterator[str]:
    for name in ("shares", "usage"):
        wrong = tree.filter(~(pl.col(name).is_finite() & (pl.col(name) >= 0)))
        if wrong.height:
            yield f"{name} of {_named(wrong)} must be numbers of 0 or more"
    kinds = (
        (tree.filter(pl.col("account").is_null()), "{} must name their account"),
        (accounts.filter(pl.col("usage").is_not_null()), "{} must not state a usage: that of an account is its users'"),
        (users.filter(pl.col("usage").is_null()), "{} must state a usage, 0 if there was none"),
        (users.filter(pl.col("parent").is_not_null()), "{} must not name a parent beside their account"),
        (tree.filter(tree.select("account", "user").is_duplicated()), "{} stand in more than one row"),
    )
    yield from (fault.format(_named(wrong)) for wrong, fault in kinds if wrong.height)


def _faults_of_places(above: Mapping[str, tuple[str | None, bool]], accounts: pl.DataFrame, users: pl.DataFrame) -> Iterator[str]:
    roots = accounts.filter(pl.col("parent").is_null())
    if roots.height != 1:
        yield f"{_named(roots) or 'no account'} stand at the root; exactly one account must have no parent"
    homeless = users.filter(~pl.col("account").is_in(list(above)))
    orphans = accounts.filter(pl.col("parent").is_not_null() & ~pl.col("parent").is_in(list(above)))
    for wrong in (homeless, orphans):
        if wrong.height:
            yield f"{_named(wrong)} stand below accounts that have no row"
    if not orphans.height and (rings := [account for account in above if _goes_in_circles(account, above)]):
        yield f"no way leads up from {', '.join(sorted(rings))} to the root"


def _goes_in_circles(account: str, above: Mapping[str, tuple[str | None, bool]]) -> bool:
    return sum(1 for _, _ in zip(_upwards(account, above), range(len(above) + 1), strict=False)) > len(above)


def _named(rows: pl.DataFrame) -> str:
    """The first few of some rows by name."""
    names = [f"{user} in {account}" if user is not None else str(account) for account, user in rows.select("account", "user").iter_rows()]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _usage_by_account(tree: pl.DataFrame, above: Mapping[str, tuple[str | None, bool]]) -> dict[str, float]:
    """The usage of the users below each account; summed so that the order of the rows does not matter."""
    parts: dict[str, list[float]] = {account: [] for account in above}
    for account, usage in tree.drop_nulls("user").select("account", "usage").iter_rows():
        for ancestor in _upwards(account, above):
            parts[ancestor].append(usage)
    return {account: math.fsum(usages) for account, usages in parts.items()}


def _upwards(account: str, above: Mapping[str, tuple[str | None, bool]]) -> Iterator[str]:
    """An account and all above it, up to the root."""
    at: str | None = account
    while at is not None:
        yield at
        at = above[at][0]


def _level(account: str | None, above: Mapping[str, tuple[str | None, bool]]) -> str | None:
    """The account below which a row is compared: the first on the way up that has shares of its own, or the root."""
    if account is None:
        return None
    return next(one for one in _upwards(account, above) if above[one][1] or above[one][0] is None)
