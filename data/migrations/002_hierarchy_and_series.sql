-- Which field and department an account belongs to, and hourly series of carbon intensity and day-ahead prices.

create table hierarchy (
    system varchar not null,
    account varchar not null,
    code varchar not null,
    level_1 varchar not null,
    level_2 varchar,
    level_3 varchar,
    author varchar not null,
    decided timestamptz not null
);

create table series_batches (
    batch_id bigint not null,
    kind varchar not null,
    file varchar not null,
    form varchar not null,
    source varchar not null,
    rows_read bigint not null,
    landed bigint not null,
    replaced bigint not null,
    seen_before bigint not null,
    refused bigint not null,
    author varchar not null,
    imported timestamptz not null
);

create table carbon_series (
    grid_zone varchar not null,
    method varchar not null,
    scope varchar not null,
    started timestamptz not null,
    minutes integer not null,
    intensity_gco2e_per_kwh double not null,
    source varchar not null,
    batch_id bigint not null
);

create table price_series (
    zone varchar not null,
    started timestamptz not null,
    minutes integer not null,
    price_eur_per_mwh double not null,
    source varchar not null,
    batch_id bigint not null
);
