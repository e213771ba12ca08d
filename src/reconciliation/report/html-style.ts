import { Markup } from '../../core/html.ts'

/** How the page looks on a screen, on a phone and on A4. Nothing is told by colour alone. */
export const STYLE = new Markup(`<style>
:root { --ink: #1c1917; --soft: #57534e; --line: #d6d3d1; --pale: #f5f5f4; --ours: #b7791f; --theirs: #475569;
  --call: #9f1239; --call-pale: #fff1f2; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 68rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
header { border-bottom: 3px solid var(--ours); padding-bottom: 0.75rem; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
header p, .note { margin: 0.25rem 0 0; color: var(--soft); }
h2 { margin: 2.25rem 0 0; font-size: 1.15rem; }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem;
  margin: 1.25rem 0 0; padding: 0; list-style: none; }
.headlines li { border: 1px solid var(--line); border-top: 4px solid var(--line); border-radius: 4px;
  padding: 0.6rem 0.8rem; font-variant-numeric: tabular-nums; }
.headlines .calls { border-top-color: var(--call); }
.headlines b { display: block; font-size: 1.6rem; line-height: 1.25; }
.headlines .calls b { color: var(--call); }
.headlines span { display: block; color: var(--soft); font-size: 0.87rem; }
.scroll { overflow-x: auto; margin-top: 0.6rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.87rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: 0.32rem 0.55rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid var(--ink); font-weight: 600; vertical-align: bottom; }
th.number { text-align: right; }
td.number { text-align: right; white-space: nowrap; }
td.name, td.text { white-space: nowrap; }
td.foreign { overflow-wrap: anywhere; min-width: 11rem; }
tbody { border-bottom: 1px solid var(--line); }
tr.unequal td { color: var(--call); background: var(--call-pale); font-weight: 600; }
tr.overdue td { background: var(--call-pale); }
tr.total td { background: var(--pale); font-weight: 600; }
.empty { margin: 0.6rem 0 0; padding: 0.5rem 0.8rem; background: var(--pale); border-left: 4px solid var(--line); }
.chart { display: block; width: 100%; min-width: 36rem; height: auto; }
.chart text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif;
  fill: var(--soft); }
.chart .differs { font-size: 15px; font-weight: 700; fill: var(--call); }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin: 0.4rem 0 0; padding: 0; list-style: none;
  color: var(--soft); font-size: 0.87rem; }
.legend svg { width: 0.9rem; height: 0.9rem; vertical-align: -0.1rem; margin-right: 0.35rem; }
@media (max-width: 40rem) { body { padding: 1rem 0.9rem 3rem; font-size: 14px; } h1 { font-size: 1.35rem; } }
@page { size: A4; margin: 14mm 13mm 16mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .headlines { grid-template-columns: repeat(5, 1fr); gap: 2mm; }
  .headlines li { padding: 1.5mm 2mm; }
  .headlines b { font-size: 14pt; }
  .headlines span { font-size: 7.8pt; }
  h2 { margin-top: 7mm; }
  h2, .note { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7.8pt; }
  th, td { padding: 0.9mm 1.3mm; }
  td.foreign { min-width: 0; }
  thead { display: table-header-group; }
  tr, tbody, .note, .short, .figure, .headlines li { break-inside: avoid; }
  .legend { font-size: 7.8pt; }
  .chart { min-width: 0; }
}
</style>`)
