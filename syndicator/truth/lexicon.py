"""The words by which a sentence changes what it claims, in English, Arabic and Sorani."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from syndicator.text.words import plain


def _set(told: str) -> frozenset[str]:
    return frozenset(plain(told).split())


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Words of one language, as :func:`syndicator.text.words.plain` spells them."""

    small: frozenset[str] = frozenset()  # carry no meaning alone: articles, copulas, pronouns, prepositions
    free: frozenset[str] = frozenset()  # of these, those that may be put in
    pronouns: frozenset[str] = frozenset()
    joining: frozenset[str] = frozenset()  # and, or
    negators: frozenset[str] = frozenset()
    turning: frozenset[str] = frozenset()  # deny, refuse, fail: what follows did not happen
    hedges: frozenset[str] = frozenset()  # may, alleged, if: what follows is not said to be so
    limits: frozenset[str] = frozenset()  # about, only, at least, former: what follows is less, or more
    relations: frozenset[str] = frozenset()  # by, from, after: who did it to whom, and when
    speaking: frozenset[str] = frozenset()  # said, according to
    opposites: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    prefixes: tuple[str, ...] = ()  # written onto a word
    joined: frozenset[str] = frozenset()  # of these, and, so, by: before a word that changes a claim, too
    suffixes: tuple[str, ...] = ()
    verb_last: bool = False
    no_prefixes: tuple[tuple[str, str], ...] = ()  # how a verb is denied, and how the same verb affirms

    def has(self, kind: str, word: str) -> bool:
        """Whether it is one of these words, or one with what is written onto its beginning."""
        words: frozenset[str] = getattr(self, kind)
        return word in words or (word[:1] in self.joined and word[1:] in words)

    @cached_property
    def turns(self) -> frozenset[str]:
        """Every word that changes a claim."""
        return self.negators | self.turning | self.hedges | self.limits | self.relations


