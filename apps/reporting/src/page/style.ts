import { Markup } from './html.ts';

/** The page's own style: both colour schemes, small screens, print. */
export const STYLE = new Markup(`
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#57606a;--line:#d0d7de;--paper:#fff;--band:#f6f8fa;--link:#0b57a4;--good:#116329;--bad:#a40e26}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9da7b3;--line:#3d444d;--paper:#0d1117;--band:#161b22;--link:#79b8ff;--good:#56d364;--bad:#ff7b72}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;border-bottom:1px solid var(--line)}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
nav{margin-inline-start:auto;display:flex;gap:1rem}a{color:var(--link)}
.wide{overflow-x:auto}.wide:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%}
th,td{padding:.35rem .75rem;text-align:start;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{background:var(--band);font-weight:600}tbody th{font-weight:400}tfoot{font-weight:600}
.n{text-align:end;font-variant-numeric:tabular-nums}
small{color:var(--quiet)}.good{color:var(--good)}.bad{color:var(--bad);font-weight:600}
@media print{nav{display:none}body{max-width:none}}
`);
