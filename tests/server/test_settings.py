from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brookline.errors import InvalidInput
from brookline.plane.states import Mode
from brookline.security.provider import Provider
from brookline.server import catalogue as c
from brookline.server.checks import check, plane_settings, port, start_mode, store_url
from brookline.server.options import server_options
from brookline.server.settings import load_settings, shown, table

if TYPE_CHECKING:
    from pathlib import Path

LAUNCHER = "etc/org.apache.brooklyn.osgilauncher.cfg"


class Place:
    """A home, a user's home, and what is said on the command line and in the environment."""

    def __init__(self, root: Path) -> None:
        self.home = root / "n1"
        self.user_home = root / "me"
        self.options: dict[str, object] = {"home": str(self.home)}
        self.environment: dict[str, str] = {}

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    def write_global(self, text: str) -> None:
        folder = self.user_home / ".brooklyn"
        folder.mkdir(parents=True)
        (folder / "brooklyn.properties").write_text(text)

    def load(self, **options):
        return load_settings(self.options | options, self.environment, user_home=self.user_home)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_without_any_word_the_defaults_hold(place):
    settings = place.load()

    check(settings)
    assert settings[c.HA] is Mode.AUTO
    assert settings[c.BIND] == ("127.0.0.1",)
    assert list(port(settings)) == [8081]
    assert store_url(settings) == str(place.home / "data" / "persisted-state")
    assert settings.name == "n1"
    assert settings.warnings == []
    assert plane_settings(settings).timeout_s == 30


