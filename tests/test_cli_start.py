"""The command starts fast: what it does not need it does not load, and its list of commands is still true."""

import re
import subprocess
import sys

from click.testing import CliRunner

from webapp.cli import main


def test_the_list_says_what_each_command_says_of_itself() -> None:
    told = CliRunner().invoke(main, ["--help"], terminal_width=200).output.split("Commands:")[1]
    listed = dict(re.findall(r"^  (\S+) +(\S.*)$", told, re.MULTILINE))
    assert list(listed) == sorted(main.commands)
    for name, says in listed.items():
        whole = " ".join((main.commands[name].help or "").split())
        assert says
        assert re.match(re.escape(says.rstrip(".")) + r"[.:;]", whole), f"{name}: {says!r} is not how {whole!r} begins"


def test_help_loads_no_large_library() -> None:
    code = (
        "import sys; from webapp.cli import main; main(['--help'], standalone_mode=False);"
        "large = {'cv2', 'numpy', 'reportlab', 'sqlite_utils', 'flask', 'pypdfium2'};"
        "sys.exit(', '.join(sorted(large & set(sys.modules))) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "verify" in found.stdout
    assert (found.returncode, found.stderr) == (0, "")


def test_a_command_that_does_not_exist_is_wrong_usage() -> None:
    found = CliRunner().invoke(main, ["no-such-command"])
    assert found.exit_code == 2
    assert "no-such-command" not in main.commands
