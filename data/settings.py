"""What a site may set, from the environment (EQUINODE_…) alone; each setting says what it is for."""

from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.errors import InputError

HOUSE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(env_prefix="EQUINODE_", frozen=True)

    lake: Path = Field(default=HOUSE / "data" / "var" / "lake", description="Folder of the store: catalog, Parquet files, pseudonym key.")
    catalog: str | None = Field(
        default=None, repr=False, description="PostgreSQL catalog, such as 'dbname=equinode host=db'; none: SQLite."
    )
    memory_limit: str = Field(default="1500MB", description="Most memory that DuckDB may take in one process.")
    threads: int = Field(default=2, ge=1, description="Threads of DuckDB in one process.")
    writer_wait_s: float = Field(default=600, ge=0, description="How long a writer waits for the one before it, in seconds.")
    pseudonym_key: str | None = Field(
        default=None, min_length=16, repr=False, description="Key of the pseudonyms; none: made once and kept beside the store."
    )
    sacct: str = Field(default="sacct", description="The site's own sacct, such as 'ssh login1 env SLURM_TIME_FORMAT=%s sacct'.")
    slurm: str = Field(
        default="", description="What stands in front of Slurm's sacctmgr, sshare, scontrol and sacct, such as 'ssh login1'."
    )
    disclosure_least_organisations: int = Field(
        default=3, ge=1, description="Public reports withhold figures to which fewer organisations contribute, a company among them."
    )
    disclosure_largest_share: float = Field(
        default=0.85, gt=0, le=1, description="Public reports withhold figures of which one organisation holds more than this part."
    )
    four_eyes: bool = Field(default=False, description="Whether a change of quotas waits until a second person agrees to it.")
    role: Literal["operator", "reader"] = Field(
        default="operator", description="What the person at this process may do: all, or read and take away what shows no single firm."
    )
    author: str | None = Field(default=None, description="Who is named as author of what this process writes; none: the login name.")
    locale: str = Field(
        default="en_GB", description="How pages write numbers: a language and country, such as de_DE; reports and files stay as they are."
    )

    @field_validator("locale")
    @classmethod
    def _known(cls, locale: str) -> str:
        """The locale, where there is one of this name."""
        try:
            return str(Locale.parse(locale))
        except (ValueError, UnknownLocaleError):
            raise ValueError(f"{locale!r} is no language and country known here, such as de_DE or fr_FR") from None


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        InputError: naming every setting that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"EQUINODE_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise InputError(f"{'; '.join(faults)}. Set it otherwise, or leave it unset.") from None
