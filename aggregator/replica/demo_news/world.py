"""World, en-US. Pure."""

from aggregator.replica.content import LinkKind
from aggregator.replica.demo_news.outlets import (
    CARTOGRAPH,
    COURIER,
    HARBOUR,
    HERALD,
    KESTREL,
    MAYAK,
    MERIDIAN,
    NORTHLIGHT,
    STRAIT,
    TALLIS,
    VIDEO,
)
from aggregator.replica.demo_news.telling import WORLD, Report, Shown, event

WORLD_EVENTS = (
    event(
        "sarran-quake",
        WORLD,
        Report(0, "05:10", TALLIS, "Magnitude 6.4 earthquake strikes off Sarran coast, at least 7 dead"),
        Report(
            0,
            "05:40",
            HARBOUR,
            "At least 7 killed as strong earthquake strikes Sarran coast",
        ),
        Report(0, "06:05", KESTREL, "Sarran earthquake: rescuers search collapsed market hall in Port Alder"),
        Report(
            0,
            "05:20",
            NORTHLIGHT,
            "Sarran earthquake: first reports from the coast",
            shown=Shown.OWN_FEED,
            summary="The shock came at ten past five; the coast road is closed.",
        ),
        Report(0, "08:30", NORTHLIGHT, "‘The floor moved like water’: survivors describe Sarran earthquake"),
        Report(
            0,
            "09:15",
            HARBOUR,
            "Sarran earthquake: how to help the survivors",
            shown=Shown.OWN_FEED,
            summary="Relief groups on the coast ask for tents, blankets and blood donors.",
        ),
        Report(0, "12:50", MERIDIAN, "Sarran earthquake death toll rises to 9 as aftershocks rattle coast"),
        Report(0, "16:00", VIDEO, "Drone footage shows damage after Sarran earthquake", LinkKind.YOUTUBE),
        Report(0, "23:40", STRAIT, "Sarran earthquake: toll climbs to 11, hospitals overwhelmed"),
        Report(1, "07:20", TALLIS, "Hopes fade for missing in Sarran earthquake as toll reaches 14"),
        Report(1, "09:45", HERALD, "Relief flights reach earthquake-hit Sarran; 14 confirmed dead"),
        Report(
            1,
            "15:30",
            HARBOUR,
            "Sarran opens inquiry into building codes after deadly earthquake",
            shown=Shown.BOTH,
            summary="Inspectors want to know why the market hall fell when its neighbours stood.",
        ),
    ),
    event(
        "dunmere-tremor",
        WORLD,
        Report(0, "13:15", COURIER, "Magnitude 4.1 tremor shakes Dunmere, no damage reported"),
        Report(
            0,
            "13:50",
            KESTREL,
            "Minor tremor felt across Dunmere province, no injuries",
        ),
    ),
    event(
        "strait-talks-212",
        WORLD,
        Report(
            0, "04:30", CARTOGRAPH, "Northern Strait talks: List of key events, day 212", LinkKind.LEGACY_AMP
        ),
        Report(0, "07:10", MERIDIAN, "Delegates return to Vennhavn as Northern Strait talks resume"),
        Report(0, "09:00", STRAIT, "Verrel: ‘No Northern Strait deal without fishing rights’"),
    ),
    event(
        "strait-talks-213",
        WORLD,
        Report(1, "04:30", CARTOGRAPH, "Northern Strait talks: List of key events, day 213", LinkKind.LEGACY),
        Report(1, "08:15", TALLIS, "Northern Strait talks stall over patrol boats, mediators say"),
        Report(
            1, "10:20", HARBOUR, "Mediators see little movement in Vennhavn as Northern Strait talks drag on"
        ),
    ),
    event(
        "strait-talks-214",
        WORLD,
        Report(2, "04:30", CARTOGRAPH, "Northern Strait talks: List of key events, day 214", LinkKind.LEGACY),
        Report(
            2, "16:20", TALLIS, "Halvmar and Tarvia agree 48-hour halt to naval patrols in Northern Strait"
        ),
        Report(
            2, "16:35", COURIER, "Halvmar and Tarvia agree 48-hour halt to naval patrols in Northern Strait"
        ),
        Report(
            2, "16:40", HERALD, "Halvmar and Tarvia agree 48-hour halt to naval patrols in Northern Strait"
        ),
        Report(
            2,
            "16:55",
            NORTHLIGHT,
            "Northern Strait: both sides halt patrols for 48 hours",
            shown=Shown.BOTH,
            summary="The pause begins at midnight and covers the fishing grounds as well.",
        ),
        Report(2, "20:05", MERIDIAN, "A pause, not a peace: what the 48-hour Northern Strait deal means"),
    ),
    event(
        "strait-talks-215",
        WORLD,
        Report(
            3,
            "04:30",
            CARTOGRAPH,
            "Northern Strait talks: List of key events, day 215",
            LinkKind.LEGACY_EMPTY_AMP,
        ),
        Report(3, "07:30", KESTREL, "Northern Strait: patrol halt holds through first night"),
        Report(3, "10:15", STRAIT, "Fishing boats return to Northern Strait as patrol halt holds"),
    ),
    event(
        "belmora-flood",
        WORLD,
        Report(1, "06:00", KESTREL, "Thousands evacuated as River Ansa bursts its banks in Belmora"),
        Report(1, "06:50", TALLIS, "Belmora floods force evacuation of 4,000 after River Ansa overflows"),
        Report(1, "07:05", COURIER, "Belmora floods force evacuation of 4,000 after River Ansa overflows"),
        Report(1, "11:10", HERALD, "Belmora under water: River Ansa at highest level in 60 years"),
        Report(1, "14:20", NORTHLIGHT, "In pictures: the flooded streets of Belmora", LinkKind.LEGACY_AMP),
        Report(2, "08:00", MERIDIAN, "Belmora flood clean-up begins as River Ansa recedes"),
        Report(2, "13:30", KESTREL, "Two missing in Belmora floods found alive on rooftop"),
        Report(
            3,
            "09:30",
            HARBOUR,
            "Belmora seeks emergency aid for flood damage put at $57 million",
            shown=Shown.BOTH,
            summary="The city council says that it cannot pay for the river walls alone.",
        ),
        Report(
            3,
            "10:10",
            STRAIT,
            "Flood-hit Belmora asks for $57 million in emergency aid",
        ),
    ),
    event(
        "corvane-road",
        WORLD,
        Report(1, "12:40", NORTHLIGHT, "Flash flood closes mountain road near Corvane"),
    ),
    event(
        "osterra-election",
        WORLD,
        Report(2, "17:10", TALLIS, "Osterra votes in closest presidential election in decades"),
        Report(2, "20:30", KESTREL, "Polls close in Osterra election with Marand and Dovic neck and neck"),
        Report(2, "21:40", MERIDIAN, "Osterra election: first counts put Marand narrowly ahead of Dovic"),
        Report(
            3, "05:30", TALLIS, "Ilse Marand wins Osterra presidential election by fewer than 9,000 votes"
        ),
        Report(3, "05:50", HARBOUR, "Marand declared winner of Osterra’s knife-edge presidential election"),
        Report(3, "06:10", HERALD, "Osterra election: Dovic concedes to Marand after overnight count"),
        Report(3, "", CARTOGRAPH, "Who is Ilse Marand, Osterra’s next president?", LinkKind.LEGACY),
        Report(3, "10:40", NORTHLIGHT, "Osterra election: crowds celebrate Marand victory in the capital"),
    ),
    event(
        "kestrel-ferry",
        WORLD,
        Report(0, "09:00", HARBOUR, "Ferry with 180 aboard runs aground off Kestrel Islands"),
        Report(0, "09:40", KESTREL, "Passengers taken off ferry stranded off Kestrel Islands"),
        Report(0, "14:00", TALLIS, "All 180 passengers safe after ferry runs aground in Kestrel Islands"),
    ),
    event(
        "ferry-strike",
        WORLD,
        Report(2, "09:20", COURIER, "Kestrel Islands ferry crews vote to strike over pay"),
        Report(2, "11:45", KESTREL, "Pay strike by ferry crews to cut off Kestrel Islands next week"),
    ),
    event(
        "blue-heron",
        WORLD,
        Report(1, "07:40", HERALD, 'Painting "The Blue Heron" stolen in overnight raid on Quillon museum'),
        Report(1, "09:30", MERIDIAN, "Quillon museum heist: Blue Heron painting taken in four minutes"),
        Report(1, "12:00", KESTREL, "Police hunt gang after ‘Blue Heron’ theft from Quillon museum"),
        Report(2, "15:10", HERALD, "Stolen ‘Blue Heron’ painting found in lock-up, two arrested"),
        Report(2, "15:40", TALLIS, "Two held as stolen painting ‘The Blue Heron’ is recovered in Quillon"),
    ),
    event(
        "mount-tarn-fire",
        WORLD,
        Report(2, "10:30", COURIER, "Hikers flee as wildfire spreads across Mount Tarn"),
        Report(2, "12:15", KESTREL, "Mount Tarn wildfire: villages told to prepare to leave"),
        Report(2, "19:00", NORTHLIGHT, "Firefighters battle Mount Tarn wildfire through the night"),
        Report(3, "08:20", TALLIS, "Rain helps crews contain Mount Tarn wildfire"),
        Report(3, "12:05", COURIER, "Mount Tarn wildfire contained, villagers return home"),
    ),
    event(
        "port-ketta-cholera",
        WORLD,
        Report(0, "10:35", TALLIS, "Cholera cases rise in Port Ketta as clinics run short of clean water"),
        Report(0, "15:25", NORTHLIGHT, "Port Ketta cholera outbreak: aid groups warn of water shortage"),
        Report(1, "", CARTOGRAPH, "Explainer: why cholera came back to Port Ketta", LinkKind.LEGACY),
    ),
    event(
        "black-mountains-avalanche",
        WORLD,
        Report(2, "06:05", TALLIS, "Two more skiers rescued after avalanche in Tarvia’s Black Mountains"),
        Report(2, "07:00", MAYAK, "Ещё двоих лыжников спасли после схода лавины в Чёрных горах Тарвии"),
        Report(2, "07:25", KESTREL, "Avalanche in Tarvia’s Black Mountains: two skiers dug out alive"),
    ),
    event(
        "vennhavn-harbour-find",
        WORLD,
        Report(
            2,
            "11:00",
            HARBOUR,
            "Ancient harbour found under Vennhavn car park",
            shown=Shown.BOTH,
            summary="Builders of a garage struck oak piles that are two thousand years old.",
        ),
        Report(
            2, "12:30", NORTHLIGHT, "Archaeologists uncover 2,000-year-old harbour beneath Vennhavn car park"
        ),
    ),
    event(
        "briefing-0",
        WORLD,
        Report(0, "05:00", MERIDIAN, "Morning briefing, {date}: what to know today"),
    ),
    event(
        "briefing-1",
        WORLD,
        Report(1, "05:00", MERIDIAN, "Morning briefing, {date}: what to know today"),
    ),
    event(
        "briefing-2",
        WORLD,
        Report(2, "05:00", MERIDIAN, "Morning briefing, {date}: what to know today"),
    ),
    event(
        "briefing-3",
        WORLD,
        Report(3, "05:00", MERIDIAN, "Morning briefing, {date}: what to know today"),
    ),
    event(
        "zoo-cubs",
        WORLD,
        Report(0, "11:20", COURIER, "Aldermoor Zoo welcomes first snow leopard cubs in its history"),
    ),
    event(
        "olive-harvest",
        WORLD,
        Report(1, "13:05", CARTOGRAPH, "Why the olives ripened three weeks early", LinkKind.LEGACY),
    ),
    event(
        "islands-opinion",
        WORLD,
        Report(1, "16:10", MERIDIAN, "Opinion | Small islands cannot wait for another climate summit"),
    ),
    event(
        "pension-reform",
        WORLD,
        Report(3, "11:30", MERIDIAN, "Q&A: How the new pension rules work"),
    ),
    event(
        "storm-warning",
        WORLD,
        Report(
            3,
            "13:10",
            HARBOUR,
            "Fishing fleet stays in port as gale nears",
            shown=Shown.OWN_FEED,
            summary="Forecasters expect the worst of the wind between midnight and dawn.",
        ),
        Report(
            3,
            "13:40",
            NORTHLIGHT,
            "Gale warning keeps fishing fleet in port",
            shown=Shown.OWN_FEED,
            summary="Boats along the western shore were told to double their lines.",
        ),
    ),
    event(
        "bridge-repairs",
        WORLD,
        Report(
            1,
            "10:00",
            HARBOUR,
            "Swing bridge to close for six weeks of repairs",
            shown=Shown.OWN_FEED,
            summary="Walkers will be taken across by boat, cars have to drive round.",
        ),
    ),
    event(
        "night-trains",
        WORLD,
        Report(
            0,
            "05:30",
            NORTHLIGHT,
            "Night trains return to the coastal line",
            shown=Shown.OWN_FEED,
            summary="Twelve carriages, six berths each, and breakfast at the border.",
        ),
    ),
    event(
        "lighthouse-keeper",
        WORLD,
        Report(
            2,
            "09:10",
            NORTHLIGHT,
            "The last lighthouse keeper hands over his keys",
            shown=Shown.OWN_FEED,
            summary="After 41 years the lamp above Skarhead will be switched on by a computer.",
        ),
    ),
)