def test_the_home_is_the_current_folder(place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert load_settings({}, {}, user_home=place.user_home).home == tmp_path


def test_the_documents_files_are_read(place):
    place.write(
        LAUNCHER,
        "highAvailabilityMode: MASTER\npersistMode: AUTO\npersistenceDir: /shared/state\n",
    )
    place.write("etc/brooklyn.cfg", "brooklyn.ha.heartbeatTimeout = 5s\n")
    place.write("etc/org.ops4j.pax.web.cfg", "org.osgi.service.http.port=8082\n")

    settings = place.load()

    assert settings[c.HA] is Mode.MASTER
    assert store_url(settings) == "/shared/state"
    assert settings[c.HA_TIMEOUT] == 5
    assert list(port(settings)) == [8082]
    assert settings.origins[c.HA] == f"{place.home / LAUNCHER}:1 highAvailabilityMode"
    assert settings.warnings == []


def test_each_place_comes_before_those_below(place):
    said = "brooklyn.ha.pollPeriod={}ms"
    assert place.load()[c.HA_POLL] == 1

    place.write("etc/org.ops4j.pax.web.cfg", said.format(2))
    assert place.load()[c.HA_POLL] == 0.002
    place.write("etc/brooklyn.cfg", said.format(3))
    assert place.load()[c.HA_POLL] == 0.003
    place.write(LAUNCHER, said.format(4))
    assert place.load()[c.HA_POLL] == 0.004
    place.write_global(said.format(5))
    assert place.load()[c.HA_POLL] == 0.005
    place.options["local-properties"] = str(place.write("local", said.format(6)))
    assert place.load()[c.HA_POLL] == 0.006
    place.environment["BROOKLINE_HA_POLL"] = "7ms"
    assert place.load()[c.HA_POLL] == 0.007
    place.options["set"] = (said.format(8),)
    assert place.load()[c.HA_POLL] == 0.008
    assert place.load(ha_poll="9ms")[c.HA_POLL] == 0.009


def test_the_higher_file_counts_among_two_keys_of_one_setting(place):
    place.write(LAUNCHER, "persistenceDir=/launcher")
    place.write("etc/brooklyn.cfg", "brooklyn.persistence.dir=/cfg")
    assert store_url(place.load()) == "/launcher"

    place.write_global("brooklyn.persistence.dir=/global")
    assert store_url(place.load()) == "/global"


def test_an_empty_value_is_not_given(place):
    place.write(LAUNCHER, "persistenceDir=\npersistenceLocation = \nhighAvailabilityMode=")

    settings = place.load(name="")

    assert settings.origins[c.PERSISTENCE_DIR] == "default"
    assert settings[c.HA] is Mode.AUTO
    assert settings.warnings == []


def test_the_global_file_may_be_another_or_none(place, tmp_path):
    place.write_global("brooklyn.ha.pollPeriod=2s")
    other = tmp_path / "other"
    other.write_text("brooklyn.ha.pollPeriod=3s")
    place.write(LAUNCHER, f"globalBrooklynPropertiesFile={other}")

    assert place.load()[c.HA_POLL] == 3
    assert place.load(no_global_properties=True)[c.HA_POLL] == 1


def test_all_faults_are_told_at_once_each_with_its_place_and_an_example(place):
    place.write(LAUNCHER, "# ours\nhighAvailabilityMode=MASTR\npersistPeriod=soon\n")
    place.environment["BROOKLINE_PORT"] = "http"

    with pytest.raises(InvalidInput) as refused:
        place.load()

    faults = refused.value.details.splitlines()
    assert refused.value.message == "3 settings cannot be used"
    assert any(
        fault.startswith(f"{place.home / LAUNCHER}:2: highAvailabilityMode: 'MASTR' is none of ")
        and fault.endswith("did you mean MASTER?; for example highAvailabilityMode=AUTO")
        for fault in faults
    )
    assert any(":3: persistPeriod: 'soon' is not a duration" in fault for fault in faults)
    assert any(fault.startswith("environment: BROOKLINE_PORT: 'http'") for fault in faults)


def test_one_fault_is_the_message(place):
    with pytest.raises(InvalidInput, match="option: --ha: 'x' is none of DISABLED, AUTO"):
        place.load(ha="x")


def test_a_named_file_that_is_missing_is_a_fault(place):
    with pytest.raises(InvalidInput, match="there is no file /nowhere/x"):
        place.load(local_properties="/nowhere/x")


def test_a_home_that_is_a_file_has_no_settings_and_is_no_fault_of_them(place):
    place.home.parent.mkdir(parents=True, exist_ok=True)
    place.home.write_text("x")

    assert place.load().warnings == []


def test_a_settings_file_that_cannot_be_read_is_named_in_words(place):
    path = place.home / LAUNCHER
    path.mkdir(parents=True)

    with pytest.raises(InvalidInput, match=f"{path} cannot be read: Is a directory"):
        place.load()


def test_a_settings_file_in_utf_16_starts_nothing(place):
    path = place.home / LAUNCHER
    path.parent.mkdir(parents=True)
    path.write_bytes("highAvailabilityMode=MASTER\n".encode("utf-16"))

    with pytest.raises(InvalidInput, match=f"{path} is in UTF-16 or UTF-32: save it as UTF-8"):
        place.load()


def test_a_variable_with_too_many_words_is_taken_for_the_one_with_fewer(place):
    place.environment |= {"BROOKLINE_HA_MODE": "master", "BROOKLINE_HA_TIMEOUT_S": "3"}

    assert place.load().warnings == [
        "environment: unknown variable BROOKLINE_HA_MODE; did you mean BROOKLINE_HA?",
        "environment: unknown variable BROOKLINE_HA_TIMEOUT_S; did you mean BROOKLINE_HA_TIMEOUT?",
    ]


def test_an_unknown_option_is_a_fault(place):
    with pytest.raises(InvalidInput, match="no option --prot"):
        place.load(prot="1")


def test_unknown_keys_are_told_with_place_and_question(place):
    path = place.write(
        LAUNCHER, "hihgAvailabilityMode=MASTER\nfoo.bar=1\nbrooklyn.ha.polPeriod=2s\n"
    )
    place.environment["BROOKLINE_PERSISTENCEDIR"] = "/x"
    place.environment["BROOKLINE_URL"] = "http://client"

    settings = place.load()

    assert settings.warnings == [
        f"{path}:1: unknown key hihgAvailabilityMode; did you mean highAvailabilityMode?",
        f"{path}:2: unknown key foo.bar",
        f"{path}:3: unknown key brooklyn.ha.polPeriod; did you mean brooklyn.ha.pollPeriod?",
        (
            "environment: unknown variable BROOKLINE_PERSISTENCEDIR;"
            " did you mean BROOKLINE_PERSISTENCE_DIR?"
        ),
    ]
    assert settings.texts()["foo.bar"] == "1"


def test_keys_of_amp_without_effect_are_told_once_each(place):
    place.write(
        "etc/brooklyn.cfg",
        "brooklyn.location.named.x=byon\nbrooklyn.entitlements.global=root\n"
        "brooklyn.entitlements.perUser.ann=readonly\nignoreCatalogErrors=true\n"
        "brooklyn.webconsole.security.users=ann\n"
        "brooklyn.webconsole.security.user.ann.password=x\n"
        "brooklyn.webconsole.security.user.ann.pasword=x\n",
    )
    place.write("etc/org.ops4j.pax.logging.cfg", "log4j2.x=1")

    warnings = place.load().warnings

    assert [warning.split(": ", 1)[1] for warning in warnings] == [
        "brooklyn.location.named.x has no effect yet: there is no location but localhost yet",
        (
            "brooklyn.entitlements.perUser.ann has no effect yet:"
            " roles are not supported yet: every user may do everything"
        ),
        "ignoreCatalogErrors has no effect yet: there is no catalog yet",
        (
            "unknown key brooklyn.webconsole.security.user.ann.pasword;"
            " did you mean brooklyn.webconsole.security.user.NAME.password, .salt or .sha256?"
        ),
        "use --log-level and --log-format",
    ]


def test_a_file_with_passwords_that_others_can_read_is_told(place):
    path = place.write("etc/brooklyn.cfg", "brooklyn.webconsole.security.user.ann.password=x")
    path.chmod(0o644)

    assert place.load().warnings == [
        f"{path} holds passwords and can be read by others: chmod 600 it"
    ]


def test_a_key_given_twice_with_two_values_is_told(place):
    path = place.write(LAUNCHER, "persistMode=AUTO\npersistMode=REBIND\n")

    settings = place.load()

    assert settings[c.PERSIST] is c.PersistMode.REBIND
    assert settings.warnings == [f"{path}:2: persistMode was given in line 1 already; this counts"]


@pytest.mark.parametrize(
    ("persist", "ha", "expected"),
    [
        pytest.param("DISABLED", "AUTO", Mode.DISABLED, id="no-store-no-ha"),
        pytest.param("DISABLED", "DISABLED", Mode.DISABLED, id="both-disabled"),
        pytest.param("DISABLED", "MASTER", "needs a store", id="no-store-master"),
        pytest.param("DISABLED", "HOT_BACKUP", "needs a store", id="no-store-backup"),
        pytest.param("AUTO", "HOT_STANDBY", Mode.HOT_STANDBY, id="auto"),
        pytest.param("CLEAN", "AUTO", Mode.AUTO, id="clean-auto"),
        pytest.param("CLEAN", "MASTER", Mode.MASTER, id="clean-master"),
        pytest.param("CLEAN", "STANDBY", "may lead", id="clean-standby"),
        pytest.param("CLEAN", "HOT_STANDBY", "may lead", id="clean-hot-standby"),
        pytest.param("CLEAN", "HOT_BACKUP", "may lead", id="clean-backup"),
    ],
)
def test_modes_that_go_together_and_that_do_not(place, persist, ha, expected):
    settings = place.load(persist=persist, ha=ha)

    if isinstance(expected, str):
        with pytest.raises(InvalidInput, match=expected):
            check(settings)
    else:
        check(settings)
        assert start_mode(settings) is expected


def test_https_has_its_own_port_unless_one_is_named(place):
    assert list(port(place.load(https=True))) == [8443]
    assert list(port(place.load(https=True, port="9000"))) == [9000]

    place.write(
        "etc/org.ops4j.pax.web.cfg",
        "org.osgi.service.http.port=8081\norg.osgi.service.http.port.secure=9443\n"
        "org.osgi.service.http.secure.enabled=true",
    )
    assert list(port(place.load())) == [9443]


def test_a_node_that_would_listen_neither_with_tls_nor_without_is_refused(place):
    place.write("etc/org.ops4j.pax.web.cfg", "org.osgi.service.http.enabled=false")

    with pytest.raises(InvalidInput, match=r"pax\.web\.cfg.*would not listen at all"):
        check(place.load())
    check(place.load(https=True))
    check(place.load(http=True))


@pytest.mark.parametrize("wide", ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1,node1"])
def test_anyone_is_let_in_on_loopback_only(place, wide):
    place.write(
        "etc/brooklyn.cfg",
        "brooklyn.webconsole.security.provider="
        "org.apache.brooklyn.rest.security.provider.AnyoneSecurityProvider",
    )
    assert place.load()[c.SECURITY_PROVIDER] is Provider.ANYONE
    check(place.load(bind="127.0.0.1,::1,localhost"))

    with pytest.raises(InvalidInput, match="listens on loopback only"):
        check(place.load(bind=wide))
    check(place.load(bind=wide, security_provider="users"))


def test_a_provider_that_is_not_there_is_refused_and_not_replaced(place):
    with pytest.raises(InvalidInput, match=r"no security provider 'a\.LdapSecurityProvider'"):
        place.load(security_provider="a.LdapSecurityProvider")


def test_how_many_tasks_are_kept_is_read_and_the_rest_of_that_family_told(place):
    place.write(
        "etc/brooklyn.cfg",
        "brooklyn.gc.maxTasksPerName=3\n"
        "brooklyn.gc.maxTaskAge=forever\n"
        "brookline.tasks.size=2mb\n"
        "brookline.tasks.undecided=50\n"
        "brooklyn.gc.maxTasksPerTag=7\n",
    )
    settings = place.load()
    assert (settings[c.TASKS_PER_NAME], settings[c.TASK_AGE]) == (3, float("inf"))
    assert (settings[c.TASKS_SIZE], settings[c.TASKS_UNDECIDED]) == (2 * 1024**2, 50)
    assert shown(settings[c.TASK_AGE]) == "forever"
    [warning] = settings.warnings
    assert "brooklyn.gc.maxTasksPerTag" in warning


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"tasks_per_name": "-1"}, id="a-negative-number"),
        pytest.param({"task_period": "0"}, id="a-period-of-nothing"),
    ],
)
def test_tasks_cannot_be_kept_in_an_impossible_way(place, given):
    with pytest.raises(InvalidInput, match=r"negative|cannot be 0"):
        place.load(**given)


