"""Predicates mean what they mean in SQL, whatever a key holds; all others are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.dataset import Fragment, known_values, partition_keys
from ae_pipeline.errors import ConfigError
from ae_pipeline.selection import fragments_where
from tests.support.checks import assert_one_line

NULL = "__HIVE_DEFAULT_PARTITION__"


def fragments_of(*partitions: str) -> list[Fragment]:
    """One fragment per partition, without files."""
    paths = [f"{partition}/part-0.parquet" for partition in partitions]
    return [Fragment(Path(path), path, 1) for path in paths]


def chosen(partitions: Sequence[str], predicate: str) -> list[str]:
    """Partitions that a predicate holds for."""
    return [one.partition for one in fragments_where(fragments_of(*partitions), predicate)]


def values(key: str, listed: str, predicate: str) -> str:
    """Values of one key that a predicate holds for; `-` in `listed` is null."""
    partitions = [f"{key}={NULL if value == '-' else value}" for value in listed.split(",")]
    found = (partition.partition("=")[2] for partition in chosen(partitions, predicate))
    return ",".join("-" if value == NULL else value for value in found)


VERSIONS = "1.1,1.10,1.2"


@pytest.mark.parametrize(
    ("listed", "predicate", "expected"),
    [
        (VERSIONS, "k = 1.1", "1.1"),
        (VERSIONS, "k = 1.10", "1.10"),
        (VERSIONS, "k = '1.10'", "1.10"),
        (VERSIONS, "k <> 1.1", "1.10,1.2"),
        (VERSIONS, "k in (1.1, '1.2')", "1.1,1.2"),
        (VERSIONS, "k not in (1.1)", "1.10,1.2"),
        (VERSIONS, "1.1 = k", "1.1"),
        (VERSIONS, "k > '1.1'", "1.10,1.2"),
        ("1E5,10E4", "k = '1E5'", "1E5"),
        ("1E5,10E4", "k = 1E5", "1E5"),
        ("+5,5", "k = 5", "5"),
        ("+5,5", "k = '+5'", "+5"),
        ("1_000,1000", "k = 1000", "1000"),
        ("NaN,inf,1", "k = 'NaN'", "NaN"),
        ("NaN,inf,1", "k = 1", "1"),
        ("01,1", "k = 1", "1"),
        ("01,1", "k = '01'", "01"),
        ("1.0,1", "k = 1", "1"),
        ("-0,0", "k = 0", "0"),
        ("0.10,0.1", "k = 0.1", "0.1"),
        ("1,,2", "k = ''", ""),
        ("a,b", "k = ''", ""),
    ],
)
def test_partitions_of_two_names_are_two(listed: str, predicate: str, expected: str) -> None:
    """A key is text unless all its texts survive as numbers: 1.1 and 1.10 stay apart."""
    assert values("k", listed, predicate) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("month = 5", "05"),
        ("month = '05'", "05"),
        ("month >= 5", "05,11"),
        ("month < '05'", "04"),
        ("month in (4, '11')", "04,11"),
        ("month between 5 and 12", "05,11"),
        ("month <> 4", "05,11"),
        ("month = '5'", ""),
        ("month like '0%'", "04,05"),
        ("month is null", "-"),
    ],
)
def test_leading_zeros(predicate: str, expected: str) -> None:
    """`month=05` matches the number 5 and the text '05'."""
    assert values("month", "04,05,11,-", predicate) == expected


@pytest.mark.parametrize(
    ("listed", "predicate", "expected"),
    [
        ("a,b,-", "k <> 'a'", "b"),
        ("a,b,-", "k not in ('a')", "b"),
        ("a,b,-", "not k in ('a')", "b"),
        ("a,b,-", "k not in ('a', null)", ""),
        ("a,b,-", "k in ('a', null)", "a"),
        ("a,b,-", "k = null", ""),
        ("a,b,-", "not (k = 'a')", "b"),
        ("a,b,-", "not (k = 'a' and null)", "b"),
        ("a,b,-", "k = 'a' or null", "a"),
        ("a,b,-", "k not like 'a%'", "b"),
        ("a,b,-", "not k like 'a%'", "b"),
        ("a,b,-", "k not like null", ""),
        ("a,b,-", "k between null and 'z'", ""),
        ("a,b,-", "k not between 'b' and null", "a"),
        ("a,b,-", "k is not null", "a,b"),
        ("a,b,-", "(k = 'a') is null", "-"),
        ("a,b,-", "(k = 'a') is not true", "b,-"),
        ("a,b,-", "k is not distinct from null", "-"),
        ("a,b,-", "k is distinct from 'a'", "b,-"),
        ("a,b,c", "k = 'a' or k = 'b' and k = 'c'", "a"),
        ("a,b,c", "not k = 'a' and k <> 'c'", "b"),
        ("1,2,-", "k <> 1", "2"),
        ("1,2,-", "k not in (1)", "2"),
        ("1,2,-", "k not in (null)", ""),
        ("-,-", "k = 1 or k = 'a' or k is null", "-,-"),
    ],
)
def test_null_is_neither(listed: str, predicate: str, expected: str) -> None:
    """A comparison with null is neither true nor false, and `not` leaves it so."""
    assert values("k", listed, predicate) == expected


@pytest.mark.parametrize(
    ("listed", "predicate", "expected"),
    [
        ("2013,2014", "k = '2013'", "2013"),
        ("2013,2014", "k in ('2013', 2014)", "2013,2014"),
        ("2013,2014", "k = 99999999999999999999999", ""),
        ("2013,2014", "k < 99999999999999999999999", "2013,2014"),
        ("9007199254740992,9007199254740993", "k = 9007199254740993", "9007199254740993"),
        ("2013,2014", f"k < {'9' * 5000}", "2013,2014"),
        ("2013,2014", "k < 1e400", "2013,2014"),
        ("2013,2014", "k = 2013.0", "2013"),
        ("2013,2014", "k > 2013.5", "2014"),
        ("2013,2014", "k like '%3'", "2013"),
        ("-5,3", "k = -5", "-5"),
        ("-5,3", "k < - -4", "-5,3"),
        ("0.5,1.0,1.5", "k >= 1", "1.0,1.5"),
        ("0.1,0.2", "k = 0.1", "0.1"),
        ("true,false,-", "k", "true"),
        ("true,false,-", "not k", "false"),
        ("true,false,-", "k = true", "true"),
        ("True,False", "k <> FALSE", "True"),
        ("true,false", "k = 'TRUE'", "true"),
        ("true,false,-", "k is not true", "false,-"),
        ("true", "k", "true"),
        ("true,True", "k = 'True'", "True"),
        ("2024-01-01,2024-02-01", "k = '2024-01-01'", "2024-01-01"),
        ("2024-01-01,2024-02-01,-", "k >= DATE '2024-01-15'", "2024-02-01"),
        ("20240101,20240201", "k >= DATE '2024-01-15'", "20240201"),
        ("2024-01-01 06%3A30%3A00,2024-01-02", "k > TIMESTAMP '2024-01-01 07:00'", "2024-01-02"),
        ("2024-01-01,2024-02-01", "cast('2024-01-01' as date) = k", "2024-01-01"),
        ("it's,a%2Fb,%22", "k = 'it''s'", "it's"),
        ("it's,a%2Fb,%22", "k = 'a/b'", "a%2Fb"),
        ("a%25b,axb", "k = 'a%b'", "a%25b"),
        ("%FE,%FF", "k = '%FE'", "%FE"),
        ("é,e", "k = 'é'", "é"),
        ("a_b,axb", "k like 'a_b'", "a_b,axb"),
        ("a_b,axb", "k like 'a!_b' escape '!'", "a_b"),
        ("a_b,axb", "k not like 'a!_b' escape '!'", "axb"),
        ("a\\b,axb", "k like 'a\\b'", "a\\b"),
        ("Ab,b", "k ilike 'a%'", "Ab"),
        ("a,b", "k = 'a' -- and k = 'b'", "a"),
        ("a,b", "/* all */ k = 'a';", "a"),
        ("a,b", "true", "a,b"),
        ("a,b", "1 = 1 and null is null", "a,b"),
        ("a,b", "K = 'a' and \"k\" = 'a'", "a"),
    ],
)
def test_kinds_of_values(listed: str, predicate: str, expected: str) -> None:
    """Numbers of any size, booleans, dates and texts with quotes each compare as what they are."""
    assert values("k", listed, predicate) == expected


def test_names_of_keys() -> None:
    """Case matters only where keys differ by it alone; words of SQL and odd names can be quoted."""
    words = ["date", "order", "group", "end", "timestamp", "year", "my-key", "a.b", "select"]
    for word in words:
        assert chosen([f"{word}=1", f"{word}=2"], f'"{word}" = 1') == [f"{word}=1"]
    assert chosen(["year=1", "year=2"], "YEAR = 1") == ["year=1"]
    assert chosen(["k=1/K=2", "k=2/K=1"], "k = 1") == ["k=1/K=2"]
    with pytest.raises(ConfigError, match="kEy may be key or KEY"):
        chosen(["key=1/KEY=2"], "kEy = 1")
    with pytest.raises(ConfigError, match=r"there is no a.b; write .*\"a.b\""):
        chosen(["b=1"], "a.b = 1")


def test_a_path_is_a_text() -> None:
    """`path` is the file's path below the source, whatever its folders say."""
    assert chosen(["a=1", "a=2"], "path like 'a=2/%'") == ["a=2"]
    assert chosen(["x", "y"], "path = 'x/part-0.parquet'") == ["x"]


