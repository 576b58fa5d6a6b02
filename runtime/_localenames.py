"""Names of common languages in their own words, by locale code (Unicode CLDR)."""

NAMES = {
    "de_DE": "Deutsch",
    "en_GB": "English (UK)",
    "en_US": "English (US)",
    "es_ES": "Español (España)",
    "fr_FR": "Français",
    "it_IT": "Italiano",
    "ja_JP": "日本語",
    "ko_KR": "한국어",
    "nl_NL": "Nederlands",
    "pl_PL": "Polski",
    "pt_BR": "Português (Brasil)",
    "ru_RU": "Русский",
    "zh_CN": "中文(简体)",
}
