-- What a project may use of a machine: every version that somebody set, the changes that set them, and those that wait for a second person.

create table quotas (
    system varchar not null,
    account varchar not null,
    unit varchar not null,
    hours double, -- null: this version takes the quota back, and the award holds again
    at_once double,
    fairshare bigint,
    qos varchar,
    starts date,
    ends date,
    version bigint not null,
    change_id bigint not null,
    author varchar not null,
    reason varchar not null,
    decided timestamptz not null
);

create table quota_changes (
    change_id bigint not null,
    state varchar not null,
    projects bigint not null,
    author varchar not null,
    reason varchar not null,
    made timestamptz not null,
    decided_by varchar, -- null: waits still
    decided_because varchar,
    decided timestamptz
);

create table quota_proposals (
    change_id bigint not null,
    system varchar not null,
    account varchar not null,
    unit varchar not null,
    hours double,
    at_once double,
    fairshare bigint,
    qos varchar,
    starts date,
    ends date,
    base_version bigint not null, -- the version that was seen when the row was written
    base_hours double,
    base_starts date,
    base_ends date
);
