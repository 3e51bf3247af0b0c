"""Pseudonyms are the same for the same user of a machine and tell nothing without the key; masks leave no name."""

from hypothesis import given
from hypothesis import strategies as st

from data.ingest.privacy import masked, pseudonyms

NAME = st.text(min_size=1, max_size=20)
LOGIN = st.from_regex(r"[a-z][a-z_]{2,15}", fullmatch=True).filter(lambda name: name not in ("by", "assigned"))


@given(NAME, st.binary(min_size=1), st.sampled_from(["lumi", "vega"]))
def test_a_user_has_one_pseudonym_on_a_machine(name, key, system):
    assert pseudonyms(key, system)(name) == pseudonyms(key, system)(name)


@given(NAME, NAME)
def test_two_users_have_two_pseudonyms(one, other):
    pseudonym = pseudonyms(b"key", "lumi")
    assert (pseudonym(one) == pseudonym(other)) == (one == other)


@given(NAME)
def test_another_key_or_machine_gives_another_pseudonym(name):
    found = {pseudonyms(key, system)(name) for key in (b"one", b"two") for system in ("lumi", "lumi2")}
    assert len(found) == 4


@given(LOGIN, st.sampled_from(["{}", "/home/{}/run.sh", "{}@lumi", "job_of_{}", "12|{}|34", "user={}", "{}-1"]))
def test_no_login_is_left_in_a_masked_line(login, pattern):
    assert login not in masked(f"123|{pattern.format(login)}|2026-01-31T12:00:00")


def test_what_names_nobody_is_left_in_a_masked_line():
    line = "123_7|2026-01-31T12:00:00|1-02:03:04|CANCELLED by ***|cpu=8,gres/gpu=2,mem=16G|4000Mc|0:0|None assigned"
    assert masked(line) == line
