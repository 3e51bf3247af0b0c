-- How much of the machine time is known: wall time of all jobs and of those whose nodes, cores or GPUs are not known, and how many jobs
-- have no core-hours. Until now a log that tells no cores summed to 0 core-hours without a word. Rollups are sums, so what the stored
-- jobs add comes as rows of its own; a job that crosses midnight is split at the boundary, as everywhere.

alter table usage_daily add column jobs_without_cores bigint default 0;
alter table usage_daily add column wall_s double default 0;
alter table usage_daily add column wall_s_without_nodes double default 0;
alter table usage_daily add column wall_s_without_cores double default 0;
alter table usage_daily add column wall_s_without_gpus double default 0;
alter table usage_monthly add column jobs_without_cores bigint default 0;
alter table usage_monthly add column wall_s double default 0;
alter table usage_monthly add column wall_s_without_nodes double default 0;
alter table usage_monthly add column wall_s_without_cores double default 0;
alter table usage_monthly add column wall_s_without_gpus double default 0;
alter table usage_account_monthly add column jobs_without_cores bigint default 0;
alter table usage_account_monthly add column wall_s double default 0;
alter table usage_account_monthly add column wall_s_without_nodes double default 0;
alter table usage_account_monthly add column wall_s_without_cores double default 0;
alter table usage_account_monthly add column wall_s_without_gpus double default 0;

create temp table added_usage as
with spans as (
    select system, "partition", account, elapsed_s, nodes, cores, gpus, epoch(started) as started_s,
        started, coalesce(ended, started + to_seconds(coalesce(elapsed_s, 0))) as last
    from jobs where started is not null
), lengths as (
    select *, epoch(last) as last_s, epoch(last) - started_s as length_s,
        (case when last > started then last - interval 1 second else last end)::date as last_day
    from spans
), split as (
    select *, unnest(range(started::date::timestamp, last_day::timestamp + interval 1 day, interval 1 day))::date as day from lengths
), parts as (
    select *, day = last_day as is_last, case
        when length_s > 0 then round(elapsed_s * ((least(epoch(day::timestamp) + 86400, last_s) - started_s) / length_s))
            - round(elapsed_s * ((greatest(epoch(day::timestamp), started_s) - started_s) / length_s))
        else elapsed_s end as wall_s
    from split
)
select system, "partition", account, day,
    count(*) filter (where is_last and nodes is not null and elapsed_s is null) as jobs_without_nodes,
    count(*) filter (where is_last and cores * elapsed_s is null) as jobs_without_cores,
    count(*) filter (where is_last and gpus is not null and elapsed_s is null) as jobs_without_gpus,
    coalesce(sum(wall_s), 0) as wall_s, coalesce(sum(wall_s) filter (where nodes is null), 0) as wall_s_without_nodes,
    coalesce(sum(wall_s) filter (where cores is null), 0) as wall_s_without_cores,
    coalesce(sum(wall_s) filter (where gpus is null), 0) as wall_s_without_gpus,
    0 as jobs, 0 as jobs_never_started, 0 as jobs_failed, 0 as jobs_metered, 0 as jobs_implausible, 0 as node_s, 0 as core_s, 0 as gpu_s,
    0 as node_s_failed, 0 as node_s_metered, 0 as node_s_queued, 0 as energy_measured_j
from parts group by all;

insert into usage_daily by name select * from added_usage;

insert into usage_account_monthly by name
select system, "partition", account, date_trunc('month', day)::date as month,
    sum(columns(* exclude (system, "partition", account, day)))
from added_usage group by all;

insert into usage_monthly by name
with registered as (
    select u.*, coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country,
        date_trunc('month', u.day)::date as month
    from added_usage u left join accounts a using (system, account) left join projects p using (system, account)
)
select system, "partition", category, mode, country, month,
    sum(columns(* exclude (system, "partition", account, day, category, mode, country, month)))
from registered group by all;

drop table added_usage;
