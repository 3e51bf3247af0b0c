"""What a site may set comes from the environment alone, and a setting that cannot be used is named with its fault."""

from collections.abc import Iterator

import pytest

from data.errors import InputError
from data.settings import Settings, settings


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    """The settings are read once a process; here, once a test."""
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUINODE_THREADS", "7")
    assert settings().threads == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("THREADS", "many"),
        ("THREADS", "0"),
        ("WRITER_WAIT_S", "-1"),
        ("PSEUDONYM_KEY", ""),
        ("PSEUDONYM_KEY", "short"),
        ("LOCALE", "xx_YY"),
        ("LOCALE", "German"),
        ("LOCALE", ""),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"EQUINODE_{name}", value)
    with pytest.raises(InputError, match=f"EQUINODE_{name}"):
        settings()


def test_secrets_are_never_shown() -> None:
    shown = repr(Settings(pseudonym_key="a very secret key", catalog="dbname=equinode password=hidden"))
    assert "very secret" not in shown
    assert "hidden" not in shown
