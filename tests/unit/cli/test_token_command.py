"""`tickerplant token`."""

import jwt
import pytest

from tests.access_support import SECRET
from tests.support import run_tickerplant

ENV = {"TICKERPLANT_GATEWAY__ACCESS__HS256_SECRET": SECRET}


def test_token_that_the_gateway_takes() -> None:
    done = run_tickerplant("token", "ann", "--tier", "premium", "--scope", "ticks:BTC-*", "--role", "operator", "--hours", "2", env=ENV)
    assert (done.returncode, done.stderr) == (0, "")
    claims = jwt.decode(done.stdout.strip(), SECRET, ["HS256"], audience="tickerplant")
    assert (claims["sub"], claims["tier"], claims["scope"], claims["roles"]) == ("ann", "premium", "ticks:BTC-*", ["operator"])
    assert claims["exp"] - claims["iat"] == 7200


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (["ann"], {}, "openssl rand -hex 32"),
        (["ann", "--tier", "gold"], ENV, "free, premium, enterprise"),
        (["ann", "--role", "boss"], ENV, "gateway.access.roles"),
        (["ann"], {"TICKERPLANT_GATEWAY__ACCESS__HS256_SECRET": "short"}, "32 characters"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], env: dict[str, str], says: str) -> None:
    done = run_tickerplant("token", *arguments, env=env)
    assert (done.returncode, done.stdout, done.stderr.strip().count("\n")) == (2, "", 0)
    assert says in done.stderr
    assert "short" not in done.stderr
