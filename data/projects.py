"""Projects: what somebody decided about who holds an account, in which category, mode and country, with how many hours."""

from datetime import UTC, datetime

import polars as pl

from data import rollups
from data.errors import InputError
from data.lake import Lake, Writer
from data.project_codes import access_mode_of_code, same_account
from data.schema import PROJECTS, Schema, check
from data.terms import AccessMode, UserCategory

KEY = ["system", "account"]
DELETE = "delete from lake.projects stored using incoming_projects i where stored.system = i.system and stored.account = i.account"
INSERT = "insert into lake.projects by name select *, $author as author, $decided as decided from incoming_projects"
ALL = """
select system, account, p.title, coalesce(p.category, 'unclassified') as category, p.organisation, p.country, p.field,
    coalesce(p.mode, a.mode_by_code, 'other') as mode, p.call, p.node_hours_awarded, p.starts, p.ends
from lake.accounts a full join lake.projects p using (system, account)
where len($systems) = 0 or list_contains($systems, system)
order by system, account
"""
NEW_ACCOUNTS = """
select distinct j.system, j.account from lake.jobs j
anti join lake.accounts a on a.system = j.system and a.account = j.account
where j.batch_id = $batch_id and j.account is not null
order by all
"""
INSERT_ACCOUNTS = "insert into lake.accounts by name select system, account, mode_by_code from incoming_accounts"
STORED_ACCOUNTS = "select system, account as stored from lake.projects order by all"
LOGGED_ACCOUNTS = "select system, account as stored from lake.accounts order by all"
RESPELL = """
update lake.projects stored set account = found.account
from incoming_spellings found where stored.system = found.system and stored.account = found.stored
"""
RESPELL_QUOTAS = (
    """
update lake.quotas stored set account = found.account
from incoming_spellings found where stored.system = found.system and stored.account = found.stored
""",
    """
update lake.quota_proposals stored set account = found.account
from incoming_spellings found where stored.system = found.system and stored.account = found.stored
""",
)
AUTHORED = "select system, account, author, decided from lake.projects order by system, account"
STORED = """
select system, account, title, category, organisation, country, field, mode, call, node_hours_awarded, starts, ends
from lake.projects where len($systems) = 0 or list_contains($systems, system) order by system, account
"""
ACCOUNTS = "select system, account from lake.accounts where len($systems) = 0 or list_contains($systems, system) order by system, account"
WITH_HOURS = """
with used as (
    select system, account, sum(jobs)::bigint as jobs, sum(jobs_without_nodes)::bigint as jobs_without_nodes,
        sum(jobs_without_cores)::bigint as jobs_without_cores, sum(node_s) / 3600 as node_hours, sum(core_s) / 3600 as core_hours,
        min(day) as first_day, max(day) as last_day
    from lake.usage_daily where account is not null group by all
), known as (
    select system, account from lake.accounts union select system, account from lake.projects
)
select k.system, k.account, p.title, coalesce(p.category, 'unclassified') as category, p.organisation, p.country, p.field,
    coalesce(p.mode, a.mode_by_code) as mode, p.call, p.node_hours_awarded, p.starts, p.ends,
    coalesce(u.jobs, 0) as jobs_run,
    case when coalesce(u.jobs, 0) = 0 then 0.0 when u.jobs_without_nodes < u.jobs then u.node_hours end as node_hours_used,
    case when coalesce(u.jobs, 0) = 0 then 0.0 when u.jobs_without_cores < u.jobs then u.core_hours end as core_hours_used,
    u.first_day as first_day_used, u.last_day as last_day_used
from known k left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    left join used u using (system, account)
where (len($systems) = 0 or list_contains($systems, k.system))
    and (not $unclassified or coalesce(p.category, 'unclassified') = 'unclassified')
order by node_hours_used desc nulls last, core_hours_used desc nulls last, k.system, k.account
"""

USED: Schema = {
    **PROJECTS,
    "jobs_run": pl.Int64,
    "node_hours_used": pl.Float64,  # null: its log does not say how many nodes a job held
    "core_hours_used": pl.Float64,  # null: its log does not say how many cores a job held
    "first_day_used": pl.Date,
    "last_day_used": pl.Date,
}
"""One row an account or project, with what it has used since the first log."""


