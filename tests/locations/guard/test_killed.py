"""The guard, killed before each command of its script: what is left can be read, and gone on with.

Commands in functions that only read are passed over: nothing is different there than before the call. There is a
machine for each point, and a few are tried at a time, for some are waited out: a runner that was killed is missed
only after a while.
"""

import pytest
from tests.locations.guard import refusals, scenarios
from tests.locations.guard.box import SCRIPT, SHELLS, all_at_once, plain_shell
from tests.locations.guard.conftest import there_is
from tests.locations.guard.killing import deadly, points
from tests.locations.guard.scenarios import dying_at, function_of
from tests.locations.guard.sudo import LOGIN

AT_ONCE = 6
BOTH = ("flock", "link")
CASES = {
    scenarios.Run: BOTH,
    scenarios.RunAgain: ("flock",),
    scenarios.RunAsJob: ("flock",),
    scenarios.RunOfWhatWasClaimed: ("flock",),
    scenarios.RunOfALockThatIsHeldByTheDead: ("link",),
    scenarios.RunThatIsRefused: BOTH,
    scenarios.RunThatFails: ("flock",),
    scenarios.RunOnce: ("flock",),
    scenarios.Attach: BOTH,
    scenarios.Kill: BOTH,
    scenarios.KillOfTheStubborn: ("flock",),
    scenarios.KillOfOrphans: ("flock",),
    scenarios.KillOfWhatWasClaimed: BOTH,
    scenarios.KillOfWhatWasNotBegun: BOTH,
    scenarios.Collect: ("flock",),
    scenarios.CollectOfWhatLives: ("flock",),
    scenarios.Sweep: ("flock",),
    scenarios.Remove: BOTH,
    scenarios.RemoveOfWhatRuns: ("flock",),
    scenarios.RemoveOfTheStubborn: ("flock",),
    scenarios.RemoveOfWhatWasClaimed: ("flock",),
    scenarios.Init: ("flock",),
    refusals.AttachToWhatWasKilled: ("flock",),
    refusals.KillOfWhatWasKilled: ("flock",),
    refusals.RunAfterReboot: ("flock",),
    refusals.AttachAfterReboot: ("flock",),
    refusals.RunOnWhatWasRemoved: ("flock",),
    refusals.InitOfWhatWasRemoved: ("flock",),
    refusals.Nothing: ("flock",),
    refusals.StatusOfNoStep: ("flock",),
    refusals.StatusOfWhatNobodyMayStart: ("flock",),
    refusals.Output: ("flock",),
    refusals.RunOfALockThatIsHeldByTheLiving: ("link",),
}
RARE = {
    refusals.RunThatDies: ("ksh",),
    refusals.InitOfTheBare: SHELLS,
    refusals.RunOfTheBare: ("bash", "ksh", "mksh"),
}
"""What only some shells come to, and which."""

OTHERS = (
    scenarios.RunAsAnother,
    scenarios.RunAsAnotherBySu,
    scenarios.RunAsAnotherThatIsRefused,
    scenarios.KillOfAnother,
    scenarios.KillOfOrphansOfAnother,
    refusals.RunAsAnotherWhoIsNot,
    refusals.KillOfAnotherWhomNobodyMayBe,
)

READS = {"g_status", "g_output"}
"""Functions that change nothing, and whose end before their time nobody but their caller notices."""

TIMES = {
    ("g_await_start", 'echo unstarted >"$g_dir/kill"'),
    ("g_await_start", "g_sleep 0.1"),
    ("g_await_start", "g_spawn"),
    ("g_pause", "echo tick || exit 1 # nobody reads any more"),
    ("g_pause", "g_sleep 0.03"),
    ("g_pause", "g_sleep 0.2"),
    ("g_pause", "g_sleep 0.4"),
    ("g_look", "g_state=over"),
    ("g_look", "return 0"),
}
"""Commands that it comes to if something takes long, or ends just while it is looked at."""

