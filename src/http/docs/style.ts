export const STYLE = `
:root { color-scheme: light dark; --text: #1b1b1b; --faint: #55554f; --back: #fff; --code: #f4f4f1; --line: #d9d9d3; --accent: #7a5200 }
@media (prefers-color-scheme: dark) { :root { --text: #eee; --faint: #b5b5ae; --back: #181818; --code: #242424; --line: #3a3a38; --accent: #e8bd62 } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: var(--text); background: var(--back) }
a { color: inherit } a:hover { color: var(--accent) }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr) }
nav { border-right: 1px solid var(--line); padding: 1rem; height: 100vh; overflow-y: auto; position: sticky; top: 0; font-size: 14px }
nav ul { list-style: none; margin: 0 0 .75rem; padding: 0 } nav a { text-decoration: none; display: block; padding: .1rem 0 }
nav b { display: block }
main { padding: 1rem 2rem 4rem; max-width: 62rem }
h1 { margin-top: .5rem } h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem }
h2::first-letter, nav b::first-letter { text-transform: uppercase }
h3 { margin: 2.25rem 0 .25rem; overflow-wrap: anywhere } h4 { margin: 1.25rem 0 .25rem }
code, pre { font: 13.5px/1.45 ui-monospace, monospace } pre { background: var(--code); padding: .75rem; overflow-x: auto; border-radius: 4px; margin: .5rem 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: 15px }
td, th { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line) }
td:first-child code { white-space: nowrap } .type, .scope { color: var(--faint); font-size: 14px } .method { color: var(--accent) }
summary { cursor: pointer; padding: .25rem 0 } details.menu { display: none }
@media (max-width: 50rem) {
  .page { display: block } nav.side { display: none } details.menu { display: block; padding: .5rem 1rem; border-bottom: 1px solid var(--line) }
  details.menu nav { position: static; height: auto; border: 0; padding: .5rem 0 } main { padding: .5rem 1rem 3rem }
  thead { display: none } tr, td { display: block; border: 0; padding: .1rem 0 } tr { border-bottom: 1px solid var(--line); padding: .4rem 0 }
}`