def test_half_a_certificate_an_unsafe_object_store_and_a_short_timeout_are_refused(place):
    settings = place.load(
        tls_key="/x", persistence_location="jclouds:swift", ha_timeout="2s", ha_poll="1s"
    )

    with pytest.raises(InvalidInput) as refused:
        check(settings)

    assert (
        "option --persistence-location: jclouds:swift is an object store" in refused.value.details
    )
    assert "two nodes could lead" in refused.value.details
    assert "belong together" in refused.value.details
    assert "at least three times" in refused.value.details


def test_an_object_store_of_amps_properties_is_a_store(place):
    place.write(LAUNCHER, "persistenceLocation=mine\npersistenceDir=bucket/plane1\n")
    cfg = place.write(
        "etc/brooklyn.cfg",
        "brooklyn.location.named.mine=aws-s3:eu-west-1\n"
        "brooklyn.location.named.mine.identity=A\n"
        "brooklyn.location.named.mine.credential=s3same\n"
        "brooklyn.location.named.other=aws-ec2\n",
    )
    cfg.chmod(0o644)

    settings = place.load()
    check(settings)

    assert store_url(settings) == (
        "s3://bucket/plane1?region=eu-west-1&access_key_id=A&secret_access_key=s3same"
    )
    assert len(settings.warnings) == 2
    assert "can be read by others" in settings.warnings[0]
    assert "brooklyn.location.named.other has no effect yet" in settings.warnings[1]


