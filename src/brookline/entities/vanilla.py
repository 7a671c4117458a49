"""The vanilla software process: its commands are what the blueprint gives."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from brookline.blueprint.evaluate import config_now
from brookline.entities import boxes
from brookline.entities.health import Report
from brookline.entities.phases import MARKER, Box, env_texts
from brookline.entities.platform import Platform, platform_of
from brookline.entities.software import Answer, SoftwareProcess
from brookline.entities.software_keys import FILES, WITHOUT_EFFECT
from brookline.errors import InvalidInput, RemoteError
from brookline.locations.sources import read_source
from brookline.model.declarations import config
from brookline.model.deferred import has_deferred
from brookline.model.inheritance import Inheritance
from brookline.operations.safety import guarded, repeatable

if TYPE_CHECKING:
    from brookline.locations.command import Command
    from brookline.model.declarations import ConfigKey
    from brookline.operations.operation import Operation

log = logging.getLogger("brookline.entities")


def _command(name: str, description: str) -> ConfigKey[str]:
    return config(name, str, description=description, inheritance=Inheritance.NEVER)


class VanillaSoftwareProcess(SoftwareProcess):
    """A process on a machine that is installed, launched and stopped by given commands."""

    __slots__ = ()

    TYPE = "org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess"
    ALIASES = ("vanilla", "vanilla-bash-server", "software-process")

    install_command = _command("install.command", "Command to run in the install folder, once")
    customize_command = _command("customize.command", "Command to run before the first launch")
    launch_command = _command("launch.command", "Command that launches the process and returns")
    check_command = _command(
        "checkRunning.command",
        "Command that ends with 0 if the process runs; empty means that it is taken for running",
    )
    stop_command = _command("stop.command", "Command that stops the process")
    download_url = config(
        "download.url", str, flags=("downloadUrl",), description="Archive to fetch and unpack"
    )
    monitored = config(
        "sshMonitoring.enabled",
        bool,
        default=True,
        description="Whether it is looked at whether the process runs",
    )

    async def bring_up(self, op: Operation, box: Box, *, installs: bool) -> Box:
        """Do all phases up to the launch, or the launch alone; return the box as it is then."""
        await self._check(op)
        if installs:
            box = await self._install(op, box)
            await self._customize(op, box)
        else:
            box = await self._with_env(op, box)
        await self._launch(op, box)
        return box

    async def ask_running(self, platform: Platform, box: Box) -> Answer:
        """Tell whether the process runs."""
        if not self.monitored:
            return Answer(None)
        script = config_now(self, "checkRunning.command")
        if script is not None and not script.strip():
            return Answer(running=True)
        if has_deferred(script):
            raise RemoteError(f"checkRunning.command of {self.name} has a value that is not ready")
        return Answer.of(await self.machine_on(platform).run(box.check(script)))

    async def bring_down(self, op: Operation, box: Box) -> None:
        """Stop the process."""
        script = await self._script(op, "stop.command")
        limit = await platform_of(op).config(op, self, type(self).stop_timeout)
        assert limit is not None
        await self._run(op, box.stop(script, limit.seconds))

    async def _check(self, op: Operation) -> None:
        """Complain of what is missing before anything is done.

        Raises:
            InvalidInput: If there is no command for the launch.
        """
        if not await self._script(op, "launch.command") and self.download_url is None:
            raise InvalidInput(f"{self.name} has no launch.command")
        unused = [name for name in WITHOUT_EFFECT if self.find_config(name) is not None]
        if unused:
            fields = {"entity": self.id, "keys": ", ".join(unused)}
            log.warning("keys have no effect in this version yet", extra={"fields": fields})

    async def _install(self, op: Operation, box: Box) -> Box:
        """Install; what installs the same on the same host is installed once."""
        skip = await platform_of(op).config(op, self, type(self).skip_install)
        box = await self._with_install_dir(op, box)
        if skip:
            return box
        await self.await_latch(op, "latch.preInstall.resources")
        await self._copy(op, "files.preinstall", box.install_dir)
        await self._hook(op, box, "pre.install.command")
        await self.await_latch(op, "latch.install.resources")
        await self._copy(op, "files.install", box.install_dir)
        await self.await_latch(op, "latch.install")
        await self._install_once(op, box)
        await self._hook(op, box, "post.install.command")
        return box

    async def _install_once(self, op: Operation, box: Box) -> None:
        script = await self._script(op, "install.command")
        url = await self._script(op, "download.url")
        if not script and not url:
            return
        machine = self.machine
        async with op.exclusive_use(f"{machine.host.key}:{box.install_dir}"):
            if await op.step("check-installed", _ok, machine, box.is_installed()):
                return
            if url:
                await self._run(op, box.download(url))
            if script:
                await self._run(op, box.install(script))
            await op.step("mark-installed", _write, machine, b"", f"{box.install_dir}/{MARKER}")

    async def _customize(self, op: Operation, box: Box) -> None:
        await self.await_latch(op, "latch.customize.resources")
        await self._copy(op, "files.customize", box.install_dir)
        await self.await_latch(op, "latch.customize")
        await self._hook(op, box, "pre.customize.command")
        if url := await self._script(op, "download.url"):
            await self._run(op, box.unpack(url))
        if script := await self._script(op, "customize.command"):
            await self._run(op, box.inside("customize", script))
        await self._hook(op, box, "post.customize.command")

    async def _launch(self, op: Operation, box: Box) -> None:
        await self.await_latch(op, "latch.launch.resources")
        await self._copy(op, "files.runtime", box.run_dir)
        await self.await_latch(op, "latch.launch")
        await self._hook(op, box, "pre.launch.command")
        script = await self._script(op, "launch.command") or "./start.sh"
        await self._run(op, box.inside("launch", script))
        await self._hook(op, box, "post.launch.command")

    async def _with_install_dir(self, op: Operation, box: Box) -> Box:
        """Return the box with its variables and its install folder, which becomes a sensor."""
        platform = platform_of(op)
        box = await self._with_env(op, box)
        folder = await platform.config(op, self, type(self).install_dir)
        if folder:
            folder = self.machine.path(folder)
        else:
            label = await platform.config(op, self, type(self).install_label)
            base_dir = self.machine.base_dir
            salt: list[Any] = [
                await self._script(op, name) for name in ("install.command", "download.url")
            ]
            salt += [dict(box.env)] if any(salt) else []
            salt += [await platform.value(op, self, name) for name in FILES[:3]]
            named = f"{base_dir}/installs/{label}" if label else ""
            folder = named or boxes.install_dir(self, base_dir, salt)
        await platform.report(op, self, Report({"install.dir": folder}))
        return dataclasses.replace(box, install_dir=folder)

    async def _with_env(self, op: Operation, box: Box) -> Box:
        env = await platform_of(op).config(op, self, type(self).shell_env)
        return dataclasses.replace(box, env=env_texts(env))

    async def _script(self, op: Operation, name: str) -> str | None:
        """Return the text of a command, or None where there is none or only blanks."""
        text: Any = await platform_of(op).config(op, self, self.KEYS[name])
        return text if text and text.strip() else None

    async def _hook(self, op: Operation, box: Box, key: str) -> None:
        if script := await self._script(op, key):
            phase = key.split(".")[1]
            await self._run(op, box.hook(phase, key.replace(".", "-"), script))

    async def _copy(self, op: Operation, key: str, folder: str) -> None:
        files = await platform_of(op).value(op, self, key) or {}
        for source, path in files.items():
            target = boxes.destination(folder, str(path))
            await op.step(f"copy {path}", _put, self.machine, source, target)

    async def _run(self, op: Operation, command: Command) -> None:
        await op.step(command.name, _checked, self.machine, command)


@guarded
async def _checked(machine: Any, command: Command) -> int:
    finished = await machine.run(command)
    return int(finished.checked(command).exit_code)


@repeatable
async def _ok(machine: Any, command: Command) -> bool:
    return bool((await machine.run(command)).ok)


@repeatable
async def _put(machine: Any, source: str, path: str) -> None:
    await machine.put(await asyncio.to_thread(read_source, source), path)


@repeatable
async def _write(machine: Any, content: bytes, path: str) -> None:
    await machine.put(content, path)
