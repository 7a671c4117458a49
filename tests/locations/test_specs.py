import pytest

from brookline.errors import InvalidInput
from brookline.locations.specs import read_spec


@pytest.mark.parametrize(
    ("given", "name", "config"),
    [
        ("localhost", "localhost", {}),
        (" localhost() ", "localhost", {}),
        ("localhost(name=here)", "localhost", {"name": "here"}),
        ("localhost:(name=here, x=1)", "localhost", {"name": "here", "x": "1"}),
        ("localhost:", "localhost", {}),
        (
            'byon(hosts="a,b", user=\'x y\', note="say \\"hi\\"")',
            "byon",
            {"hosts": "a,b", "user": "x y", "note": 'say "hi"'},
        ),
        ("jclouds:aws-ec2:us-east-1", "jclouds", {}),
        ({"localhost": {"name": "here"}}, "localhost", {"name": "here"}),
        ({"localhost(a=1)": {"b": 2}}, "localhost", {"a": "1", "b": 2}),
        ({"localhost": None}, "localhost", {}),
    ],
)
def test_specs_are_read(given, name, config):
    spec = read_spec(given)
    assert (spec.name, dict(spec.config)) == (name, config)


@pytest.mark.parametrize(
    "given", ["", None, 5, {"a": {}, "b": {}}, {"localhost": "x"}, "localhost(name)"]
)
def test_what_is_no_spec_is_refused(given):
    with pytest.raises(InvalidInput):
        read_spec(given)
