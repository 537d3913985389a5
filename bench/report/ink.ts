// How the charts look: colours by class, so that they follow the reader's light or dark scheme.

/** `ours` and `theirs` are bars, `floor` what no server can go below, `line` a spread. */
export const STYLE = `<style>
text { fill: #1f2430 }
.line { stroke: #1f2430 }
.ours { fill: #2f6fd0 }
.theirs { fill: #9aa4b2 }
.floor { fill: #d9c48f }
.faint { fill: #5b6472 }
@media (prefers-color-scheme: dark) {
  text { fill: #e3e7ee }
  .line { stroke: #e3e7ee }
  .ours { fill: #6ba1f5 }
  .theirs { fill: #707b8c }
  .floor { fill: #8a7a45 }
  .faint { fill: #a3adbb }
}
</style>`

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