def save(writer: Writer, projects: pl.DataFrame, *, author: str, decided: datetime | None = None) -> int:
    """How many projects were stored; one that is known already takes the new values, and the monthly rollups follow.

    A project may be decided about before its first job: who was awarded hours and used none is seen as well.

    Raises:
        InputError: naming categories or modes that do not exist, or projects that stand twice in the frame.
    """
    incoming = check(projects, PROJECTS).select(list(PROJECTS))
    _believable(incoming)
    with writer.beside("incoming_projects", incoming):
        writer.change(DELETE)
        saved = writer.change(INSERT, {"author": author, "decided": decided or datetime.now(UTC)})
    rollups.reclassify(writer, incoming["system"].unique().sort().to_list())
    return saved


def register_accounts(writer: Writer, *, batch_id: int) -> int:
    """How many accounts of a batch were new; each is noted with the access mode that its EuroHPC code names.

    A project that was decided before its first job ran, under other capitals or in another form of its code, takes the spelling of
    the log.
    """
    found = writer.frame(NEW_ACCOUNTS, {"batch_id": batch_id})
    modes = [access_mode_of_code(account).value for account in found["account"]]
    if found.is_empty():
        return 0
    spellings = _spelled_otherwise(writer, found)
    if spellings.height:
        with writer.beside("incoming_spellings", spellings):
            for statement in (RESPELL, *RESPELL_QUOTAS):
                writer.change(statement)
    with writer.beside("incoming_accounts", found.with_columns(mode_by_code=pl.Series(modes, dtype=pl.String))):
        return writer.change(INSERT_ACCOUNTS)


def _spelled_otherwise(writer: Writer, found: pl.DataFrame) -> pl.DataFrame:
    """Projects that were decided about under another spelling of a new account; nothing where two accounts could be meant."""
    decided, logged = writer.frame(STORED_ACCOUNTS), writer.frame(LOGGED_ACCOUNTS)
    free = decided.join(logged, on=["system", "stored"], how="anti").join(found, left_on=["system", "stored"], right_on=KEY, how="anti")
    new = found.join(decided, left_on=KEY, right_on=["system", "stored"], how="anti")
    pairs = with_same_account(free, "stored").join(with_same_account(new, "account"), on=["system", "same"], validate="m:m")
    return pairs.filter(pl.struct("system", "same").is_unique()).select("system", "stored", "account")


def with_same_account(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The frame with a column `same` that is equal for all spellings of an account."""
    return frame.with_columns(same=pl.Series([same_account(account) for account in frame[column]], dtype=pl.String))


def all_projects(lake: Lake, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """Every account that ran, asked or was decided about, with the decision; `unclassified` where there is none."""
    return check(lake.frame(ALL, {"systems": list(systems)}), PROJECTS)


def listed(lake: Lake, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """Every account that ran and every project that was decided, with the hours used, largest first, in the schema `USED`."""
    return check(lake.frame(WITH_HOURS, {"systems": list(systems), "unclassified": False}), USED)


def unclassified(lake: Lake, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """The accounts whose user category is not known, in the schema `USED`, largest first by node-hours, then core-hours.

    Classifying from the top down settles the most hours with the fewest decisions. Jobs without any account are not among them.
    """
    return check(lake.frame(WITH_HOURS, {"systems": list(systems), "unclassified": True}), USED)


def stored(lake: Lake | Writer, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """What was decided, as it was decided: no mode from codes, no accounts that nobody decided about."""
    return check(lake.frame(STORED, {"systems": list(systems)}), PROJECTS)


def accounts(lake: Lake | Writer, *, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """System and account of every account that a log named."""
    return lake.frame(ACCOUNTS, {"systems": list(systems)})


def _believable(projects: pl.DataFrame) -> None:
    faults = []
    for column, known in (("category", UserCategory), ("mode", AccessMode)):
        values = {str(value) for value in known}
        unknown = sorted(set(projects[column].drop_nulls().unique()) - values)
        if unknown:
            faults.append(f"{column} {', '.join(map(repr, unknown))} is not one of {', '.join(sorted(values))}")
    twice = projects.filter(pl.struct("system", "account").is_duplicated())
    if twice.height:
        faults.append(f"project {twice['account'][0]!r} on {twice['system'][0]!r} stands more than once")
    if faults:
        raise InputError("; ".join(faults) + ".")
