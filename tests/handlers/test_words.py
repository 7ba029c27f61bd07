import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.words import Word, fold, is_slack_mention, nearest, normalise, spell_word, tokenise, words_from_argv

#: Text that is likely to break something: markup, quotes, what cannot be seen, halves of surrogate pairs.
NASTY = st.text(st.sampled_from("<>@#!|&;\"'`.: -–—“”‘’…\u00a0\u200b\u200d\u202e\u2066\ufeff\x00\n\t\x1b\ud800aB1+"))
TEXT = st.one_of(st.text(), st.text(st.characters(categories=["Cs", "Cc", "Cf", "Lu", "Nd", "Zs"])), NASTY)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        pytest.param("username abc123 last-7d", "username abc123 last-7d", id="plain"),
        pytest.param("<tel:+46701234567|+46 70 123 45 67>", "+46701234567", id="number"),
        pytest.param("<tel:+46701234567>", "+46701234567", id="number without label"),
        pytest.param("<mailto:a@b.c|a@b.c> pstn", "a@b.c pstn", id="e-mail"),
        pytest.param("<mailto:a@b.c?subject=hi|a@b.c>", "a@b.c", id="e-mail with subject"),
        pytest.param("<http://abc.de|abc.de>", "abc.de", id="bare domain"),
        pytest.param("<https://abc.de/x?a=1&amp;b=2>", "https://abc.de/x?a=1&b=2", id="address"),
        pytest.param("<@U123|ana> x", "<@U123> x", id="person"),
        pytest.param("<@W123>", "<@W123>", id="person of a grid"),
        pytest.param("x<@U123|ana maria>y", "x <@U123> y", id="a mention is a word of its own"),
        pytest.param("<#C123|>", "<#C123>", id="private channel"),
        pytest.param("<!subteam^S1|@on call>", "<!subteam^S1>", id="user group"),
        pytest.param("&lt;!channel&gt;", "<!channel>", id="typed broadcast"),
        pytest.param("<!channel>", "<!channel>", id="broadcast"),
        pytest.param("a &amp; b", "a & b", id="ampersand"),
        pytest.param("&amp;lt;", "&lt;", id="entities are read once"),
        pytest.param("&quot;&#60;", "&quot;&#60;", id="only three entities"),
        pytest.param("last–7d", "last-7d", id="en dash"),
        pytest.param("last—7d", "last-7d", id="em dash"),
        pytest.param("last−7d", "last-7d", id="minus sign"),
        pytest.param("“ana maria”", '"ana maria"', id="curly double quotes"),
        pytest.param("o’brien", "o'brien", id="curly apostrophe"),
        pytest.param("abc\u00a0123\u2003x", "abc 123 x", id="spaces that are not spaces"),
        pytest.param("a\u200bb\ufeffc\u202ed\u2066e\u00adf", "abcdef", id="characters that cannot be seen"),
        pytest.param("a\x00b\x1b[31mc", "ab[31mc", id="control characters"),
        pytest.param("a\n\tb\r\nc\u2028d", "a b c d", id="one line"),
        pytest.param("a\ud800b", "ab", id="half of a surrogate pair"),
        pytest.param("  a   b  ", "a b", id="outer spaces"),
        pytest.param("`calls abc123` last-7d", "calls abc123 last-7d", id="code"),
        pytest.param("```abc123```", "abc123", id="code block"),
        pytest.param("a`b", "a`b", id="one backtick is a character"),
        pytest.param("username abc123 last-7d.", "username abc123 last-7d", id="full stop"),
        pytest.param("abc123...", "abc123", id="full stops"),
        pytest.param('"abc."', '"abc."', id="a full stop in quotes stays"),
        pytest.param("username ..", "username ..", id="full stops alone stay"),
        pytest.param("2014-04-28..", "2014-04-28..", id="an open range stays open"),
        pytest.param("2014-04-28T10:00..", "2014-04-28T10:00..", id="an open range with a time stays open"),
        pytest.param("<", "<", id="lone bracket"),
        pytest.param("<>", "<>", id="empty brackets"),
        pytest.param("<what|ever>", "<what|ever>", id="brackets that Slack does not write"),
        pytest.param("<tel:>", "", id="empty number"),
        pytest.param("\u200b", "", id="nothing that can be seen"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_normalise_gives_what_was_meant(sent: str, meant: str) -> None:
    assert normalise(sent) == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b", [Word("a"), Word("b")]),
        ('"ana maria" pstn', [Word("ana maria", is_quoted=True), Word("pstn")]),
        ("'ana maria'", [Word("ana maria", is_quoted=True)]),
        ('"ana ""the boss"" maria"', [Word('ana "the boss" maria', is_quoted=True)]),
        ('""', [Word("", is_quoted=True)]),
        ('"""a"', [Word('"a', is_quoted=True)]),
        ("o'brien d'arc", [Word("o'brien"), Word("d'arc")]),
        ('"abc def', [Word('"abc'), Word("def")]),
        ("'tis mine", [Word("'tis"), Word("mine")]),
        ('a"b c"', [Word('a"b'), Word('c"')]),
        ('"a"b c', [Word('"a"b'), Word("c")]),
        ('"', [Word('"')]),
        ("", []),
        ("   ", []),
    ],
)
def test_words_are_split_at_spaces_and_quotes_hold_a_name(text: str, words: list[Word]) -> None:
    assert list(tokenise(text)) == words


