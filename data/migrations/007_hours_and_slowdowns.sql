-- What changes in each hour as jobs start and end, bounded slowdowns, and how many waiting jobs do not say what they ask for: until now
-- these counted as asking for nothing. Built here from the jobs that are stored, as the rollups build it from every new log.

alter table usage_daily add column jobs_queued_without_hours bigint default 0;
alter table usage_monthly add column jobs_queued_without_hours bigint default 0;
alter table usage_account_monthly add column jobs_queued_without_hours bigint default 0;

create table slowdowns_account_monthly (
    system varchar not null,
    "partition" varchar,
    account varchar,
    month date not null,
    bin bigint not null,
    jobs bigint not null
);

create table slowdowns_monthly (
    system varchar not null,
    "partition" varchar,
    category varchar not null,
    mode varchar not null,
    country varchar,
    month date not null,
    bin bigint not null,
    jobs bigint not null
);

create table changes_hourly (
    system varchar not null,
    "partition" varchar,
    hour timestamptz not null,
    nodes double not null,
    node_s double not null,
    metered_nodes double not null,
    metered_node_s double not null,
    power_w double not null,
    energy_j double not null
);

create temp table added_usage as
select system, "partition", account, submitted::date as day, count(*) as jobs_queued_without_hours,
    0 as jobs, 0 as jobs_never_started, 0 as jobs_failed, 0 as jobs_metered, 0 as jobs_implausible, 0 as jobs_without_nodes,
    0 as jobs_without_cores, 0 as jobs_without_gpus, 0 as node_s, 0 as core_s, 0 as gpu_s, 0 as node_s_failed, 0 as node_s_metered,
    0 as node_s_queued, 0 as energy_measured_j, 0 as wall_s, 0 as wall_s_without_nodes, 0 as wall_s_without_cores,
    0 as wall_s_without_gpus
from jobs where started is null and state = 'PENDING' and requested_nodes * time_limit_s is null group by all;

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

insert into slowdowns_account_monthly by name
with slowed as (
    select system, "partition", account, date_trunc('month', started)::date as month,
        greatest((greatest(epoch(started) - epoch(submitted), 0) + elapsed_s) / greatest(elapsed_s, 10), 1) as slowdown
    from jobs where started is not null and submitted is not null and ended is not null and elapsed_s is not null
)
select system, "partition", account, month, floor(log(2, slowdown) * 4)::bigint as bin, count(*) as jobs
from slowed group by all order by month;

insert into slowdowns_monthly by name
select s.system, s."partition", coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode,
    p.country, s.month, s.bin, sum(s.jobs) as jobs
from slowdowns_account_monthly s left join accounts a using (system, account) left join projects p using (system, account) group by all;

insert into changes_hourly by name
with spans as (
    select system, "partition", nodes, elapsed_s, energy_logged_kwh, energy_quality = 'measured' as metered,
        floor(epoch(started))::bigint as start_s, floor(epoch(coalesce(ended, started + to_seconds(coalesce(elapsed_s, 0)))))::bigint as last_s
    from jobs where started is not null
), lengths as (
    select *, case when last_s > start_s then last_s else start_s + coalesce(elapsed_s, 0) end as end_s from spans
), rates as (
    select system, "partition", start_s, end_s, metered,
        coalesce(round(nodes * elapsed_s / (end_s - start_s)::double * 65536) / 65536, 0) as nodes,
        coalesce(round(round(energy_logged_kwh * 3600000) / (end_s - start_s)::double * 256) / 256, 0) as power_w
    from lengths where end_s > start_s
), ends as (
    select *, start_s as at_s, 1 as sign from rates union all by name select *, end_s as at_s, -1 as sign from rates
), timed as (
    select *, at_s // 3600 as hour_number, ((at_s // 3600 + 1) * 3600 - at_s) * sign as left_s from ends
)
select system, "partition", to_timestamp(hour_number * 3600) as hour, sum(nodes * sign) as nodes, sum(nodes * left_s) as node_s,
    sum(case when metered then nodes * sign else 0 end) as metered_nodes,
    sum(case when metered then nodes * left_s else 0 end) as metered_node_s,
    sum(case when metered then power_w * sign else 0 end) as power_w,
    sum(case when metered then power_w * left_s else 0 end) as energy_j
from timed group by all order by hour;