def test_a_key_given_twice_is_refused() -> None:
    """A key with two values in one path is refused; other keys of that path are not."""
    partitions = ["a=1/b=1/a=2", "a=3/b=2"]
    assert chosen(partitions, "b = 1") == partitions[:1]
    with pytest.raises(ConfigError, match="a has two values in a=1/b=1/a=2"):
        chosen(partitions, "a = 1")
    assert chosen(["a=1/a=1", "a=2"], "a = 1") == ["a=1/a=1"]


@pytest.mark.parametrize(
    ("listed", "predicate", "complaint"),
    [
        (VERSIONS, "k > 1.1", "k holds texts, because of 1.10; write '1.1'"),
        ("2013,other", "k >= 2013", "because of other; write '2013'"),
        ("1,2", "k = 'x'", "'x' is not a number"),
        ("1,2", "k = '1_0'", "not a number"),
        ("1,2", "k", "k is a number, not a condition"),
        ("a,b", "k", "k is text, not a condition"),
        ("a,b", "k = true", "k is text, true is true or false"),
        ("1,0", "k = true", "k is a number, true is true or false"),
        ("true,false", "k = 1", "k is true or false, 1 is a number"),
        ("true,false", "k = 'yes'", "'yes' is neither true nor false"),
        ("1,2", "k + 1 = 2", r"k \+ 1 is not understood"),
        ("1,2", "k = 1 + 1", r"1 \+ 1 is not understood"),
        ("2024-01-01", "k = 2024-01-01", "write dates as '2024-05-17'"),
        ("a,b", "upper(k) = 'A'", "the function upper is not understood"),
        ("a,b", "nonsense(k) = 'A'", "the function nonsense is not understood"),
        ("a,b", "k::int = 1", "not understood"),
        ("a,b", "k like k", "not understood"),
        ("a,b", "k like any ('a')", "not understood"),
        ("a,b", "k like 'a!' escape '!'", "ends with its escape"),
        ("a,b", "k in ()", "not understood"),
        ("a,b", "k in (select 1)", "not understood"),
        ("a,b", "k between symmetric 'a' and 'b'", "not understood"),
        ("a,b", "k = 'a'; drop table x", "not understood at drop"),
        ("a,b", "k = 'a'; k = 'b'", "several conditions, join them by and"),
        ("a,b", "drop table x", "not understood"),
        ("a,b", "select 1", "not understood"),
        ("a,b", "k = 'a", "is every quote closed"),
        ("a,b", " ", "it is empty"),
        ("a,b", "-- nothing", "it is empty"),
        ("a,b", "(" * 5000, "nested too deeply|not understood"),
        ("a,b", "not " * 5000 + "true", "nested too deeply"),
        ("a,b", "k = DATE '2024-02-30'", "'2024-02-30' is not a date: no day 30"),
        ("a,b", "k = DATE '2024-02-01'", "'[ab]' is not a date such as"),
        ("a,b", "k = ?", "not understood"),
        ("a,b", "case when true then false end", "not understood"),
    ],
)
def test_predicates_without_a_meaning_are_refused(
    listed: str, predicate: str, complaint: str
) -> None:
    """One line names the part that is not understood; no predicate ends in a traceback."""
    with pytest.raises(ConfigError, match=complaint) as caught:
        values("k", listed, predicate)
    assert_one_line(caught.value, "backfill.where")