def test_a_quoted_word_is_no_word_of_the_grammar() -> None:
    assert [word.key for word in tokenise('PSTN "pstn"')] == ["pstn", ""]


def test_an_argument_of_a_terminal_is_one_word_and_its_entities_are_text() -> None:
    words = words_from_argv(["ana maria", '"abc"', "a&amp;b", " last–7d ", "\x1b"])
    assert [word.text for word in words] == ["ana maria", '"abc"', "a&amp;b", "last-7d", ""]
    assert not any(word.is_quoted for word in words)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("abc123", "abc123"),
        ("o'brien", "o'brien"),
        ("ana maria", '"ana maria"'),
        ("WATCH", '"WATCH"'),
        ('"x', '"""x"'),
        ("abc.", '"abc."'),
        ("/calls", '"/calls"'),
        ("", '""'),
    ],
)
def test_a_name_is_quoted_where_it_has_to_be(text: str, spelled: str) -> None:
    assert spell_word(text, reserved={"watch"}) == spelled


@pytest.mark.parametrize(
    ("text", "is_mention"),
    [
        ("<@U123>", True),
        ("<#C123>", True),
        ("<!subteam^S1>", True),
        ("<!channel>", False),
        ("<@u123>", False),
        ("@ana", False),
        ("<>", False),
    ],
)
def test_slack_s_names_are_told_from_text(text: str, is_mention: bool) -> None:
    assert is_slack_mention(text) is is_mention


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        *(("usernme", "username"), ("usrname", "username"), ("emial", "email"), ("NUMER", "number")),
        *(("abc123", None), ("", None), ("x" * 3000, None)),
    ],
)
def test_a_slip_gets_the_nearest_choice(typed: str, choice: str | None) -> None:
    assert nearest(typed, ("username", "number", "email", "did")) == choice


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_no_text_is_too_strange(text: str) -> None:
    clean = normalise(text)
    assert clean == fold(clean) == " ".join(clean.split())
    clean.encode()
    tokenise(text)
    assert "".join(word.text for word in tokenise(clean) if not word.is_quoted).count(" ") == 0


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_what_was_typed_and_escaped_by_slack_is_only_text(text: str) -> None:
    typed = " ".join(fold(text).replace("`", "").replace(".", "").split())
    assert normalise(typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) == typed


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXT.map(normalise), max_size=4))
def test_spelled_words_read_back_the_same(names: list[str]) -> None:
    assert [word.text for word in tokenise(" ".join(map(spell_word, names)))] == names


@pytest.mark.parametrize("piece", ["<", "<a", "&", "`", "``", '"a ', "'a \"b ", '" ""', "a ", ".", "\u200b", "<@U1|"])
def test_long_text_is_read_in_linear_time(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    tries = []
    for _ in range(3):  # the collector of garbage may come by once
        started = time.thread_time()
        tokenise(normalise(text))
        tries.append(time.thread_time() - started)
    assert min(tries) < 0.5
