"""Welt, de-DE: some of the same events, told in German. Pure."""

from aggregator.replica.demo_news.outlets import HOHENFELDER, MORGENLAGE, SUNDKURIER, TAGESBLATT
from aggregator.replica.demo_news.telling import WELT, Report, event

GERMAN_EVENTS = (
    event(
        "de-sarran-beben",
        WELT,
        Report(0, "05:50", TAGESBLATT, "Schweres Erdbeben vor Sarran: mindestens sieben Tote"),
        Report(
            0,
            "06:10",
            HOHENFELDER,
            "Erdbeben der Stärke 6,4 erschüttert die Küste von Sarran",
        ),
        Report(0, "13:20", SUNDKURIER, "Erdbeben in Sarran: Zahl der Toten steigt auf neun"),
        Report(1, "09:05", MORGENLAGE, "Nach dem Erdbeben in Sarran: Retter geben die Suche nicht auf"),
    ),
    event(
        "de-dunmere-beben",
        WELT,
        Report(0, "14:10", TAGESBLATT, "Leichte Erdstöße in Dunmere, keine Schäden"),
    ),
    event(
        "de-faehre",
        WELT,
        Report(0, "09:55", SUNDKURIER, "Fähre mit 180 Menschen vor den Kestrel-Inseln auf Grund gelaufen"),
        Report(
            0, "14:30", TAGESBLATT, "Kestrel-Inseln: alle Passagiere der gestrandeten Fähre in Sicherheit"
        ),
    ),
    event(
        "de-belmora-hochwasser",
        WELT,
        Report(1, "07:15", TAGESBLATT, "Hochwasser in Belmora: Tausende müssen ihre Häuser verlassen"),
        Report(1, "08:00", HOHENFELDER, "Fluss Ansa tritt über die Ufer: Hochwasser trifft Belmora"),
        Report(1, "12:45", SUNDKURIER, "Straßen unter Wasser: Belmora kämpft gegen das Hochwasser"),
        Report(2, "09:40", MORGENLAGE, "Belmora räumt auf: das Hochwasser geht zurück"),
    ),
    event(
        "de-blauer-reiher",
        WELT,
        Report(1, "08:50", HOHENFELDER, "Gemälde „Der blaue Reiher“ aus Museum in Quillon gestohlen"),
        Report(1, "11:20", TAGESBLATT, "Diebe stehlen „Blauen Reiher“ aus Museum in Quillon"),
        Report(2, "16:05", SUNDKURIER, "Gestohlenes Gemälde „Der blaue Reiher“ wieder aufgetaucht"),
    ),
    event(
        "de-nordstrasse",
        WELT,
        Report(2, "16:45", TAGESBLATT, "Halvmar und Tarvia vereinbaren 48 Stunden Ruhe in der Nordstraße"),
        Report(2, "17:30", SUNDKURIER, "Nordstraße: Patrouillen ruhen für 48 Stunden"),
        Report(
            2, "19:15", HOHENFELDER, "48 Stunden ohne Patrouillen: was die Einigung zur Nordstraße bedeutet"
        ),
    ),
    event(
        "de-osterra-wahl",
        WELT,
        Report(3, "05:45", TAGESBLATT, "Ilse Marand gewinnt Präsidentschaftswahl in Osterra"),
        Report(3, "06:15", SUNDKURIER, "Knappes Ergebnis in Osterra: Marand wird Präsidentin"),
        Report(3, "07:10", HOHENFELDER, "Wahl in Osterra: Dovic räumt Niederlage gegen Marand ein"),
        Report(3, "10:00", MORGENLAGE, "Große Freude, große Sorgen: Osterra nach dem Wahlsieg von Marand"),
    ),
    event(
        "de-moewen",
        WELT,
        Report(2, "10:50", MORGENLAGE, "Maßnahme gegen Möwen: Vennhavn verbietet das Füttern"),
    ),
    event(
        "de-kaelte",
        WELT,
        Report(3, "08:35", HOHENFELDER, "Kälteeinbruch überrascht Wanderer im Süden"),
    ),
)