NEVER = {
    # As root, who can be everybody.
    ("g_can_become", 'g_trouble="$g_trouble: $g_said"'),
    ("g_can_become", "return 1"),
    # In a moment that is hard to meet: somebody else is faster.
    ("g_break_lock", 'ln "$g_mine.broken" "$g_folder/held" 2>/dev/null'),
    ("g_follow", "claimed) g_refuse_gone ;;"),
    ("g_forget", "return 0"),
    ("g_look", "g_state=claimed # the folder went just now"),
    ("g_end_step", "claimed) g_refuse_gone ;;"),
    ("g_end_step", 'running) g_fail "it does not end" ;;'),
    ("g_end_all", "running) ;;"),
    ("g_end_all", 'kill -0 "-$g_ended" 2>/dev/null || break'),
    ("g_end_all", "g_sleep 0.02"),
    ("g_refuse_gone", "if g_is_removed; then"),
    ("g_refuse_gone", "g_clean_up"),
    ("g_refuse_gone", 'echo "end - removed - - - 0 0"'),
    ("g_refuse_gone", "exit 0"),
    ("g_refuse_gone", "g_is_marked || g_mark=gone"),
    ("g_refuse_gone", 'g_refuse "$g_mark"'),
    # By the other user's shell, whose end is that of his command.
    ("g_become", 'exec env -- "$@" "$g_shell" -e /dev/fd/3 </dev/null 3<&3'),
    ("g_become", 'rm -f "$g_script"'),
    ("g_become", "{"),
}
"""Commands, each with its function, before which nobody is killed. Whoever adds to these says why."""


def at_each(lines, box, scenario):
    """Kill whoever comes first to each line, on a box of its own, and see that all is well."""
    script = box.copy("deadly.sh", deadly)

    def attempt_at(line):
        one = box.twin(str(line))
        try:
            scenario.begin(one)
            scenario.act(one, **dying_at(line, one, script))
            scenario.check(one, function_of(line))
        except Exception as error:
            error.add_note(f"died at line {line + 1}, in {function_of(line) or 'none'}")
            raise
        return not (one.tmp_path / "life").exists()

    tried = tries(lines)
    died = all_at_once(attempt_at, tried, threads=AT_ONCE)
    assert sum(died) > 0.9 * len(tried)  # by and by there are lines that not every run comes to


def tries(lines):
    """Return the lines of some at which it is tried, each once."""
    known = set(points(SCRIPT.read_text()))
    return [line for line in dict.fromkeys(lines) if line in known]


def locks_by(box, locking):
    """Have a box lock in one of both ways."""
    file = box.folder / "id"
    file.write_text(file.read_text().replace("flock", locking))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "locking"), [(kind, locking) for kind, ways in CASES.items() for locking in ways]
)
def test_whatever_is_killed_anywhere_is_done_again(box, kind, locking):
    locks_by(box, locking)
    scenario = kind()
    scenario.prepare(box)
    at_each(scenario.points(box), box, scenario)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [(kind, one) for kind in RARE for one in RARE[kind]])
def test_so_it_is_on_rare_machines(boxes, kind, name):
    at_each(*rare(boxes, kind, name))


def rare(boxes, kind, name):
    """Return the lines at which a scenario is tried under a shell, the box, and the scenario."""
    there_is(name)
    box, scenario = boxes(name), kind()
    box.init()
    scenario.prepare(box)
    return scenario.points(box), box, scenario


@pytest.fixture
def of_others(public, request, boxes):
    """Make boxes that run commands of other users: of the ordinary login, or of root."""

    def make(way, name):
        request.getfixturevalue("sudo" if way == "sudo" else "root")
        login = LOGIN if way == "sudo" else None
        folder = public / f"{way}{len(list(public.iterdir()))}"
        box = boxes(name, folder=folder, login=login)
        box.init()
        return box

    return make


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dash", "ksh"])
@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind in OTHERS for way in kind.ways])
def test_so_it_is_with_commands_of_other_users(of_others, kind, way, name):
    there_is(name)
    box, scenario = of_others(way, name), kind()
    at_each(scenario.points(box), box, scenario)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_there_is_no_command_before_which_nobody_is_killed_but_some_that_are_known(
    boxes, of_others
):
    reached = set()
    for kind, ways in CASES.items():
        for locking in ways:
            box, scenario = boxes(plain_shell()), kind()
            box.init()
            locks_by(box, locking)
            scenario.prepare(box)
            reached |= set(scenario.points(box))
    for kind, names in RARE.items():
        reached |= set(rare(boxes, kind, names[0])[0])
    for kind in OTHERS:
        for way in kind.ways:
            box = of_others(way, plain_shell())
            reached |= set(kind().points(box))
    text = SCRIPT.read_text()
    lines = text.splitlines()
    missed = {(function_of(line), lines[line].strip()) for line in {*points(text)} - reached}
    assert {one for one in missed - TIMES if one[0] not in READS} == NEVER