def test_long_alternatives() -> None:
    """A predicate that a script wrote may have thousands of alternatives."""
    listed = [f"k={number}" for number in range(20)]
    either = " or ".join(f"k = {number}" for number in range(0, 3000, 2))
    assert chosen(listed, either) == listed[::2]
    assert chosen(listed, f"k in ({', '.join(map(str, range(5, 5000)))})") == listed[5:]


def test_patterns_cannot_take_forever() -> None:
    """A pattern with many wildcards takes only a few comparisons per character."""
    partitions = [f"k={'a' * 200}"]
    assert chosen(partitions, f"k like '{'%a' * 60}b'") == []
    assert chosen(partitions, f"k like '{'%a' * 60}%'") == partitions


def test_kinds_of_keys() -> None:
    """A key is a number only if each text is the only way to write its number."""

    def kind(*texts: str) -> str:
        return partition_keys(fragments_of(*(f"k={text}" for text in texts)))["k"].kind

    assert [kind("1", "-2"), kind("1.5", "2"), kind("0.1", "1.0")] == ["number"] * 3
    assert [kind("05", "11"), kind("000", "001")] == ["padded"] * 2
    assert [kind("true", "false"), kind("True", NULL)] == ["boolean"] * 2
    texts = [
        "1.10",
        "1E5",
        "+5",
        "NaN",
        "inf",
        "1_000",
        "",
        " 1",
        "\u0661",
        "-0",
        "1.",
        ".5",
        "0x1",
    ]
    assert {text: kind(text) for text in texts} == dict.fromkeys(texts, "text")
    assert kind("1", "01") == kind("true", "True") == kind(NULL) == "text"


