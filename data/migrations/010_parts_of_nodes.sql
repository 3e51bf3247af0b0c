-- Which part of their nodes jobs held, where other jobs could run beside them; energy was modelled as if each held them whole. What is
-- stored already counts as before, until 'python -m data rebuild' tells the parts of all stored jobs.

alter table jobs add column nodes_held double; -- null: all of its nodes

alter table usage_daily add column node_s_held double default 0;
alter table usage_daily add column node_s_held_metered double default 0;
alter table usage_monthly add column node_s_held double default 0;
alter table usage_monthly add column node_s_held_metered double default 0;
alter table usage_account_monthly add column node_s_held double default 0;
alter table usage_account_monthly add column node_s_held_metered double default 0;

update usage_daily set node_s_held = node_s, node_s_held_metered = node_s_metered;
update usage_monthly set node_s_held = node_s, node_s_held_metered = node_s_metered;
update usage_account_monthly set node_s_held = node_s, node_s_held_metered = node_s_metered;
