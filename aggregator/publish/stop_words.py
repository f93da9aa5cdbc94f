"""Words that are never a tag: function words, numbers, the calendar, ranks, the trade's own words.

One list for all languages, since the language of a headline is not known where tags are made. A
language that is missing gets worse tags, not wrong ones: add its words here.
"""

_ENGLISH = """
a about after against ahead all also amid among an and another are around as at back be been before
behind being between but by can could day days dead did do does down during each even first for four
from get gets had has have he her here his how i if in into is it its just killed kills last latest
like live make makes may more most near new news next no not now of off on one or other our out over
part people report reports s said say says second see set seven she should show shows since six so
some still take takes than that the their them then there these they things this those three to
today tells too two under until up update updates very via video want wants was watch we week were
what when where which while who whose why will with without would year years you your breaking
exclusive opinion analysis briefing list key events event war president prime minister chancellor
senator governor mayor chief secretary foreign general judge ceo sir mr mrs ms dr several dozens
hundreds thousands hours according suggests gives release releases released announces won't don't
can't isn't aren't we've they've i've it's didn't doesn't feb apr aug sep sept oct nov dec january
february march april june july august september october november december monday tuesday wednesday
thursday friday saturday sunday
"""

_GERMAN = """
aber alle als am an auch auf aus bei beim bis das dass dem den der des die doch durch ein eine einem
einen einer eines er es für gegen haben hat ich ihr im ist jahr jahre kein keine mehr mit nach neue
neuen neuer nicht noch nun nur oder schon sein seine sich sie sind so tag tage über um und uns unter
vom von vor warum was wegen weil wenn werden wie will wir wird zu zum zur zwei drei zwischen
präsident präsidentin bundeskanzler bundeskanzlerin kanzler kanzlerin minister ministerin januar
februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag
sonntag
"""

_FRENCH = """
après au aux avec avant ce ces cette chez comme contre dans de depuis des deux du elle en entre est
et être il ils la le les leur lors mais ne nous ont ou où par pas plus pour pourquoi qu que qui sa
sans se ses son sont sous sur trois un une vers janvier février mars avril juin juillet août
septembre octobre novembre décembre président présidente premier ministre
"""

_SPANISH = """
al ante como con contra cuando del desde donde dos el ella entre era es esta este fue ha han hasta
la las lo los más muy nos para pero por porque que se según ser si sin sobre son su sus también tras
tres un una unos y ya enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
diciembre presidente
"""

_RUSSIAN = """
без более был была были было быть в вам вас весь во вот все всех вы где да дня дней для до его ее
если есть еще же за и из или им их к как какие когда который кто ли мы на над не нет ни но новый о
об он она они от очень по под после при про с свой своих сейчас со стало так также там то только три
ты у уже через что чтобы эта эти это президент премьер министр глава января февраля марта апреля мая
июня июля августа сентября октября ноября декабря
"""

_UKRAINIAN = """
або але був була були було бути вже від він вона вони все де для до його її із й коли ми на над не
ні про після при під та так також там тепер ти то у усі хто це цей ця чи що щоб як яка які який є
президент прем'єр міністр глава січня лютого березня квітня травня червня липня серпня вересня
жовтня листопада грудня
"""

# Folded, all languages together.
STOP_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_RUSSIAN} {_UKRAINIAN}".split())
