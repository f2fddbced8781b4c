"""The configuration: every error names file, table, key and what is allowed; nothing else ever comes out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import EXAMPLE, Address, ConfigError, load, parse, parse_address
from gateway.devices import check_config

FILE = Path("shop.toml")


def check(text):
    config = parse(text, FILE)
    check_config(config)
    return config


def test_the_example_loads():
    config = check(EXAMPLE)
    assert [device.id for device in config.devices] == ["receipt", "drawer", "ec1", "fritz"]
    assert config.server == parse("", FILE).server


def test_what_the_example_comments_out_is_right_when_it_is_put_in():
    wanted = ("demonstration", "rest", "grpc", "allowed_", "directory", "reserve_mib", "keep_events", "level", "format")
    wanted += ("columns", "codepage", "pin", "password", "area_code", "client_id", "driver", "address", "[devices.tse]")
    lines = [
        line[2:] if line.startswith("# ") and line[2:].startswith(wanted) else line for line in EXAMPLE.splitlines()
    ]
    config = check("\n".join(lines).replace("demonstration = false", "demonstration = true"))
    assert [device.id for device in config.devices][-1] == "tse"
    assert config.devices[0].options == {"columns": "48", "codepage": "CP858"}
    defaults = parse("", FILE)
    assert config.server.rest == defaults.server.rest
    assert config.server.grpc == defaults.server.grpc
    assert config.storage == defaults.storage
    assert config.log == defaults.log
    assert config.server.allowed_origins == ("https://till.example",)


def test_everything_can_be_set():
    config = check(
        """
        demonstration = true
        [server]
        rest = "[::1]:0"
        grpc = "0.0.0.0:7381"
        allowed_hosts = ["Kasse.Local"]
        allowed_origins = ["https://Till.example:8443"]
        [storage]
        directory = "/tmp/x"
        reserve_mib = 0
        keep_events_days = 1
        [log]
        level = "debug"
        format = "json"
        [devices.receipt]
        driver = "escpos"
        address = "[fe80::1]:9100"
        columns = 32
        enabled = false
        """
    )
    assert config.server.rest == Address("::1", 0)
    assert str(config.server.rest) == "[::1]:0"
    assert config.server.allowed_hosts == ("kasse.local",)
    assert config.server.allowed_origins == ("https://till.example:8443",)
    assert config.storage.directory == Path("/tmp/x")
    assert not config.devices[0].enabled
    assert config.devices[0].options == {"columns": "32"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("= 1", ["is not valid TOML", "line 1"]),
        ("a = 1\na = 2", ["is not valid TOML"]),
        ("serfer = 1", ["serfer", "is not known", "Did you mean 'server'", "demonstration", "devices"]),
        ("zzz = 1", ["zzz", "is not known", "Allowed here"]),
        ("demonstration = 1", ["demonstration", "true or false", "1"]),
        ("server = 1", ["server", "must be a table"]),
        ("devices = []", ["devices", "must be a table"]),
        ("[server]\nrests = ''", ["[server]", "rests", "Did you mean 'rest'", "allowed_hosts"]),
        ("[server]\nrest = 7380", ["[server]", "rest", "text in quotes", "7380"]),
        ("[server]\nrest = ''", ["[server]", "rest", "text in quotes"]),
        ("[server]\nrest = 'localhost'", ["[server]", "rest", "HOST:PORT"]),
        ("[server]\ngrpc = 'a:99999'", ["[server]", "grpc", "HOST:PORT"]),
        ("[server]\nallowed_hosts = 'a'", ["[server]", "allowed_hosts", "list of texts"]),
        ("[server]\nallowed_hosts = [1]", ["[server]", "allowed_hosts", "text in quotes"]),
        ("[server]\nallowed_origins = ['*']", ["[server]", "allowed_origins", "exact origins", "'*'"]),
        ("[server]\nallowed_origins = ['https://a/']", ["allowed_origins", "exact origins"]),
        ("[server]\nallowed_origins = ['till.example']", ["allowed_origins", "exact origins"]),
        ("[storage]\ndirectory = 3", ["[storage]", "directory", "text in quotes"]),
        ("[storage]\nreserve_mib = -1", ["[storage]", "reserve_mib", "from 0 to", "-1"]),
        ("[storage]\nreserve_mib = true", ["[storage]", "reserve_mib", "whole number"]),
        ("[storage]\nkeep_events_days = 0", ["[storage]", "keep_events_days", "from 1 to 3650"]),
        ("[storage]\nkeep_events_days = 1.5", ["keep_events_days", "whole number"]),
        ("[log]\nlevel = 'loud'", ["[log]", "level", "debug, info, warning, error", "'loud'"]),
        ("[log]\nlevel = ['info']", ["[log]", "level", "debug, info"]),
        ("[devices.A]\ndriver = 'zvt'", ["[devices]", "A", "lower-case"]),
        ("[devices]\nreceipt = 1", ["[devices]", "receipt", "must be a table"]),
        ("[devices.r]\naddress = 'x'", ["[devices.r]", "driver", "is missing", "config example"]),
        ("[devices.r]\ndriver = 1", ["[devices.r]", "driver", "text in quotes"]),
        ("[devices.r]\ndriver = 'epson'", ["[devices.r]", "driver", "'epson'", "escpos", "zvt"]),
        ("[devices.r]\ndriver = 'escpos'\nenabled = 1\naddress = 'a'", ["[devices.r]", "enabled", "true or false"]),
        ("[devices.r]\ndriver = 'escpos'\nx = []\naddress = 'a'", ["[devices.r]", "x", "must be text, a number"]),
        ("[devices.r]\ndriver = 'escpos'\nx = 1\naddress = 'a'", ["[devices.r]", "x", "columns"]),
        ("[devices.r]\ndriver = 'escpos'\ncolumns = 8\naddress = 'a'", ["columns", "from 16 to 96", "'8'"]),
        ("[devices.r]\ndriver = 'escpos'\ncolumns = true\naddress = 'a'", ["columns", "from 16 to 96"]),
        ("[devices.r]\ndriver = 'escpos'\ncodepage = 'X'\naddress = 'a'", ["codepage", "CP858"]),
        ("[devices.r]\ndriver = 'escpos'", ["[devices.r]", "address", "HOST"]),
        ("[devices.r]\ndriver = 'escpos'\naddress = 'a:b'", ["[devices.r]", "address", "HOST:PORT"]),
        ("[devices.e]\ndriver = 'zvt'\naddress = 'a'\npassword = '12'", ["[devices.e]", "password", "6 digits"]),
        ("[devices.f]\ndriver = 'fritzbox'\naddress = 'a'\narea_code = 'x'", ["area_code", "2 to 6 digits"]),
        ("[devices.d]\ndriver = 'printer-drawer'", ["[devices.d]", "printer", "is missing"]),
        ("[devices.d]\ndriver = 'printer-drawer'\nprinter = 'r'", ["[devices.d]", "printer", "no printer 'r'"]),
        ("[devices.d]\ndriver = 'printer-drawer'\nprinter = 'r'\npin = 3", ["[devices.d]", "pin", "2, 5"]),
        ("[devices.t]\ndriver = 'software-tse'\naddress = '/t'", ["[devices.t]", "driver", "demonstration"]),
        ("demonstration = true\n[devices.t]\ndriver = 'software-tse'\naddress = 't'", ["address", "absolute path"]),
        (
            "demonstration = true\n[devices.t]\ndriver = 'software-tse'\naddress = '/t'\nclient_id = 'ä'",
            ["[devices.t]", "client_id", "letters"],
        ),
        (
            "[devices.e]\ndriver = 'zvt'\naddress = 'a'\n[devices.d]\ndriver = 'printer-drawer'\nprinter = 'e'",
            ["[devices.d]", "printer", "no printer 'e'"],
        ),
    ],
)
def test_errors_name_file_table_key_and_what_is_allowed(text, words):
    with pytest.raises(ConfigError) as error:
        check(text)
    message = str(error.value)
    assert message.startswith("shop.toml: ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_the_password_of_a_terminal_is_not_in_the_message():
    with pytest.raises(ConfigError) as error:
        check("[devices.e]\ndriver = 'zvt'\naddress = 'a'\npassword = '1234567'")
    assert "1234567" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 5"):
        load(tmp_path / "bad.toml")
    (tmp_path / "good.toml").write_text(EXAMPLE)
    assert load(tmp_path / "good.toml").path == tmp_path / "good.toml"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:80", "127.0.0.1", 80),
        ("kasse.local:0", "kasse.local", 0),
        ("[::1]:7380", "::1", 7380),
        (":7380", "127.0.0.1", 7380),
        ("a:65535", "a", 65535),
    ],
)
def test_addresses(text, host, port):
    address = parse_address(text)
    assert (address.host, address.port) == (host, port)
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["", "a", "a:", "a:b", "a:-1", "a:65536", "a:1 ", "a:٣", "a:²", 7, None])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="must be"):
        parse_address(text)


KEYS = st.sampled_from(
    ["demonstration", "server", "storage", "log", "devices", "rest", "directory", "level", "driver", "address", "pin"]
) | st.text(min_size=1, max_size=6)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["escpos", "zvt", "printer-drawer", "software-tse", "127.0.0.1:80", "[::1]:x", "[", "a:1:2"]),
    st.dates().map(lambda date: date.isoformat()),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def as_toml(value):
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list():
            return f"[{', '.join(as_toml(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{as_toml(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    escaped = "".join(f"\\U{ord(sign):08X}" if not sign.isalnum() else sign for sign in value if sign.isprintable())
    return f'"{escaped}"'


def assert_config_or_error(text):
    try:
        check(text)
    except ConfigError as error:
        if not str(error).startswith("shop.toml: "):
            raise


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_no_table_gives_anything_but_a_config_error(table):
    assert_config_or_error("\n".join(f"{as_toml(key)} = {as_toml(value)}" for key, value in table.items()))


@given(
    st.sampled_from(["escpos", "zvt", "printer-drawer", "software-tse", "fritzbox"]),
    st.dictionaries(st.sampled_from(["address", "columns", "printer", "pin", "client_id", "password"]), VALUES),
    st.booleans(),
)
def test_no_device_gives_anything_but_a_config_error(driver, table, demonstration):
    rows = "\n".join(f"{key} = {as_toml(value)}" for key, value in table.items() if key != "driver")
    assert_config_or_error(f"demonstration = {as_toml(demonstration)}\n[devices.x]\ndriver = '{driver}'\n{rows}")


@given(st.text(alphabet="[]{}=.,\"'\\\n#abc 019-+:TZ_\t\r\x00é", max_size=60))
def test_no_text_gives_anything_but_a_config_error(text):
    assert_config_or_error(text)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "{a = " * 5000, "a" + ".a" * 5000 + " = 1"])
def test_deep_nesting_is_an_error_like_any_other(text):
    assert_config_or_error(text)
    with pytest.raises(ConfigError):
        check(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert 0 <= address.port <= 65535
    assert address.host
