from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.callfile import CallFileError, parse_csv
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.records import CallRecords

HEADER = "type,endpoint,domain,start,duration_s,result\n"
GOOD = "username,abc123,pstn,2014-04-28T12:00:00Z,311,success\n"
RECORD = CallRecord(Identity(IdentityType.USERNAME, "abc123"), Domain.PSTN, 1_398_686_400_000, 311, is_success=True)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + GOOD,
        (HEADER + GOOD).replace(",", ";"),
        (HEADER + GOOD).replace("\n", "\r\n"),
        "\ufeff" + HEADER + GOOD,
        (HEADER + "\n" + GOOD + ",,,,,\n\n").removesuffix("\n"),
        HEADER.upper() + " username , abc123 ,PSTN,2014-04-28 12:00:00Z, 311 ,Success",
        "note,result,duration_s,start,domain,endpoint,type\nhello,success,311,2014-04-28T14:00:00+02:00,pstn,abc123,username",
        HEADER + '"username","abc123","pstn","2014-04-28T12:00:00.000Z","311","success"',
    ],
    ids=["plain", "semicolons", "windows", "bom", "blank-lines", "sloppy", "other-order", "quoted"],
)
def test_a_file_is_read_however_it_was_saved(text, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(text.encode())
    with CallRecords() as records:
        assert records.load_csv(path) == 1
    assert list(parse_csv(text.removeprefix("\ufeff"))) == [RECORD]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("fax,abc,pstn,2014-04-28,1,success", "type must be one of username, number, email, did, not 'fax'"),
        ("username,,pstn,2014-04-28,1,success", "endpoint is empty"),
        ("number,46730170101,pstn,2014-04-28,1,success", "a number starts with a plus"),
        ("username,abc,phone,2014-04-28,1,success", "domain must be one of data, pstn, not 'phone'"),
        ("username,abc,pstn,28/04/2014,1,success", "start '28/04/2014' is no time: write a time as"),
        ("username,abc,pstn,2014-04-28T10:00:00,1,success", "is no time"),
        ("username,abc,pstn,2014-02-30,1,success", "does not exist"),
        ("username,abc,pstn,2014-04-28,1.5,success", "duration_s must be whole seconds, not '1.5'"),
        ("username,abc,pstn,2014-04-28,-1,success", "duration_s"),
        ("username,abc,pstn,2014-04-28,2147483648,success", "duration_s"),
        ("username,abc,pstn,2014-04-28,٣,success", "duration_s"),
        ("username,abc,pstn,2014-04-28,1,ok", "result must be success or failed, not 'ok'"),
        ("username,abc,pstn", "has 3 fields; at least 6 are needed"),
        ('username,"abc"d,pstn,2014-04-28,1,success', "is no CSV"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_half_loaded(row, reason, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + GOOD + "\n" + row + "\n" + GOOD)
    with CallRecords() as records:
        with pytest.raises(CallFileError) as refused:
            records.load_csv(path)
        assert len(records) == 0
    assert refused.value.line == 4
    assert str(refused.value).startswith("line 4: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize("text", ["", "hello", "type,endpoint,start,duration_s,result\n"])
def test_a_header_without_its_columns_is_refused(text):
    with pytest.raises(CallFileError, match=r"line 1: the header lacks .*domain"):
        list(parse_csv(text))


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes((HEADER + "username,åsa,pstn,2014-04-28,1,success\n").encode("latin-1"))
    with CallRecords() as records, pytest.raises(CallFileError, match="line 2: is not UTF-8"):
        records.load_csv(path)


def test_a_missing_file_is_the_callers_to_tell(tmp_path):
    with CallRecords() as records, pytest.raises(FileNotFoundError):
        records.load_csv(tmp_path / "none.csv")


@given(st.text(alphabet=st.sampled_from('user name,;"\n\r0123456789-:TZ+\x00\u2028')).map(lambda rows: HEADER + rows))
@settings(deadline=None)
def test_no_text_raises_anything_else(text):
    with suppress(CallFileError):
        list(parse_csv(text))


def test_a_line_separator_inside_a_name_is_part_of_the_name():
    (record,) = parse_csv(HEADER + "username,a\u2028b,pstn,2014-04-28,1,success\n")
    assert record.identity.endpoint == "a\u2028b"
