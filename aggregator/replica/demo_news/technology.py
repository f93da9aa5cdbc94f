"""Technology, en-US. Pure."""

from aggregator.replica.demo_news.outlets import (
    COPPER,
    HARBOUR,
    KESTREL,
    LANTERN,
    MERIDIAN,
    NORTHLIGHT,
    TALLIS,
)
from aggregator.replica.demo_news.telling import TECHNOLOGY, WORLD, Report, Shown, event

TECHNOLOGY_EVENTS = (
    event(
        "lumeo-fold",
        TECHNOLOGY,
        Report(0, "15:05", LANTERN, "Lumeo unveils Fold 3 phone with solar back"),
        Report(0, "15:20", KESTREL, "Lumeo launches foldable phone with solar panel"),
        Report(0, "16:10", COPPER, "Hands on with the Lumeo Fold 3: thinner, brighter, dearer"),
        Report(0, "18:00", MERIDIAN, "Lumeo’s new Fold 3 phone can charge itself in sunlight"),
    ),
    event(
        "lumeo-outage",
        TECHNOLOGY,
        Report(1, "09:00", LANTERN, "Lumeo cloud outage locks users out of their photos"),
        Report(1, "09:20", COPPER, "Photo backups unavailable as Lumeo cloud goes down"),
        Report(
            1,
            "10:10",
            LANTERN,
            "How to reach your photos during the Lumeo cloud outage",
            shown=Shown.OWN_FEED,
            summary="The copies on the telephone are still there; do not sign out.",
        ),
        Report(1, "15:20", TALLIS, "Lumeo says cloud restored after six-hour outage"),
    ),
    event(
        "tern-flaw",
        TECHNOLOGY,
        Report(
            2,
            "08:05",
            LANTERN,
            "Update now: Tern browser flaw is being exploited",
            shown=Shown.BOTH,
            summary="The fix is a small download; restart the browser to be sure.",
        ),
        Report(2, "08:40", COPPER, "Tern browser update fixes flaw exploited in attacks"),
        Report(2, "12:00", MERIDIAN, "Emergency fix for Tern browser after attacks on journalists"),
    ),
    event("orrery-4.1", TECHNOLOGY, Report(0, "09:30", COPPER, "Orrery 4.1 released with faster search")),
    event("orrery-4.2", TECHNOLOGY, Report(3, "09:30", COPPER, "Orrery 4.2 released with offline mode")),
    event(
        "parley-fine",
        TECHNOLOGY,
        Report(2, "13:10", TALLIS, "Messaging app Parley fined $40 million for tracking children"),
        Report(2, "13:45", COPPER, "Parley hit with $40m fine over tracking of children"),
        Report(2, "15:55", HARBOUR, "Regulators fine messaging app Parley over tracking of children"),
    ),
    event(
        "lantern-podcast-88",
        TECHNOLOGY,
        Report(
            0,
            "06:20",
            LANTERN,
            "The Lantern Podcast, episode 88: Who owns the seabed cables?",
            shown=Shown.BOTH,
            summary="A cable captain on anchors, sharks and contracts.",
        ),
    ),
    event(
        "lantern-podcast-89",
        TECHNOLOGY,
        Report(
            2,
            "06:20",
            LANTERN,
            "The Lantern Podcast, episode 89: The return of the dumb phone",
            shown=Shown.BOTH,
            summary="Why a telephone that only telephones sells again.",
        ),
    ),
    event(
        "vesna-satellite",
        (TECHNOLOGY, WORLD),
        Report(
            3,
            "07:50",
            NORTHLIGHT,
            'Aurora satellite "Vesna-2" reaches orbit',
            shown=Shown.BOTH,
            summary="The small satellite will watch the northern lights from above.",
        ),
        Report(3, "08:30", LANTERN, "Vesna-2 satellite begins mission to watch the aurora"),
        Report(3, "09:20", KESTREL, "Vesna-2: satellite to study the aurora reaches orbit"),
    ),
    event(
        "keyboard-review",
        TECHNOLOGY,
        Report(1, "11:00", COPPER, "Review | A keyboard for people who miss typewriters"),
    ),
    event(
        "library-scanner",
        TECHNOLOGY,
        Report(
            3,
            "11:15",
            LANTERN,
            "A village library scans its maps with a borrowed camera",
            shown=Shown.OWN_FEED,
            summary="Forty volunteers, one tripod and 3,100 hand-drawn sheets.",
        ),
    ),
)
