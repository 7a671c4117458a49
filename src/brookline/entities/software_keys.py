"""Config keys and sensors of software processes, under AMP's names.

Source: Brooklyn's SoftwareProcess, BrooklynConfigKeys and VanillaSoftwareProcess.
"""

from __future__ import annotations

import enum
from typing import Any

from brookline.entities.startable import Startable
from brookline.model.declarations import ConfigKey, config, sensor
from brookline.model.inheritance import Inheritance
from brookline.values.durations import Duration

FILES = ("files.preinstall", "files.install", "files.customize", "files.runtime")
TEMPLATES = tuple(
    f"templates.{phase}" for phase in ("preinstall", "install", "customize", "runtime")
)
WITHOUT_EFFECT = (
    *TEMPLATES,
    "template.substitutions",
    "download.addon.urls",
    "archive.nameFormat",
    "inboundPorts",
    "requiredOpenLoginPorts",
    "effector.add.openInboundPorts",
    "openIptables",
    "stopIptables",
    "dontRequireTtyForSudo",
)
"""Keys of AMP that are known and do nothing in this version yet."""


class ChildrenMode(enum.Enum):
    """When the children of a software process are started."""

    NONE = "none"
    FOREGROUND = "foreground"
    FOREGROUND_LATE = "foreground_late"
    BACKGROUND = "background"
    BACKGROUND_LATE = "background_late"


class StopMode(enum.Enum):
    """Whether a part of stopping is done."""

    ALWAYS = "always"
    IF_NOT_STOPPED = "if_not_stopped"
    NEVER = "never"


class RestartMachine(enum.Enum):
    """Whether a restart gives the machine back and obtains one anew."""

    TRUE = "true"
    FALSE = "false"
    AUTO = "auto"


def _hook(name: str) -> ConfigKey[str]:
    when, phase, _ = name.split(".")
    moment = "before" if when == "pre" else "after"
    return config(
        name,
        str,
        description=f"Command that is run on the machine {moment} the {phase} phase",
        inheritance=Inheritance.NOT_REINHERITED,
    )


def _files(name: str) -> ConfigKey[dict[str, Any]]:
    moment = name.partition(".")[2]
    return config(
        name,
        dict,
        description=f"Files to copy for {moment}: from source URL to destination",
        inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE,
    )


def _latch(name: str) -> ConfigKey[Any]:
    moment = name.partition(".")[2]
    return config(name, Any, description=f"Must become true before {moment}")


class SoftwareKeys(Startable, abstract=True):
    """What may be configured of a software process, and what it tells of itself."""

    __slots__ = ()

    ROLLS_UP = False
    INERT = WITHOUT_EFFECT

    shell_env = config(
        "shell.env",
        dict,
        flags=("env",),
        description="Environment variables of the commands on the machine",
        inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE,
    )
    provisioning_properties = config(
        "provisioning.properties",
        dict,
        description="Custom properties to pass in when a machine is provisioned",
        inheritance=Inheritance.NOT_REINHERITED_ELSE_DEEP_MERGE,
    )
    install_version = config(
        "install.version", str, flags=("version",), description="Suggested version"
    )
    install_label = config("install.unique_label", str, description="Name of the install folder")
    install_dir = config("install.dir", str, flags=("installDir",), description="Install folder")
    run_dir = config("run.dir", str, flags=("runDir",), description="Folder in which it runs")
    onbox_base_dir = config(
        "onbox.base.dir", str, description="Folder on the machine for all that is put there"
    )
    start_timeout = config(
        "start.timeout", Duration, default="2m", description="Time to wait until it is running"
    )
    stop_timeout = config(
        "process.stop.timeout", Duration, default="2m", description="Time to wait for the stop"
    )
    check_period = config(
        "softwareProcess.serviceProcessIsRunningPollPeriod",
        Duration,
        default="5s",
        description="Time from one look whether the process runs to the next",
    )
    children_mode = config(
        "children.startable.mode",
        ChildrenMode,
        default=ChildrenMode.NONE,
        flags=("childStartMode",),
        description="Whether and when children are started with it",
    )
    skip_install = config(
        "skip.install",
        bool,
        flags=("skipInstall",),
        deprecated=("install.skip",),
        description="Skip the install phase",
    )
    skip_start = config(
        "skip.start",
        bool,
        flags=("skipStart",),
        deprecated=("entity.started",),
        description="Assume that the process runs already",
    )
    skip_start_if_running = config(
        "skip.start.ifRunning",
        bool,
        flags=("skipStartIfRunning",),
        deprecated=("entity.running",),
        description="Look whether the process runs already, and start it only if not",
    )
    infers_ports = config(
        "inboundPorts.autoInfer",
        bool,
        default=True,
        description="Whether ports are found by the names and types of config keys",
    )
    port_names = config(
        "inboundPorts.configRegex",
        str,
        default=r".*\.port",
        description="Names of keys whose ranges of ports stand for a port of the process",
    )

    pre_install = _hook("pre.install.command")
    post_install = _hook("post.install.command")
    pre_customize = _hook("pre.customize.command")
    post_customize = _hook("post.customize.command")
    pre_launch = _hook("pre.launch.command")
    post_launch = _hook("post.launch.command")

    files_preinstall = _files("files.preinstall")
    files_install = _files("files.install")
    files_customize = _files("files.customize")
    files_runtime = _files("files.runtime")
    templates_preinstall = _files("templates.preinstall")
    templates_install = _files("templates.install")
    templates_customize = _files("templates.customize")
    templates_runtime = _files("templates.runtime")

    latch_provision = _latch("latch.provision")
    latch_setup = _latch("latch.setup")
    latch_preinstall_resources = _latch("latch.preInstall.resources")
    latch_install_resources = _latch("latch.install.resources")
    latch_install = _latch("latch.install")
    latch_customize_resources = _latch("latch.customize.resources")
    latch_customize = _latch("latch.customize")
    latch_launch_resources = _latch("latch.launch.resources")
    latch_launch = _latch("latch.launch")
    latch_stop = _latch("latch.stop")

    host_name = sensor("host.name", str, description="Host name")
    host_address = sensor("host.address", str, description="Host IP address")
    host_subnet_name = sensor("host.subnet.hostname", str, description="Host name in its network")
    host_subnet_address = sensor("host.subnet.address", str, description="Address in its network")
    host_ssh_address = sensor("host.sshAddress", str, description="user@host:port for SSH")
    provisioning_location = sensor(
        "softwareservice.provisioningLocation", str, description="Where the machine came from"
    )
    install_dir_now = sensor("install.dir", str, description="Install folder")
    run_dir_now = sensor("run.dir", str, description="Folder in which it runs")
    pid_file = sensor("softwareprocess.pid.file", str, description="File with the process id")
    is_running = sensor(
        "service.process.isRunning", bool, description="Whether the process is running"
    )
