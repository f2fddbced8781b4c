"""The API document against the running daemon: schemathesis looks for answers that the document does not allow."""

import asyncio

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support import Shop

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def probe(rest, token):
    """Call every operation but the streams with made-up requests; returns what was called."""
    schema = schemathesis.openapi.from_url(f"{rest}/openapi.json")
    called = []
    headers = {"Authorization": f"Bearer {token}"}
    for result in schema.get_all_operations():
        operation = result.ok()
        if "text/event-stream" in str(operation.definition.raw["responses"]["200"]["content"]):
            continue  # without an end; tests/contract/test_rest_streams.py reads them
        called.append(operation.label)

        @settings(
            max_examples=10,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

        from hypothesis import given

        given(case=operation.as_strategy())(check)()
    return called


async def test_every_answer_is_as_the_document_says(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready()
        called = await asyncio.to_thread(probe, shop.rest, shop.tokens["technician"])
        assert len(called) > 25
        assert await shop.ok("GET", "/livez") == {"status": "alive"}
