"""How a feedback page looks: one set of colours for light and one for dark, each with contrast enough to read."""

STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --soft: #57606a; --page: #fff; --code: #f6f8fa; --line: #d0d7de;
  --link: #0550ae; --good: #116329; --bad: #a40e26; --note: #ddf4ff;
  --keyword: #a40e26; --string: #0a3069; --comment: #57606a; --number: #0550ae; --name: #6639ba; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #b1bac4; --page: #0d1117; --code: #161b22;
  --line: #3d444d; --link: #79c0ff; --good: #7ee787; --bad: #ffa198; --note: #12263f;
  --keyword: #ff9790; --string: #a5d6ff; --comment: #b1bac4; --number: #79c0ff; --name: #d2a8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--text); background: var(--page);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); } h1 { margin-bottom: 0; } h2, h3, h4, h5, h6 { margin: 1.6em 0 .4em; line-height: 1.25; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
.who { color: var(--soft); margin-top: .2em; } .points { font-size: 1.25em; }
.note { background: var(--note); border-left: 4px solid var(--link); padding: .4rem 1rem; }
nav table { border-collapse: collapse; } nav td, nav th { padding: .15rem 1.5rem .15rem 0; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; }
pre { background: var(--code); padding: .6rem .8rem; margin: .4rem 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 14px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; border-radius: 4px; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; } pre code { font: inherit; }
pre.output { background: none; border-left: 3px solid var(--line); border-radius: 0; margin-left: .4rem; }
section { border: 1px solid var(--line); border-radius: 6px; padding: .3rem .9rem .7rem; margin: 1rem 0; }
.label { font-weight: 600; margin: .4rem 0; } .label .mark { float: right; font-weight: 400; }
.full { color: var(--good); } .lost { color: var(--bad); } pre.failed { border-left-color: var(--bad); }
.comment { background: var(--note); padding: .3rem .9rem; border-radius: 4px; margin-top: .7rem; }
.cut { color: var(--soft); font-style: italic; }
img { max-width: 100%; height: auto; background: #fff; }
.text_cell_render table, .shown table { border-collapse: collapse; }
.text_cell_render td, .text_cell_render th, .shown td, .shown th {
  border: 1px solid var(--line); padding: .2rem .6rem; }
.right { text-align: right; } .center { text-align: center; }
blockquote { border-left: 3px solid var(--line); margin-left: 0; padding-left: 1rem; }
.formula { display: block; overflow-x: auto; overflow-y: hidden; padding: .2rem 0; }
math { font-size: 1.08em; } mtd[columnalign=left] { text-align: left; } mtd[columnalign=right] { text-align: right; }
.k, .kn, .kd, .kc, .kr, .kt, .ow { color: var(--keyword); }
.s, .s1, .s2, .sd, .sa, .se, .si, .sr, .sb, .sc, .sh, .sx, .ss, .dl { color: var(--string); }
.c, .c1, .ch, .cm, .cs, .cp { color: var(--comment); font-style: italic; }
.m, .mi, .mf, .mh, .mb, .mo, .il, .bp, .nb { color: var(--number); } .nf, .nc, .nd, .fm, .ne { color: var(--name); }
@media print { section { break-inside: avoid; } .skip { display: none; } }
"""
