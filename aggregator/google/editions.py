"""Editions: the language-and-country variants of Google News. Pure.

Facts
-----
* A feed URL carries the edition three times: `hl` (language of the page), `gl` (country) and `ceid`
  (`<gl>:<language>`). The three do not spell the language alike: Brazil is `hl=pt-BR` and
  `ceid=BR:pt-419`, Taiwan `hl=zh-TW` and `ceid=TW:zh-Hant`.
* Any other spelling of `hl` ("EN-US") is answered with a redirect that drops it.
* Most languages have one `hl` for all their countries: Austria and Switzerland are `de` too. English,
  Spanish, Portuguese and Chinese name the country or region, and so do `fr-CA`, `ms-MY` and `fi-FI`.
* Topic ids have a fourth spelling: English is `en` in the United States and Canada and `en-GB` in every other
  country seen (GB, IE, IN, AU, NZ, SG, PH, IL), Hebrew is `iw`, the others are as in `hl`.
* The tables follow Google's own list of editions; languages that it does not have get the general
  rule, which costs at most a redirect.
"""

import re
from dataclasses import dataclass

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")

# ISO 639 codes with a second spelling: the one that Google's `hl` uses is on the right.
_SAME_LANGUAGE = {"iw": "he", "in": "id", "nb": "no", "nn": "no"}

_HL_OF_LANGUAGE = {"ms": "ms-MY", "fi": "fi-FI"}
_HL_OF_CEID = {"pt-419": "pt-BR", "pt-150": "pt-PT", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
_CEID_OF_HL = {
    "es-419": "es-419",
    "pt-BR": "pt-419",
    "pt-PT": "pt-150",
    "zh-CN": "zh-Hans",
    "zh-HK": "zh-Hant",
    "zh-TW": "zh-Hant",
}
_TRADITIONAL_CHINESE = frozenset({"Hant", "HK", "MO", "TW"})

_COUNTRIES_OF_PLAIN_ENGLISH = frozenset({"US", "CA"})


def base_language(tag: str) -> str:
    """Return the language of a tag without country or script: "en-US" and "en-GB" are both "en".

    Old codes become the current ones ("iw" is "he"), so equal languages compare equal.
    """
    language = tag.partition("-")[0].lower()
    return _SAME_LANGUAGE.get(language, language)


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition, in Google's own spelling whatever was given.

    `language` is `hl` ("en-US", "de", "pt-BR"), `country` is `gl` ("US"). `Edition("EN-us", "us")`
    equals `Edition("en-US", "US")`, and `Edition("de-DE", "AT")` is `de` in Austria. Raises
    ValueError for what is no language tag or no two-letter country.
    """

    language: str
    country: str

    def __post_init__(self) -> None:
        if not LANGUAGE_TAG.fullmatch(self.language):
            raise ValueError(f"{self.language!r} is not a language tag such as en-US or de")
        if not COUNTRY_CODE.fullmatch(self.country):
            raise ValueError(f"{self.country!r} is not a country of two letters such as US or DE")
        country = self.country.upper()
        object.__setattr__(self, "country", country)
        object.__setattr__(self, "language", _hl(self.language, country))

    @property
    def ceid(self) -> str:
        """`<country>:<language>` in the third spelling, such as `US:en` or `BR:pt-419`."""
        return f"{self.country}:{_CEID_OF_HL.get(self.language, base_language(self.language))}"

    @property
    def topic_language(self) -> str:
        """The tag that this edition's topic ids carry: `en`, `en-GB`, `pt-BR`, `iw` …"""
        match base_language(self.language):
            case "en":
                return "en" if self.country in _COUNTRIES_OF_PLAIN_ENGLISH else "en-GB"
            case "he":
                return "iw"
            case _:
                return self.language

    @property
    def query(self) -> str:
        """`hl=…&gl=…&ceid=…`, the locale that every request should carry."""
        return f"hl={self.language}&gl={self.country}&ceid={self.ceid}"


def language_of_ceid(tag: str) -> str:
    """Return a language tag for the language half of a `ceid`: "pt-419" is pt-BR, "en" is en."""
    return _HL_OF_CEID.get(tag, tag)


def _hl(tag: str, country: str) -> str:
    """Return Google's `hl` for a language tag in a country, which is in capitals."""
    language = base_language(tag)
    regions = [_cased(subtag) for subtag in tag.split("-")[1:]] or [country]
    match language:
        case "en":
            return "-".join([language, *regions])
        case "es":
            return "es" if "ES" in regions else "es-419"
        case "fr":
            return "fr-CA" if "CA" in (country, *regions) else "fr"
        case "pt":
            return "pt-BR" if {"BR", "419"} & set(regions) else "pt-PT"
        case "zh" if not _TRADITIONAL_CHINESE & set(regions):
            return "zh-CN"
        case "zh":
            return "zh-HK" if "HK" in (country, *regions) else "zh-TW"
        case _:
            return _HL_OF_LANGUAGE.get(language, language)


def _cased(subtag: str) -> str:
    """Countries in capitals, scripts with one, anything else in small letters (BCP 47 §2.1.1)."""
    if len(subtag) == 2:
        return subtag.upper()
    return subtag.title() if len(subtag) == 4 else subtag.lower()
