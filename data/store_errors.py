"""What went wrong with the store, in the house's own words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from data.errors import StoreError

SERVER_LOST = ("server closed the connection", "terminating connection", 'Failed to execute query "ROLLBACK"')
"""How DuckDB tells that a PostgreSQL server went away."""


@contextmanager
def told(doing: str) -> Iterator[None]:
    """DuckDB's and the file system's errors in the house's own words."""
    try:
        yield
    except duckdb.Error as error:
        if any(sign in str(error) for sign in SERVER_LOST):
            raise StoreError(
                f"the store could not {doing}: the connection to the server of its catalog (EQUINODE_CATALOG) was lost. What was not "
                "committed is not stored; do the same again when the server answers: what it holds already is recognised."
            ) from error
        raise StoreError(f"the store could not {doing}: {str(error).splitlines()[0]}; nothing was changed.") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(f"the store could not {doing}: {error.filename} is no folder; let EQUINODE_LAKE name one.") from error
    except PermissionError as error:
        raise StoreError(
            f"the store could not {doing}: no permission for {error.filename}; let this user write there, or set EQUINODE_LAKE."
        ) from error
    except OSError as error:
        raise StoreError(f"the store could not {doing}: {error.strerror or error} ({error.filename}); nothing was changed.") from error


def earlier_version(missing: Sequence[int]) -> StoreError:
    """The error of a store that has not seen these migrations."""
    return StoreError(f"the store was made by an earlier version and lacks migrations {list(missing)}; run 'python -m data rebuild'.")