def test_known_values_are_as_they_are_written() -> None:
    """Known values are quoted as the folders write them."""
    assert known_values(fragments_of("m=04", "m=11", f"m={NULL}")) == "m 04 to 11"
    assert known_values(fragments_of("v=1.1", "v=1.10")) == "v 1.1, 1.10"
    assert known_values(fragments_of(f"v={NULL}")) == "v null"
    assert known_values(fragments_of("x", "y")) == "path x/part-0.parquet, y/part-0.parquet"


# The oracle: DuckDB on a table of the same keys, typed as they are here.
ROWS = [
    (n, t, m, f)
    for n in (None, -1, 0, 2, 10)
    for t in (None, "", "a", "ab", "b%", "1.10")
    for m, f in ((None, True), ("01", False), ("10", None))
]
TABLE = pa.table(
    {
        "n": pa.array([row[0] for row in ROWS], pa.int64()),
        "t": pa.array([row[1] for row in ROWS], pa.string()),
        "m": pa.array([row[2] for row in ROWS], pa.string()),
        "f": pa.array([row[3] for row in ROWS], pa.bool_()),
    }
)


def folder(key: str, value: object) -> str:
    """A folder as Hive names it."""
    text = NULL if value is None else str(value).replace("%", "%25")
    return f"{key}={text.lower() if isinstance(value, bool) else text}"


TREE = ["/".join(folder(*pair) for pair in zip("ntmf", row, strict=True)) for row in ROWS]

numbers = st.sampled_from(["n", "0", "2", "-1", "1.5", "null", "99999999999999999999", "10.0"])
texts = st.sampled_from(["t", "m", "'a'", "''", "'01'", "'zz'", "'1.10'", "null", "T"])
booleans = st.sampled_from(["f", "true", "false", "null"])
operators = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
patterns = st.text(alphabet="ab%_1.", max_size=4).map(lambda text: f"'{text}'")


def comparisons(sides: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every operator on values of one kind."""
    maybe = st.sampled_from(["", "not "])
    return st.one_of(
        st.builds("{} {} {}".format, sides, operators, sides),
        st.builds("{} {}in ({}, {})".format, sides, maybe, sides, sides),
        st.builds("{} {}between {} and {}".format, sides, maybe, sides, sides),
        st.builds("{} is {}null".format, sides, maybe),
        st.builds("{} is {}distinct from {}".format, sides, maybe, sides),
    )


conditions = st.recursive(
    st.one_of(
        comparisons(numbers),
        comparisons(texts),
        comparisons(booleans),
        booleans,
        st.builds("t {}like {}".format, st.sampled_from(["", "not "]), patterns),
        st.builds("t {}like {} escape '.'".format, st.sampled_from(["", "not "]), st.just("'a.%'")),
        st.builds("f is {}{}".format, st.sampled_from(["", "not "]), booleans.filter("f".__ne__)),
    ),
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not {}".format, inner.map("({})".format)),
        st.builds("({}) is {}true".format, inner, st.sampled_from(["", "not "])),
        inner.map("({})".format),
    ),
    max_leaves=6,
)


@given(conditions)
def test_duckdb_chooses_the_same(predicate: str) -> None:
    """Nested conditions over numbers, texts, booleans and nulls hold where they do in DuckDB."""
    with duckdb.connect() as connection:
        connection.register("keys", TABLE)
        found = connection.sql(
            f"select row_number from (select *, row_number() over () - 1 as row_number from keys) "  # noqa: S608
            f"where {predicate} order by all"
        ).fetchall()
    assert chosen(TREE, predicate) == [TREE[row] for (row,) in found]


WORDS = """
    n t f path and or not in ( ) , = <> < like between is null true 'a' '' 1 -1 1e5 1.5 " ' ` #
    date '2024-01-01' ; -- /* */ * % || :: [ ] { } case when end select from escape ? $1 @ 0x1
    exists any interval extract cast as int lambda x -> . .. \\
"""
words = st.sampled_from([*WORDS.split(), "\0", "\n", "\x1b", "\u202e"])


@given(st.one_of(st.text(max_size=40), st.lists(words, max_size=12).map(" ".join)))
def test_no_text_ends_in_a_traceback(predicate: str) -> None:
    """Any text either selects partitions or is refused in one line."""
    try:
        assert set(chosen(TREE, predicate)) <= set(TREE)
    except ConfigError as error:
        assert_one_line(error)
