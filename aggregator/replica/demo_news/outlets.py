"""The demo's outlets, all invented; one has " - " in its name, one "&", one writes Cyrillic. Pure."""

from aggregator.replica.content import Outlet

TALLIS = Outlet("tallis-wire", "Tallis Wire", "talliswire.example")
HARBOUR = Outlet("harbour-post", "The Harbour Post", "harbourpost.example")
MERIDIAN = Outlet("meridian-times", "Meridian Times", "meridiantimes.example")
KESTREL = Outlet("kestrel", "Kestrel Broadcasting", "kestrelbroadcasting.example")
NORTHLIGHT = Outlet("northlight", "Northlight News", "northlightnews.example")
COURIER = Outlet("aldermoor-courier", "Aldermoor Courier", "aldermoorcourier.example")
HERALD = Outlet("quillon-herald", "The Quillon Herald", "quillonherald.example")
STRAIT = Outlet("strait-daily", "Strait Daily - International Edition", "straitdaily.example")
CARTOGRAPH = Outlet("cartograph", "Cartograph", "cartograph.example")
LEDGER = Outlet("ledger-quay", "Ledger & Quay", "ledgerquay.example")
LANTERN = Outlet("signal-lantern", "Signal Lantern", "signallantern.example")
COPPER = Outlet("copper-terminal", "The Copper Terminal", "copperterminal.example")
MAYAK = Outlet("vecherny-mayak", "Вечерний маяк", "vecherny-mayak.example", "ru")
VIDEO = Outlet("northlight-video", "Northlight Video", "www.youtube.com")
TAGESBLATT = Outlet("tagesblatt", "Tagesblatt Elmstadt", "tagesblatt-elmstadt.example", "de")
SUNDKURIER = Outlet("sundkurier", "Sundkurier", "sundkurier.example", "de")
HOHENFELDER = Outlet("hohenfelder", "Hohenfelder Allgemeine", "hohenfelder-allgemeine.example", "de")
MORGENLAGE = Outlet("morgenlage", "Morgenlage", "morgenlage.example", "de")
