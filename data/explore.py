"""Machine time told apart by whatever a reader asks for: machine, category, country, field, organisation, project, and time.

Questions that the table of projects alone can answer (field, organisation, project) are read from the sums by account, the others
from the far smaller sums by category; both stand in the store by month, and by day where days are asked for.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from data.errors import InputError
from data.lake import Lake, pending_migrations
from data.schema import USAGE_MEASURES, Schema, check
from data.terms import OF_PROJECTS, Dimension, Selection
from data.usage import MEASURES, UNTOLD

Filters = Mapping[Dimension, Sequence[str]]
"""Values that are wanted, by dimension; an empty text stands for the jobs of which it is not known."""

TIMES = (Dimension.QUARTER, Dimension.MONTH, Dimension.DAY)
FILTERED = tuple(dimension for dimension in Dimension if dimension not in TIMES)
"""The dimensions by which jobs can be left out; for times there is the period."""

BY_MONTH = """
with rolled as (
    select *, null::varchar as account, null::varchar as organisation, null::varchar as field, null::date as day from lake.usage_monthly
    where month >= $start and month < $end and (len($systems) = 0 or list_contains($systems, system))
)
"""
BY_ACCOUNT = """
with rolled as (
    select r.*, null::date as day, coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode,
        p.country, p.organisation, p.field
    from lake.usage_account_monthly r
    left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    where r.month >= $start and r.month < $end and (len($systems) = 0 or list_contains($systems, r.system))
)
"""
BY_DAY = """
with rolled as (
    select r.*, date_trunc('month', r.day)::date as month, coalesce(p.category, 'unclassified') as category,
        coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country, p.organisation, p.field
    from lake.usage_daily r left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    where r.day >= $start and r.day < $end and (len($systems) = 0 or list_contains($systems, r.system))
)
"""
GROUPED = (
    """
select
    case when list_contains($by, 'system') then system end as system,
    case when list_contains($by, 'partition') then "partition" end as "partition",
    case when list_contains($by, 'category') then category end as category,
    case when list_contains($by, 'mode') then mode end as mode,
    case when list_contains($by, 'country') then country end as country,
    case when list_contains($by, 'field') then field end as field,
    case when list_contains($by, 'organisation') then organisation end as organisation,
    case when list_contains($by, 'account') then account end as account,
    case when list_contains($by, 'quarter') then date_trunc('quarter', month)::date end as quarter,
    case when list_contains($by, 'month') then month end as month,
    case when list_contains($by, 'day') then day end as day,
"""
    + MEASURES
    + """
from known
where (len($categories) = 0 or list_contains($categories, category))
    and (len($only_system) = 0 or list_contains($only_system, system))
    and (len($only_partition) = 0 or list_contains($only_partition, coalesce("partition", '')))
    and (len($only_category) = 0 or list_contains($only_category, category))
    and (len($only_mode) = 0 or list_contains($only_mode, mode))
    and (len($only_country) = 0 or list_contains($only_country, coalesce(country, '')))
    and (len($only_field) = 0 or list_contains($only_field, coalesce(field, '')))
    and (len($only_organisation) = 0 or list_contains($only_organisation, coalesce(organisation, '')))
    and (len($only_account) = 0 or list_contains($only_account, coalesce(account, '')))
group by all
having sum(jobs) <> 0 or sum(jobs_never_started) <> 0 or greatest(sum(node_s), sum(core_s), sum(gpu_s), sum(wall_s)) > 0
order by all
"""
)


def explored(lake: Lake, chosen: Selection, by: Sequence[Dimension], only: Filters | None = None) -> pl.DataFrame:
    """Machine time, job counts and measured energy in the period, one row a combination of the dimensions asked for.

    Args:
        lake: The store.
        chosen: Period, machines and categories.
        by: The dimensions, each once.
        only: Which values of which dimensions are wanted; none named means all.

    Returns:
        The dimensions and the measures of `schema.USAGE_MEASURES`; an unknown country, field, organisation or account is null.

    Raises:
        InputError: if a dimension stands more than once, or a time among the filters.
    """
    wanted = {dimension: list(values) for dimension, values in (only or {}).items() if values}
    _possible(by, wanted)
    parameters = {
        "by": [dimension.value for dimension in by],
        "start": chosen.period.start,
        "end": chosen.period.end,
        "systems": list(chosen.systems),
        "categories": [category.value for category in chosen.categories],
        **{f"only_{dimension.value}": wanted.get(dimension, []) for dimension in FILTERED},
    }
    lacking = pending_migrations(lake) if isinstance(lake, Lake) and lake.pinned is not None else []
    untold = [columns for number, columns in UNTOLD.items() if number in lacking]
    known = f", known as (select *{''.join(', ' + columns for columns in untold)} from rolled)"  # noqa: S608 (columns of our own)
    found = lake.frame(_source(chosen, {*by, *wanted}) + known + GROUPED, parameters)
    return check(found.select([dimension.value for dimension in by] + list(USAGE_MEASURES)), explored_by(by))


def explored_by(by: Sequence[Dimension]) -> Schema:
    """The schema of usage told apart by these dimensions."""
    return {dimension.value: pl.Date if dimension in TIMES else pl.String for dimension in by} | dict(USAGE_MEASURES)


def _source(chosen: Selection, asked: set[Dimension]) -> str:
    """The smallest sums that can answer."""
    if chosen.period.start.day != 1 or chosen.period.end.day != 1 or Dimension.DAY in asked:
        return BY_DAY
    return BY_ACCOUNT if asked.intersection(OF_PROJECTS) else BY_MONTH


def _possible(by: Sequence[Dimension], wanted: Mapping[Dimension, list[str]]) -> None:
    if len(set(by)) < len(by):
        raise InputError(f"usage is to be told apart by {', '.join(by)}, where a dimension stands more than once; name each once.")
    times = [dimension.value for dimension in wanted if dimension not in FILTERED]
    if times:
        raise InputError(f"jobs cannot be left out by {', '.join(times)}; choose the period instead.")
