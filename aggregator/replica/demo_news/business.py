"""Business, en-US. Pure."""

from aggregator.replica.demo_news.outlets import COURIER, HARBOUR, KESTREL, LANTERN, LEDGER, MERIDIAN, TALLIS
from aggregator.replica.demo_news.telling import BUSINESS, TECHNOLOGY, WORLD, Report, Shown, event

BUSINESS_EVENTS = (
    event(
        "calder-recall",
        BUSINESS,
        Report(0, "10:00", LEDGER, "Calder & Voss recalls 310,000 cars over brake fault"),
        Report(0, "10:25", TALLIS, "Brake fault prompts Calder & Voss to recall 310,000 vehicles"),
        Report(0, "10:45", MERIDIAN, "Brake fault prompts Calder & Voss to recall 310,000 vehicles"),
        Report(0, "15:00", HARBOUR, "Calder & Voss shares fall after recall of 310,000 cars"),
    ),
    event(
        "calder-plant",
        BUSINESS,
        Report(0, "11:50", COURIER, "Calder & Voss to build battery plant in Dunmere, creating 2,000 jobs"),
        Report(0, "12:30", LEDGER, "Dunmere wins Calder & Voss battery plant"),
        Report(0, "13:10", KESTREL, "2,000 jobs promised as carmaker picks Dunmere for battery plant"),
    ),
    event(
        "halvmar-rates",
        BUSINESS,
        Report(1, "12:05", TALLIS, "Halvmar central bank holds interest rates at 3.75%, hints at cut"),
        Report(1, "12:10", LEDGER, "Halvmar keeps interest rates on hold at 3.75 percent"),
        Report(
            1,
            "12:55",
            MERIDIAN,
            "Halvmar interest rates: what the central bank said, and when a cut may come",
        ),
        Report(1, "13:30", HARBOUR, "Mortgage holders wait as Halvmar leaves interest rates unchanged"),
    ),
    event(
        "osterra-rates",
        BUSINESS,
        Report(1, "14:00", TALLIS, "Osterra raises rates to 6% to defend the florin"),
        Report(1, "14:35", LEDGER, "Florin rallies after Osterra’s surprise move to 6%"),
    ),
    event(
        "ferrano-skarn",
        BUSINESS,
        Report(2, "07:00", LEDGER, "Ferrano Air agrees to buy rival Skarn Airways for $2.3 billion"),
        Report(2, "07:15", TALLIS, "Ferrano to acquire Skarn Airways in $2.3bn deal"),
        Report(2, "11:00", MERIDIAN, "Unions wary of Ferrano takeover of Skarn Airways"),
        Report(3, "08:45", LEDGER, "Regulator to examine Ferrano takeover of Skarn Airways"),
        Report(3, "09:50", TALLIS, "Ferrano-Skarn airline deal faces competition inquiry"),
    ),
    event(
        "port-alder-strike",
        (BUSINESS, WORLD),
        Report(3, "08:10", HARBOUR, "Dockers at Port Alder walk out over automated cranes"),
        Report(3, "08:40", TALLIS, "Port Alder dockers strike against automated cranes"),
        Report(3, "13:00", LEDGER, "Port Alder dockers’ strike: shippers divert cargo to Vennhavn"),
    ),
    event(
        "coffee-price",
        BUSINESS,
        Report(0, "08:50", LEDGER, "Coffee prices hit ten-year high after frost"),
        Report(0, "12:20", MERIDIAN, "Frost sends coffee prices to highest in a decade"),
    ),
    event(
        "pelagic-insolvency",
        BUSINESS,
        Report(3, "10:30", LEDGER, "Fish-finger maker Pelagic Foods files for insolvency"),
    ),
    event(
        "quellsil-plant",
        (BUSINESS, TECHNOLOGY),
        Report(1, "08:30", LEDGER, "Quellsil to pause building of chip plant as orders slow"),
        Report(
            1,
            "09:10",
            LANTERN,
            "Chipmaker Quellsil halts work on new plant amid weak orders",
            shown=Shown.BOTH,
            summary="The shell of the plant stands; the machines will not arrive this year.",
        ),
        Report(1, "10:50", TALLIS, "Quellsil puts new chip plant on hold"),
    ),
    event(
        "markets-0", BUSINESS, Report(0, "16:30", LEDGER, "Markets wrap, {date}: carmakers drag index lower")
    ),
    event(
        "markets-1", BUSINESS, Report(1, "16:30", LEDGER, "Markets wrap, {date}: banks lead a quiet session")
    ),
    event(
        "markets-2", BUSINESS, Report(2, "16:30", LEDGER, "Markets wrap, {date}: airlines soar, oil slips")
    ),
)