def _pairs(told: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """``more|higher less|lower`` on each line."""
    lines = (plain(line).split() for line in told.strip().splitlines())
    return tuple((frozenset(one.split("|")), frozenset(other.split("|"))) for one, other in lines)


ENGLISH = Lexicon(
    small=_set(
        "the a an of and that which who whom is are was were be been being has have had it its his her hers their he "
        "she they them this these those also 's as in on at to for with so there"
    ),
    free=_set(
        "the a an that which who is are was were be been being has have had it its his her hers their he she they them this "
        "these those also 's of"
    ),
    pronouns=_set("he she it they his her its their"),
    joining=_set("and or"),
    negators=_set(
        "not n't no never none nobody nothing neither nor without cannot nowhere hardly barely non"
    ),
    turning=_set(
        "denied deny denies denying refused refuse refuses failed fail fails rejected reject rejects unable prevented "
        "stopped avoid avoided unlikely instead rather dismissed cancelled canceled ruled lacks lacked cleared"
    ),
    hedges=_set(
        "may might could would should will can must alleged allegedly allegations reportedly suspected suspect suspects "
        "accused apparently possibly possible perhaps probably likely believed thought seems seem seemed appears "
        "appeared appear expected rumoured rumored potential potentially presumably purported purportedly planned plans "
        "plan hopes hope hoped if unless whether supposedly feared fears risk trying try tried attempted attempt wants "
        "wanted threatened intends considering considers proposed unconfirmed estimated suggests suggested claims "
        "claimed ought maybe conceivably possibility chance chances understood seemingly presumed "
        "unverified allegation likelihood estimates hypothetical doubt doubts question rumours rumors speculation"
    ),
    limits=_set(
        "about around almost nearly roughly approximately only least most up more less than over under former ex some "
        "partly partially few several mainly mostly just even every all both another other"
    ),
    relations=_set(
        "until before after except early late against between by from into last next since ago during"
    ),
    speaking=_set(
        "said says say saying told tells tell according announced announces reported reports stated states added adds "
        "insisted insists argued argues believes believe warned warns confirmed confirms admitted admits explained "
        "explains revealed reveals wrote writes tweeted testified quoted described describes noted notes thinks "
        "acknowledged claim claims claimed alleges alleged asserted declared predicts predicted reckons reckon "
        "maintained maintains suggested suggests concluded statement spokesman spokeswoman spokesperson "
        "recalled replied complained remarked commented stressed pledged promised vowed alleging citing cited hinted "
        "conceded countered maintains insisting claiming arguing"
    ),
    opposites=_pairs("""
        more|higher|greater|above|over less|lower|fewer|smaller|below|under
        rise|rises|rose|risen|rising|increase|increases|increased|grew|grow|climbed|gained|up fall|falls|fell|fallen|falling|decrease|decreases|decreased|shrank|dropped|drop|declined|lost|down
        won|win|wins|beat|victory lost|lose|loses|defeat
        open|opened|reopened|opens|reopens close|closed|shut|closes
        before after
        first last
        arrested|jailed|detained released|freed
        accept|accepted|approved|approve|agreed reject|rejected|refused
        guilty|convicted innocent|acquitted|cleared
        best worst
        most least
        started|began|begin|start|begins ended|end|stopped|finished
        support|supported|supports|backed oppose|opposed|opposes
        legal illegal
        likely unlikely
        allowed|allow|permitted banned|ban|forbidden
        north south
        east west
        buy|bought sell|sold
        early late
        alive dead
        increase reduce|reduced|cut
        with without
        always never
        all some|none
        male|man|men|boy female|woman|women|girl
    """),
    suffixes=("s",),
)

ARABIC = Lexicon(
    small=_set(
        "من في على إلى عن أن إن التي الذي الذين هذا هذه ذلك تلك كان كانت هو هي هم و ثم كما أنه أنها إنه إنها به بها له لها فيه "
        "فيها منه منها ما وهو وهي أي ب ل ك عليه عليها كانوا وكان وكانت تم أيضا"
    ),
    free=_set(
        "أن إن التي الذي الذين هذا هذه ذلك تلك كان كانت هو هي هم أنه أنها إنه إنها به بها له لها فيه فيها وكان وكانت وهو وهي أيضا"
    ),
    pronouns=_set("هو هي هم وهو وهي"),
    joining=_set("و أو ثم"),
    negators=_set("لا لم لن ليس ليست ليسوا لست غير دون بدون عدم بلا ولا ولم ولن وليس"),
    turning=_set(
        "نفى نفت ينفي تنفي رفض رفضت يرفض ترفض فشل فشلت يفشل تفشل استبعد استبعدت ألغى ألغت منع منعت عجز"
    ),
    hedges=_set(
        "قد ربما يزعم تزعم زعم زعمت مزعوم المزعوم مزعومة المزعومة يعتقد تعتقد محتمل المحتمل المحتملة يحتمل مشتبه المشتبه "
        "يشتبه متهم المتهم متهمة المتهمة متهمين المتهمين متهمون اتهام اتهامات يبدو تبدو يفترض المفترض يرجح مرجح المرجح متوقع "
        "المتوقع المتوقعة يتوقع تتوقع لعل يمكن يكاد سوف لو إذا احتمال إمكانية محاولة حاول حاولت يحاول تحاول يعتزم تعتزم يخطط تخطط "
        "ادعى ادعت مفترض أنباء يقال اشتباه شبهة يظن كأن عسى ينبغي يجب ينوي يسعى تسعى يأمل تأمل "
        "الظاهر تقديرات تكهنات شائعات مزاعم ادعاءات المفترضة محتملة محتملا احتمالية يتردد مرجحا ترجيحات"
    ),
    limits=_set(
        "نحو حوالي تقريبا فقط أكثر أقل سابق السابق سابقة السابقة بعض معظم كل جميع إلا قرابة زهاء الأقل الأكثر بضع عدة سوى نصف"
    ),
    relations=_set(
        "قبل بعد حتى منذ ضد بين فوق تحت الماضي الماضية المقبل المقبلة المقبلين آخر أول أحد إحدى لدى قرب يد خلال"
    ),
    speaking=_set(
        "قال قالت قالوا يقول تقول يقولون أعلن أعلنت أعلنوا يعلن تعلن ذكر ذكرت ذكروا يذكر أكد أكدت أكدوا يؤكد تؤكد أضاف أضافت أضافوا "
        "صرح صرحت أوضح أوضحت يوضح أشار أشارت يشير تشير وفق وفقا بحسب حسب حسبما نقلا نقل نقلت زعم زعمت ادعى ادعت أفاد أفادت "
        "كشف كشفت تابع تابعت لفت لفتت اعتبر اعتبرت رأى يرى ترى حذر حذرت يحذر شدد شددت اتهم اتهمت وصف وصفت تحدث تحدثت كتب كتبت "
        "بيان تقرير تصريح تصريحات مصادر مصدر متحدث المتحدث يعتقد نسبت أبلغ أبلغت "
        "نوه نوهت أفصح أورد أوردت قائلا قائلة مضيفا مضيفة مؤكدا مؤكدة موضحا موضحة مشيرا مشيرة معتبرا معلنا ناقلا أدلى تعهد تعهدت وعد"
    ),
    opposites=_pairs("""
        أكثر|أعلى|أكبر|فوق أقل|أدنى|أصغر|تحت
        ارتفع|ارتفعت|يرتفع|زاد|زادت|يزيد|ارتفاع|زيادة|صعد انخفض|انخفضت|ينخفض|تراجع|تراجعت|نقص|انخفاض|هبط|هبطت
        فاز|فازت|فوز|ربح خسر|خسرت|خسارة|هزيمة
        فتح|فتحت|افتتح|إعادة أغلق|أغلقت|إغلاق
        قبل بعد
        أول|الأول|الأولى آخر|الأخير|الأخيرة
        اعتقل|اعتقلت|اعتقال|سجن أفرج|أطلق|إطلاق|إفراج
        وافق|وافقت|قبول رفض|رفضت|رفض
        بدأ|بدأت|بداية انتهى|انتهت|نهاية
        شمال|الشمال|شمالي جنوب|الجنوب|جنوبي
        شرق|الشرق|شرقي غرب|الغرب|غربي
        دعم|أيد|أيدت|يؤيد عارض|عارضت|يعارض
        سمح|سمحت منع|منعت|حظر
        مع ضد
        داخل خارج
        حي|أحياء قتيل|ميت
    """),
    joined=frozenset("وفب"),
    prefixes=("و", "ف", "ب", "ل", "ک", "س", "ال", "لل"),
    suffixes=("ها", "هم", "ه", "ا"),
)

SORANI = Lexicon(
    small=_set(
        "لە بە بۆ کە و ئەو ئەم لەگەڵ ئەمە ئەوە کەوا تێدا پێ لێ دا ەوە ئەوان هەروەها تریش ی دوو‌بارە ئەوەی بوو بوون بووە کرد "
        "کردووە ئەمەش ئەوەش لەسەر بەسەر"
    ),
    free=_set("کە ئەو ئەم ئەمە ئەوە کەوا تێدا هەروەها تریش ئەوەی ئەوان"),
    pronouns=_set("ئەو ئەوان ناوبراو"),
    joining=_set("و یان"),
    negators=_set("نا نە نییە نیە نین نیم نەک بێ هیچ نەبوو نەبوون نەبێت نابێت ناکات ناکرێت نییە"),
    turning=_set("ڕەتکردەوە ڕەتدەکاتەوە ڕەتیکردەوە ڕەتیدەکاتەوە ڕەت ڕەتی شکستی سەرنەکەوت قەدەغە هەڵوەشاندەوە هەڵوەشێنرایەوە"),
    hedges=_set(
        "ڕەنگە لەوانەیە گوایە دەشێت دەشێ دەکرێت دەکرێ دەتوانێت دەتوانێ دەتوانن دەتوانرێت پێدەچێت پێدەچێ گومانلێکراو گومانلێکراوە گومانلێکراوان گومانلێکراوەکە گومانلێکراوێک "
        "تۆمەتبار تۆمەتبارە تۆمەتباران تۆمەتبارکراو گومان گومانی ئەگەر ئەگەری پێشبینی چاوەڕوان چاوەڕێ بانگەشەی بانگەشە دەگوترێت دەوترێت دەبێت دەبێ پێویستە بڕیارە نیازی "
        "هیوا هیوای هیوادارە هەوڵ هەوڵی هەوڵیدا هەوڵدەدات هەوڵدەدەن بەنیازە پێناچێت مەزەندە تۆمەتی وادیارە وادەردەکەوێت باوەڕ باوەڕی بڕوای بەگومانە پلانی "
        "وێدەچێت لەوانەشە ڕەنگبێ پێشبینیدەکرێت چاوەڕواندەکرێت گومانلێکراوەکان دەنگۆ دەنگۆی ڕەنگە‌کە مەزەندەدەکرێت"
    ),
    limits=_set(
        "نزیکەی تەنها تەنیا زیاتر کەمتر پتر لانیکەم لانی زۆربەی هەموو هەندێک هەندێ پێشوو پێشووی پێشتر نیوەی هەر جگە چەند دەوروبەری"
    ),
    relations=_set(
        "پێش دوای پاش نێوان دژی لەدژی تا هەتا بەر لەلایەن لەنێوان یەکەم دواین سەر لەژێر لەناو ڕابردوو ڕابردوودا داهاتوو داهاتوودا"
    ),
    speaking=_set(
        "وتی گوتی ووتی وتیشی گوتیشی دەڵێت دەڵێ دەڵێن دەیانگوت وتیان گوتیان ڕایگەیاند ڕایگەیاندووە ڕاگەیاند ڕاگەیاندووە ڕایانگەیاند ڕایانگەیاندووە ڕایدەگەیەنێت بەپێی بەگوێرەی بەوتەی ئاماژەی ئاماژە "
        "جەختی ئاشکرای ئاشکرا باسی پێیوایە پێی پێیانوایە ڕاگەیەندراو ڕاگەیەندراوێک ڕاگەیەندراوێکدا ڕاپۆرت ڕاپۆرتی ڕاپۆرتێک ڕاپۆرتێکی هۆشداری هۆشداریدا بڵاویکردەوە بڵاوکردەوە بڵاوکردووەتەوە سەرچاوەیەک سەرچاوەکان زانیاری "
        "زانیارییەکان وتەبێژی وتەبێژ وتەبێژێکی دەگوترێت دەوترێت لێدوانێکدا لێدوانێک نووسی نووسیویەتی ڕوونیکردەوە باسیکرد دووپاتیکردەوە وتوویەتی گوتوویەتی بەگوتەی داوای "
        "دەیگوت وتبوی گوتبوی ئاماژەیدا ئاماژەیکرد بڵاویکردووەتەوە ڕاگەیاندنێکدا دەنووسێت زاری لەزاری ئاشکرایکرد جەختیکردەوە ڕایگەیاندبوو پێیگوت ڕونیکردەوە"
    ),
    opposites=_pairs("""
        زیاتر|زۆرتر|پتر|بەرزتر کەمتر|نزمتر
        بەرزبووەوە|بەرزبوونەوەی|زیادیکرد|زیادی|زیادبوو|بەرزبووەتەوە|زیادبوون|زیادبوونی|بەرزبوونەوە دابەزی|دابەزین|دابەزینی|کەمیکرد|کەمبوونەوەی|کەمبوونەوە|کەمی|دابەزیوە
        بردییەوە|بردەوە|سەرکەوت|سەرکەوتنی دۆڕا|دۆڕاندی|شکستی
        کرایەوە|کردەوە|دەکرێتەوە داخرا|داخست|دادەخرێت|دادەخات
        پێش دوای|پاش
        یەکەم|یەکەمین دوایین|کۆتا
        دەستگیرکرا|دەستگیرکران|زیندانیکرا ئازادکرا|ئازادکران|ئازادکرد
        ڕازی|پەسەندکرد|قبوڵکرد ڕەتکردەوە|ڕەتیکردەوە
        دەستیپێکرد|دەستپێکرد|دەستی کۆتایی
        باکور|باکووری|باکوری باشور|باشووری|باشوری
        ڕۆژهەڵات|ڕۆژهەڵاتی ڕۆژئاوا|ڕۆژئاوای
        پشتیوانی|پشتگیری دژایەتی|دژی
        ناوەوە|ناوخۆی دەرەوە|دەرەوەی
        کوژران|کوژرا بریندار|برینداربوون|ڕزگاریبوو
    """),
    suffixes=(
        "ەکانی", "ەکان", "ەکەی", "ەکە", "یەکان", "یەکە", "انی", "ان", "یان", "مان", "تان", "یش", "یەک", "ێک", "یە",
        "دا", "ی", "ە", "ش", "م", "ت",
    ),
    verb_last=True,
    no_prefixes=(("نا", "دە"), ("نە", ""), ("نا", ""), ("نە", "دە"), ("مە", "")),
)  # fmt: skip

_KNOWN: Mapping[str, Lexicon] = {"en": ENGLISH, "ar": ARABIC, "ckb": SORANI}


@cache
def of(language: str) -> Lexicon:
    """Of a language and its regional forms; an unknown one has no words, and no freedom with them."""
    return _KNOWN.get(language.partition("-")[0], Lexicon())
