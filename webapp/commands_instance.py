"""Commands about the instance itself: make it, serve it, and who works with it."""

from __future__ import annotations

from pathlib import Path

import click

from webapp.clitools import DONE, guarded, instance_folder, opened, tell
from webapp.dataset.accounts import Role
from webapp.dataset.instance import init as make_instance


@click.command()
@instance_folder
@guarded
def init(instance: Path) -> int:
    """Make the instance and open the demo survey `sip`; safe to repeat."""
    made = make_instance(instance)
    made.instance.close()
    tell(f"The instance in {instance} is ready." if made.made else f"The instance in {instance} was ready already.")
    if made.first_user is not None:
        tell(f"First account: {made.first_user.user.name}. `kryssklick serve` shows its one-time password.")
    return DONE


@click.command()
@instance_folder
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0: the local network."
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--https", is_flag=True, help="HTTPS stands in front: cookies travel over it only, one proxy is trusted.")
@guarded
def serve(instance: Path, host: str, port: int, https: bool) -> int:
    """Serve the site until it is stopped."""
    # Flask and waitress are loaded only for this command, so that the others start fast.
    from webapp.server import run  # noqa: PLC0415

    with opened(instance) as folder:
        run(folder, host, port, https=https)
    return DONE


@click.group("user")
def user_group() -> None:
    """Accounts of the people who work with the surveys."""


@user_group.command("add")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([r.value for r in Role]), help="May be repeated."
)
@instance_folder
@guarded
def add_user(name: str, roles: tuple[str, ...], instance: Path) -> int:
    """Make an account and print its one-time password."""
    with opened(instance) as folder:
        made = folder.accounts.add(name, tuple(Role(r) for r in roles))
    click.echo(made.one_time_password)
    tell(f"{made.user.name} signs in with this password once and then chooses another.")
    return DONE


@user_group.command("reset")
@click.argument("name")
@instance_folder
@guarded
def reset_user(name: str, instance: Path) -> int:
    """Give an account whose password is forgotten a new one-time password; its sessions end."""
    with opened(instance) as folder:
        made = folder.accounts.reset(name)
    click.echo(made.one_time_password)
    tell(f"{made.user.name} signs in with this password once and then chooses another.")
    return DONE
