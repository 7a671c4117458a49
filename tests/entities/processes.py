"""A process that sleeps, and what tests look at of processes."""

from pathlib import Path

SLEEPER = """
name: shop
location: LOCALHOST
services:
- type: vanilla
  name: web
  brooklyn.config:
    softwareProcess.serviceProcessIsRunningPollPeriod: 50ms
    launch.command: |
      sleep 1000 &
      echo $! >$PID_FILE
"""


def pid_of(entity):
    return int(Path(entity.sensors["softwareprocess.pid.file"]).read_text())


def recorded(house, name):
    """Return the lines that commands of a blueprint wrote into a file."""
    path = house.folder / name
    return path.read_text().splitlines() if path.exists() else []


def steps(task):
    return [part.name for part in task.children]
