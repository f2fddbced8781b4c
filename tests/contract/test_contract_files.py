"""The contract and what is made from it: generated code, lint, the table of methods, the API document."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.contract import SERVICES, comments, methods
from gateway.faces.rest.openapi import document
from gateway.faces.rest.routes import Routes

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "proto" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_committed_is_what_the_contract_makes(generator, tmp_path):
    generator.generate(tmp_path / "out", tmp_path / "kassenwart.pb")
    made = {path.name: path.read_bytes() for path in (tmp_path / "out" / "kassenwart" / "v1").iterdir()}
    folder = ROOT / "clients" / "python" / "src" / "kassenwart" / "v1"
    committed = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert set(made) == set(committed)
    stale = [name for name in made if made[name] != committed[name]]
    assert stale == []
    assert (tmp_path / "kassenwart.pb").read_bytes() == (ROOT / "gateway/contract/kassenwart.pb").read_bytes()


def test_the_contract_passes_its_lint(generator):
    assert generator.lint() == 0


def test_every_method_has_a_route_of_its_own_roles_and_words():
    routes = {(method.verb, method.path) for method in methods()}
    assert len(routes) == len(methods())
    table = Routes(methods())
    for method in methods():
        assert method.roles, method.full_name
        assert comments().get(method.descriptor.full_name), method.full_name
        values = {name: f"the-{name}" for name in re.findall(r"\{(\w+)\}", method.path)}
        found = table.find(method.verb, method.path.format(**values))
        assert (found.method.name, found.fields) == (method.name, values)
        for name in values:
            assert method.request.DESCRIPTOR.fields_by_name[name].type == FieldDescriptor.TYPE_STRING
        assert method.read_only or method.verb != "GET", method.full_name
        assert method.body == ("*" if method.verb in {"POST", "PATCH"} else ""), method.full_name


def test_what_creates_takes_a_request_id():
    """Whatever moves money, paper, a drawer or the fiscal memory can be repeated without harm."""
    for name in (
        "CreatePrintJob",
        "ReprintPrintJob",
        "OpenDrawer",
        "CreatePayment",
        "StartTransaction",
        "FinishTransaction",
    ):
        [method] = [method for method in methods() if method.name == name]
        assert method.takes_request_id, name
        assert not method.read_only


def test_every_field_message_and_value_is_explained():
    words = comments()
    for method in methods():
        for message in (method.request.DESCRIPTOR, method.response.DESCRIPTOR):
            if not message.full_name.startswith("kassenwart.v1."):
                continue
            assert words.get(message.full_name), message.full_name
            for field in message.fields:
                assert words.get(field.full_name), field.full_name
                if field.enum_type is not None:
                    scope = field.enum_type.full_name
                    for value in field.enum_type.values:
                        assert words.get(f"{scope}.{value.name}"), f"{scope}.{value.name}"


def test_the_api_document_is_valid_openapi():
    made = document()
    OpenAPIV31SpecValidator(json.loads(json.dumps(made))).validate()
    operations = {(path, verb) for path, verbs in made["paths"].items() for verb in verbs}
    assert operations == {(method.path, method.verb.lower()) for method in methods()}
    ids = [verb["operationId"] for verbs in made["paths"].values() for verb in verbs.values()]
    assert len(ids) == len(set(ids))
    assert {tag["name"] for tag in made["tags"]} == set(SERVICES)
    text = json.dumps(made)
    for reference in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert reference in made["components"]["schemas"]
