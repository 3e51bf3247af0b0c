"""The command line of the analyses: `python -m analytics solve | frontier | recommend | call | report`."""

import typer

from analytics import commands, commands_call, commands_frontier, commands_report, commands_store

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Splits and reports, from files to files."
)
app.command("solve")(commands.solve)
app.command("frontier")(commands_frontier.frontier)
app.command("recommend")(commands_store.recommend)
app.command("call")(commands_call.call)
app.add_typer(commands_report.app, name="report")


@app.callback()
def analytics() -> None:
    """Splits and reports, from files to files."""


if __name__ == "__main__":
    app()
