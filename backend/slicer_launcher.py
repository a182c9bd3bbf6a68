"""Starts the server where programs start 3D Slicer for its Web Server module, as slicerio does:

Slicer --python-code "wslogic = getModuleLogic('WebServer'); wslogic.port=2016; wslogic.addDefaultRequestHandlers(); wslogic.start()"
"""  # noqa: E501

from __future__ import annotations

import ast
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backend import __version__
from backend.config import Settings
from backend.errors import BadRequestError, SlicecastError

HANDLERS = ("enableSlicer", "enableExec", "enableDICOM", "enableStaticPages")
SCRIPT = """#!/bin/sh
# Starts Slicecast where programs start 3D Slicer for its Web Server module.
PYTHONPATH={parent}"${{PYTHONPATH:+:$PYTHONPATH}}" exec {python} -m backend.slicer_launcher{options} "$@"
"""
NAMES = ("Slicer", "Slicer.exe")  # slicerio adds .exe to what the variable SLICER_EXECUTABLE names, on any system


@dataclass
class Wanted:
    """What the code asks for, with Slicer's defaults."""

    port: int = 2016
    enable_exec: bool = False
    enable_slicer: bool = True
    enable_static: bool = True
    cors: bool = False
    started: bool = False
    files: list[str] = field(default_factory=list)
    allow_path: list[Path] = field(default_factory=list)


class _Reader(ast.NodeVisitor):
    """Reads the few statements that set up Slicer's web server; nothing is executed."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted, self._logics = wanted, set[str]()

    def generic_visit(self, node: ast.AST) -> None:
        raise BadRequestError(f"only the start of the web server is understood, not: {ast.unparse(node)}")

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_Import(self, _node: ast.Import) -> None:
        """Imports are harmless: they are not done."""

    def visit_ImportFrom(self, _node: ast.ImportFrom) -> None:
        """The same."""

    def visit_Assign(self, node: ast.Assign) -> None:
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name) and isinstance(value, ast.Call) and self._makes_logic(value):
            self._logics.add(target.id)
        elif isinstance(target, ast.Attribute) and self._is_logic(target.value) and target.attr == "port":
            self._wanted.port = _constant(value, int)
        elif isinstance(target, ast.Attribute) and self._is_logic(target.value) and target.attr == "enableCORS":
            self._wanted.cors = _constant(value, bool)
        else:
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not self._is_logic(call.func.value):
            self.generic_visit(node)
            return
        if call.func.attr == "start":
            self._wanted.started = True
        elif call.func.attr == "addDefaultRequestHandlers":
            self._set_handlers(call, HANDLERS)
        else:
            self.generic_visit(node)

    def _is_logic(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self._logics

    def _makes_logic(self, call: ast.Call) -> bool:
        name = ast.unparse(call.func).rpartition(".")[2]
        if name == "getModuleLogic":
            return [ast.unparse(argument) for argument in call.args] == ["'WebServer'"]
        if name == "WebServerLogic":
            self._set_handlers(call, ("port", *HANDLERS))
            return True
        return False

    def _set_handlers(self, call: ast.Call, names: Sequence[str]) -> None:
        given: dict[str | None, ast.expr] = dict(zip(names, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords}
        fields = {"enableSlicer": "enable_slicer", "enableExec": "enable_exec", "enableStaticPages": "enable_static",
                  "enableCORS": "cors"}  # fmt: skip
        for name, value in given.items():
            if name == "port":
                self._wanted.port = _constant(value, int)
            elif name in fields:
                setattr(self._wanted, fields[name], _constant(value, bool))


def _constant(node: ast.expr, kind: type) -> Any:
    if isinstance(node, ast.Constant) and type(node.value) is kind:
        return node.value
    raise BadRequestError(f"a plain {kind.__name__} is needed instead of {ast.unparse(node)}")


def read_code(code: str, wanted: Wanted) -> None:
    """Take what Python code for Slicer says about the web server.

    Raises:
        BadRequestError: it is no Python, or does something else too.
    """
    try:
        _Reader(wanted).visit(ast.parse(code))
    except (SyntaxError, ValueError) as error:
        raise BadRequestError(f"--python-code is no Python: {error}") from error


def read_arguments(arguments: Sequence[str]) -> Wanted:
    """What a command line for Slicer asks for. Switches of its windows are passed over, other words are files to load.

    Raises:
        BadRequestError: something that can not be done here.
    """
    wanted, rest = Wanted(), list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in ("--python-code", "--allow-path"):
            if not equals and not rest:
                raise BadRequestError(f"{name} needs a value")
            value = value if equals else rest.pop(0)
            if name == "--python-code":
                read_code(value, wanted)
            else:
                wanted.allow_path.append(Path(value))
        elif name == "--python-script":
            raise BadRequestError("--python-script can not be run; start the server and send the script to /slicer/exec")
        elif not word.startswith("-"):
            wanted.files.append(word)
    return wanted


def usual_folders() -> list[Path]:
    """Where scripts keep their files: the home folder, the current one, the one for temporary files."""
    return list(dict.fromkeys([Path.home(), Path.cwd(), Path(tempfile.gettempdir())]))


def settings_for(wanted: Wanted) -> Settings:
    """The server's settings: what is wanted, the environment's for all else. Slicer would let requests name any file."""
    given: dict[str, Any] = {"port": wanted.port, "port_strict": True, "demo": False}
    given |= {"enable_slicer": wanted.enable_slicer, "enable_pages": wanted.enable_static}
    given["enable_exec"] = wanted.enable_exec and wanted.enable_slicer
    if wanted.cors:
        given["cors"] = ["*"]
    if wanted.allow_path:
        given["allow_path"] = wanted.allow_path
    settings = Settings(**given)
    return settings if settings.allow_path else settings.model_copy(update={"allow_path": usual_folders()})


def install(folder: Path, allow_path: Sequence[str]) -> int:
    """Write executables named `Slicer` into a folder, for the PATH of programs that start Slicer; returns the exit code."""
    options = "".join(f" --allow-path {shlex.quote(str(Path(path).absolute()))}" for path in allow_path)
    parent = shlex.quote(str(Path(__file__).resolve().parents[1]))
    script = SCRIPT.format(parent=parent, python=shlex.quote(sys.executable), options=options)
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        target = folder / name
        if target.exists() and "backend.slicer_launcher" not in target.read_bytes()[:4096].decode("utf-8", "replace"):
            sys.stderr.write(f"slicecast: {target} is another program's and is left as it is\n")
            return 1
        target.write_text(script)
        target.chmod(0o755)
    print(f"{folder / NAMES[0]} starts Slicecast; put {folder} first in the PATH of your scripts")
    print(f"or set SLICER_EXECUTABLE={folder / NAMES[0]}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the executables named `Slicer` and of `slicecast-slicer`; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--version" in given:
        print(f"Slicecast {__version__}")
        return 0
    try:
        wanted = read_arguments(given)
        settings = settings_for(wanted)
    except (SlicecastError, ValidationError) as error:
        sys.stderr.write(f"slicecast: {error}\n")
        return 2
    from backend.app import serve  # not needed where the arguments are wrong

    return serve(settings, wanted.files)


if __name__ == "__main__":
    sys.exit(main())
