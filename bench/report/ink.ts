// How the charts look: colours by class, so that they follow the reader's light or dark scheme.

/**
 * `one` is shardns, `more` a bar of a server that takes more than it, `less` of one that takes
 * less, `other` shardns in another shape, `floor` what no server can go below, `line` a spread,
 * `grid` the scale.
 */
export const STYLE = `<style>
text { fill: #1f2430 }
.line { stroke: #1f2430 }
.other { fill: #5b6472 }
.more { fill: #2f6fd0 }
.less { fill: #c8591a }
.floor { fill: #b9a15c }
.faint { fill: #5b6472 }
.grid { stroke: #5b6472; stroke-opacity: 0.25 }
.one { stroke: #1f2430 }
@media (prefers-color-scheme: dark) {
  text { fill: #e3e7ee }
  .line { stroke: #e3e7ee }
  .other { fill: #a3adbb }
  .more { fill: #6ba1f5 }
  .less { fill: #f0935a }
  .floor { fill: #a8945a }
  .faint { fill: #a3adbb }
  .grid { stroke: #a3adbb; stroke-opacity: 0.25 }
  .one { stroke: #e3e7ee }
}
</style>`

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
