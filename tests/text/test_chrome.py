import pytest

from syndicator.text.chrome import agencies, is_caption, is_furniture, split_dateline, without_furniture


@pytest.mark.parametrize(
    "line", ["Total", "0", "1.2K", "Share", "٣", "", "Read also: x", "هەروەها بخوێنەوە: x", "شارك"]
)
def test_what_a_theme_wrote(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize("line", ["Total losses rose.", "Share prices fell.", "Read the report."])
def test_what_a_reporter_wrote(line: str) -> None:
    assert not is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "___",
        "https://courier.example/a",
        "Subscribe to our morning newsletter",
        "Get the day's top stories, delivered to your inbox.",
        "Like this story? Share it with a friend!",
        "The post Rain closes the road appeared first on The Azmar Courier.",
        "© 2026 The Azmar Courier",
        "This story is subject to copyright.",
        "SEE MORE: Snow on Goizha",
        "اشترك الآن في نشرتنا البريدية",
        "جميع الحقوق محفوظة لصحيفة أزمر",
        "بەشداری هەواڵنامەکەمان بکە",
        "هەموو مافەکانی ئەزمەڕ کوریەر پارێزراون",
    ],
)
def test_what_asks_readers_for_something_or_says_who_owns_the_page(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "Two million people subscribe to its newsletter, the company said.",
        "Subscribers to the union's newsletter heard of the strike first, and they told everybody else in the city "
        "before the union's own leaders did, said a driver who has read it every morning for the past twenty years.",
        "Copyright law is old.",
        "اشترك في الاجتماع عدد من الوزراء، بحسب البيان.",
        "بەشداری لە کۆبوونەوەکەدا کرد.",
        "More than ten roads were closed.",
    ],
)
def test_what_a_reporter_wrote_of_newsletters_and_rights(line: str) -> None:
    assert not is_furniture(line)


def test_nothing_after_the_tail_is_the_story() -> None:
    assert without_furniture(["It rained.", "0", "Previous Article", "It snowed."]) == ("It rained.",)


@pytest.mark.parametrize(
    ("paragraph", "dateline"),
    [
        ("SULAIMANI (COURIER) — Rain fell.", "SULAIMANI (COURIER)"),
        ("السليمانية (كوريير) – هطل المطر.", "السليمانية (كوريير)"),
        ("سلێمانی (کوریەر): باران باری.", "سلێمانی (کوریەر)"),
        ("BAGHDAD — Rain fell.", "BAGHDAD"),
    ],
)
def test_a_dateline_is_split_off(paragraph: str, dateline: str) -> None:
    found, rest = split_dateline(paragraph)
    assert found == dateline
    assert rest in paragraph
    assert "—" not in rest


@pytest.mark.parametrize("paragraph", ["Rain (heavy) fell.", "He said — and meant it — no.", "Rain fell."])
def test_a_sentence_is_no_dateline(paragraph: str) -> None:
    assert split_dateline(paragraph) == (None, paragraph)


def test_a_caption_says_so() -> None:
    assert is_caption("File – The road")
    assert is_caption("وێنە: ڕێگاکە")
    assert is_caption("The road over Azmar (Photo: AFP)")
    assert is_caption("طريق أزمر (تصوير: أ ف ب)")
    assert not is_caption("Files were lost.")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("It rained, according to Reuters. AFP reported snow.", ("Reuters", "AFP")),
        ("وفق وكالة رويترز هطل المطر", ("Reuters",)),
        ("بەپێی ئاژانسی ڕۆیتەرز باران باری", ("Reuters",)),
        ("He works for Reuters.", ()),
    ],
)
def test_agencies_are_credited(text: str, named: tuple[str, ...]) -> None:
    assert agencies(text) == named
