"""How the page looks: colours for light and for dark, and little else."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1b2330;--soft:#5b6472;--back:#fff;--line:#e3e7ed;
--bar:#4f83bd;--dot:#1d4e89;--worst:#c4532f;--band:#e8f0e4}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a2b1;--back:#14181f;
--line:#2b323d;--bar:#4c80b8;--dot:#b5d2f2;--worst:#e0734d;--band:#22301f}}
body{margin:2rem auto;max-width:84rem;padding:0 1.5rem;background:var(--back);
color:var(--ink);font:14px/1.45 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.05rem;margin:2rem 0 .6rem}
.facts{display:flex;flex-wrap:wrap;gap:1rem 2.5rem}
.facts b{display:block;font-size:1.35rem;font-weight:600}
.facts span,.name span,.n span{color:var(--soft);font-size:.82rem}
.name span,.n span{display:block}
.note{color:var(--soft);max-width:62rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th{text-align:right;font-weight:500;font-size:.82rem;color:var(--soft);cursor:help;
white-space:nowrap}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:middle}
th:nth-child(2),th:nth-child(n+10){text-align:left}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.name{word-break:break-word;min-width:12rem}
tr.worst .name{box-shadow:inset 3px 0 var(--worst)}
tr:target td{background:var(--band)}
svg.chart{width:100%;height:auto;display:block}
svg.histogram{width:150px;height:35px;display:block}
.bar{fill:var(--bar)}.bar.worst{fill:var(--worst)}.dot{fill:var(--dot)}
.hit{fill:transparent}a:hover .hit{fill:var(--line)}
.grid{stroke:var(--line)}.axis{stroke:var(--soft);fill:none;stroke-width:.5}
.band{fill:var(--band)}
svg text{fill:var(--soft);font-size:11px}.tick{text-anchor:end}
"""
