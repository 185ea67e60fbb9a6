"""What is made of feeds of every dialect, and of what is hardly one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from time import thread_time

import pytest

from syndicator.errors import SourceError
from syndicator.ports import Answer
from syndicator.sources import listings
from syndicator.sources.listings import Entry, Listing
from syndicator.sources.listings.nouns import absolute, interval, name_of

BASE = "https://courier.example/feed"
BOMBS = Path(__file__).parents[3] / "shared" / "corpora" / "hostile" / "defusedxml" / "xmltestdata"
MEGABYTE = 1_000_000
SECONDS = 5.0  # of this thread's own work, for a megabyte of anything


def read(body: str | bytes, **headers: str) -> Listing:
    told = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return listings.read(Answer(status=200, url=BASE, headers=named, body=told))


def rss(inside: str, head: str = "", attributes: str = "") -> str:
    return f'<rss version="2.0" {attributes}><channel>{head}<item>{inside}</item></channel></rss>'


def atom(inside: str, head: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}<entry>{inside}</entry></feed>'


def only(body: str | bytes, **headers: str) -> Entry:
    (found,) = read(body, **headers).entries
    return found


def test_an_item_of_rss_has_everything_that_modules_say() -> None:
    modules = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    head = (
        "<title>Courier</title><link>/</link><language>en_GB</language><ttl>90</ttl><sy:updatePeriod>hourly"
        '</sy:updatePeriod><atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="/me"/>'
    )
    item = (
        "<title>Rain &amp;amp; road</title><link> /rain </link><guid>g</guid><pubDate>p</pubDate><dc:date>d</dc:date>"
        "<dc:creator>Sara</dc:creator><category>City</category><dc:subject>Roads</dc:subject><category>City</category>"
        '<itunes:category text="News"/><description>Short.</description>'
        '<content:encoded><![CDATA[<p>Long, with <a href="/map">a map</a>.</p>]]></content:encoded>'
        '<media:group><media:thumbnail url="/small.jpg"/><media:content url="/rain.jpg" medium="image"/></media:group>'
    )
    found = read(rss(item, head, modules))
    assert (found.title, found.link, found.every) == (
        "Courier",
        "https://courier.example/",
        timedelta(minutes=90),
    )
    assert found.entries == (
        Entry(
            id="g",
            url="https://courier.example/rain",
            headline="Rain &amp; road",
            content='<p>Long, with <a href="https://courier.example/map">a map</a>.</p>',
            summary="Short.",
            published="p",
            updated="d",
            author="Sara",
            topics=("City", "Roads", "News"),
            language="en_GB",
            image="https://courier.example/rain.jpg",
        ),
    )
    assert found.entries[0].html == found.entries[0].content


def test_rdf_is_told_by_its_about() -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel><title>C</title></channel><item rdf:about="https://courier.example/1"><title>t</title></item></rdf:RDF>'
    )
    assert (only(body).id, only(body).url) == ("https://courier.example/1",) * 2


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("<content>1 &lt; 2 &amp; &lt;b&gt;</content>", "1 &lt; 2 &amp; &lt;b&gt;"),
        ('<content type="html">&lt;b&gt;rain&lt;/b&gt;</content>', "<b>rain</b>"),
        (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
            '<b class="x">a &lt; b</b><br/></div></content>',
            '<b class="x">a &lt; b</b><br />',
        ),
        ('<content type="application/octet-stream">PGI+cmFpbjwvYj4=</content>', "<b>rain</b>"),
        ('<content type="weather/words">rain</content>', "rain"),
        (
            '<content type="html" xml:base="/a/">&lt;img src="b.jpg"&gt;</content>',
            '<img src="https://courier.example/a/b.jpg">',
        ),
    ],
)
def test_atom_says_what_a_text_is(content: str, html: str) -> None:
    assert only(atom(content)).html == html


def test_an_entry_of_atom_inherits_author_and_language() -> None:
    head = "<author><name>Sara</name></author>"
    found = only(atom("<id>1</id>", head).replace("<feed", '<feed xml:lang="ckb"'))
    assert (found.author, found.language) == ("Sara", "ckb")
    told = '<id>1</id><author><name>Dana</name></author><content xml:lang="ar_IQ">x</content>'
    assert (only(atom(told, head)).author, only(atom(told)).language) == ("Dana", "ar-IQ")


def test_json_feed_in_both_versions() -> None:
    items = [
        {
            "id": 7,
            "external_url": "/rain",
            "title": "a < b",
            "content_text": "One.\n\nTwo & three.",
            "author": {"name": "S"},
        },
        "no entry",
    ]
    told = {"version": "https://jsonfeed.org/version/1", "title": "C", "feed_url": "/me", "items": items}
    found = read(json.dumps(told))
    (entry,) = found.entries
    assert (entry.id, entry.url, entry.headline) == ("7", "https://courier.example/rain", "a &lt; b")
    assert (entry.html, entry.author) == ("<p>One.</p><p>Two &amp; three.</p>", "S")


@pytest.mark.parametrize(
    ("broken", "headline"),
    [
        ("<title>Rain & road</title>", "Rain & road"),
        (
            "<title>Rain &nbsp;&mdash; road &#150; &#8212; &#x1F600; &nothing; &copy</title>",
            "Rain \xa0— road – — 😀 &nothing; &copy",
        ),
        ("<title>1 < 2</title>", "1 < 2"),
        ("<title>Rain\x00\x0b road\x1f</title>", "Rain road"),
        ("<title><![CDATA[Rain & <b>road</b> &nbsp;]]></title>&", "Rain & <b>road</b> &nbsp;"),
        ("<title>Rain<br>road</title>", "Rain<br />road"),
        ("<title>Rain</title><x:y>undeclared</x:y>", "Rain"),
        ("<title>Rain</title><a b=c d>", "Rain"),
    ],
)
def test_broken_xml_is_mended(broken: str, headline: str) -> None:
    assert only(rss(f"<link>/rain</link>{broken}")).headline == headline


def test_what_stands_before_and_what_is_missing_behind() -> None:
    whole = rss("<title>Rain</title>")
    assert only(f"Warning: line 7 of feed.php\n{whole}").headline == "Rain"
    assert only(whole.removesuffix("</item></channel></rss>")).headline == "Rain"
    assert only(f'<?xml version="1.0"?>\n\n{whole}\n<!-- 0.2 s -->x').headline == "Rain"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("utf-8", {}),
        ("utf-16", {}),
        ("utf-32", {}),
        ("cp1256", {"content_type": "text/xml; charset=windows-1256"}),
        ("utf-8", {"content_type": "application/rss+xml; charset=us-ascii"}),
        ("utf-8", {"content_type": "text/xml; charset=nonsense"}),
        ("cp1256", {}),
    ],
)
@pytest.mark.parametrize("broken", ["", "&"])
def test_any_charset(body: str, headers: dict[str, str], broken: str) -> None:
    told = rss(f"<title>مطر غزير على الطريق</title>{broken}").encode(body)
    assert only(told, **headers).headline == "مطر غزير على الطريق"


def test_one_spoilt_character_spoils_no_other() -> None:
    told = rss("<title>بارانێکی زۆر ؟ باری</title>").encode().replace("؟".encode(), b"\xff")
    assert only(told).headline == "بارانێکی زۆر \ufffd باری"
    assert only(rss("<title>Caf\xe9 \x93open\x94</title>").encode("latin-1")).headline == "Café “open”"


def test_the_header_says_the_language_when_nothing_else_does() -> None:
    body = rss("<title>x</title>")
    assert read(body, content_language="ckb").entries[0].language == "ckb"
    assert read(body, content_language="en, ar").language is None


def test_entities_of_a_feed_s_own_are_not_expanded() -> None:
    for inside in (
        '<!ENTITY a "b">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://x/"> %a;',
    ):
        found = only(f"<!DOCTYPE rss [{inside}]>" + rss("<title>Rain &a;</title>"))
        assert found.headline == "Rain &a;"


def test_bombs_of_others_do_nothing() -> None:
    if not BOMBS.is_dir():
        pytest.skip("needs the hostile corpus beside the project")
    for file in BOMBS.glob("*.xml"):
        begun = thread_time()
        with pytest.raises(SourceError):
            read(file.read_bytes())
        told = read(file.read_bytes() + rss("<title>x</title>").encode())
        assert thread_time() - begun < 1
        assert "root:" not in str(told)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("sara@news.example (Sara)", "Sara"),
        ("Sara <sara@news.example>", "Sara"),
        ("Sara", "Sara"),
        ("sara@news.example", "sara@news.example"),
        (" ", None),
        (None, None),
    ],
)
def test_a_name_without_its_address(told: str | None, name: str | None) -> None:
    assert name_of(told) == name


def test_how_often_it_asks_to_be_looked_at() -> None:
    assert interval("daily", "2", None) == timedelta(hours=12)
    assert interval("hourly", "0", "90") == timedelta(minutes=90)
    assert interval("often", None, "9999999999") is None
    assert interval(None, "٣", "-5") is None


def test_links_lead_somewhere_wherever_they_are_read() -> None:
    html = '<a href="x">1</a><a href="#y">2</a><img src=\'/z\'><a href="mailto:a@b">3</a><a href="http://[">4</a>'
    assert absolute(html, BASE) == html.replace('"x"', '"https://courier.example/x"').replace(
        "'/z'", "'https://courier.example/z'"
    )


def times(piece: str, head: str = "<rss><channel>", tail: str = "") -> bytes:
    return (head + piece * (MEGABYTE // len(piece)) + tail).encode()


ITEM, END = "<rss><channel>&<item><link>/x</link>", "</item></channel></rss>"
ENDLESS = {
    "less": times("<"),
    "tags": times("<a>"),
    "tag": times("<a "),
    "comments": times("<!--"),
    "comment ends": times("-->", "<rss><!--"),
    "sections": times("<![CDATA["),
    "section ends": times("]]>", "<rss><![CDATA["),
    "ampersands": times("&"),
    "references": times("&#x"),
    "names": times("&a;"),
    "numbers": times("&#1", ITEM + "<title>"),
    "doctypes": times("<!DOCTYPE ", ""),
    "entities": times('<!ENTITY a "b">', "<!DOCTYPE rss [", "]>" + rss("<title>&a;</title>")),
    "nested entities": times("&a;", '<!DOCTYPE rss [<!ENTITY a "' + "b" * 1000 + '">]><rss><channel><title>'),
    "attributes": times('a="b" ', "<rss><channel><a "),
    "quotes": times('a="', "<rss><channel><a "),
    "equals": times("=", "<rss><channel><a "),
    "namespaces": b"<rss><channel><a " + b"".join(b'xmlns:n%d="u" ' % n for n in range(60_000)) + b">",
    "items": times("<item><title>x</title></item>", ITEM),
    "items inside one another": times("<item>"),
    "groups": times("<media:group>", ITEM),
    "divs": times("<div>", ITEM + "<description>"),
    "escaped divs": times("&lt;div&gt;", ITEM + "<description>", "</description>" + END),
    "links": times('&lt;a href="', ITEM + "<description>", "</description>" + END),
    "sources": times("src='\"", ITEM + "<description>", "</description>" + END),
    "breaks": times("<br ", ITEM + "<description>"),
    "authors": times("a", ITEM + "<author>", "</author>" + END),
    "addresses": times("(a@b", ITEM + "<author>", "</author>" + END),
    "dates": times("1 ", ITEM + "<pubDate>", "</pubDate>" + END),
    "ways up": times("../", ITEM.replace("/x", "") + "<guid>", "</guid>" + END),
    "bases": times('<a xml:base="x/">'),
    "languages": times('<item xml:lang="x">'),
    "topics": times("<category>a</category>", ITEM, END),
    "contents": times("<content>aaaaaa</content>", "<feed><entry>", "</entry></feed>"),
    "declarations": times('<?xml version="1.0"', ""),
    "instructions": times("<?", ""),
    "an encoding": times("a", '<?xml version="1.0" encoding="', '"?><rss>'),
    "blanks": times(" ", ""),
    "zeros": times("\0"),
    "lists": times("[", '{"version": "https://jsonfeed.org/version/1.1", "items": '),
    "objects": times('{"a":', ""),
    "digits": times("9", '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": ', "}]}"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_a_megabyte_of_anything_takes_its_time_and_no_more(name: str) -> None:
    begun = thread_time()
    try:
        read(ENDLESS[name])
    except SourceError as error:
        assert len(str(error)) < 1000
    assert thread_time() - begun < SECONDS