def test_the_password_of_a_stores_url_is_not_in_the_table_of_settings(place):
    given = place.load(persistence_dir="postgresql://me:s3same@host/plane")
    rows = {name: value for name, value, _ in table(given)}
    assert rows["persistence-dir"] == "postgresql://me:***@host/plane"
    assert store_url(given) == "postgresql://me:s3same@host/plane"


def test_external_configuration_is_refused_where_it_would_be_taken_for_a_value(place):
    place.write(LAUNCHER, 'persistenceDir=$brooklyn:external("a", "b")')

    with pytest.raises(InvalidInput, match="external configuration is not supported yet"):
        place.load()


def test_the_table_tells_every_value_and_its_origin(place):
    rows = {name: (value, origin) for name, value, origin in table(place.load(ha="master"))}

    assert rows["ha"] == ("MASTER", "option --ha")
    assert rows["ha-poll"] == ("1s", "default")
    assert len(rows) == len(c.SETTINGS)


def test_every_option_is_offered_once_and_named_like_its_setting():
    options = list(server_options())
    spellings = [spelling for option in options for spelling in option.spellings]

    assert [option.name for option in options] == [setting.name for setting in c.SETTINGS]
    assert len(set(spellings)) == len(spellings)


def test_every_example_can_be_read():
    for setting in c.SETTINGS:
        setting.kind.read(setting.kind.example)
