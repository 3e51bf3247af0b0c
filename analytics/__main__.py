"""The command line of the analyses: `python -m analytics solve`; the only place in this folder that reads and writes files."""

import typer

from analytics import commands

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Splits and reports, from files to files."
)
app.command("solve")(commands.solve)


@app.callback()
def analytics() -> None:
    """Splits and reports, from files to files."""


if __name__ == "__main__":
    app()
