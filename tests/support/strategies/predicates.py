"""Strategies for predicates on partition keys: meaningful ones, and words in any order.

Keys are n (numbers), t and m (texts) and f (truth).
"""

from __future__ import annotations

from hypothesis import strategies as st

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


WORDS = """
    n t f path and or not in ( ) , = <> < like between is null true 'a' '' 1 -1 1e5 1.5 " ' ` #
    date '2024-01-01' ; -- /* */ * % || :: [ ] { } case when end select from escape ? $1 @ 0x1
    exists any interval extract cast as int lambda x -> . .. \\
"""


words = st.sampled_from([*WORDS.split(), "\0", "\n", "\x1b", "\u202e"])
