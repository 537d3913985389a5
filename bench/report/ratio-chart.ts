// A chart of groups of servers: how many times as much as shardns each takes, on one logarithmic
// scale for all groups. To the right of the line at 1 a server takes more than shardns, to the left
// less: neither side looks better than the other, and each bar ends in a dot, so that it is seen
// however short it is.

import { escapeXml, STYLE } from './ink.ts'
import { type LogScale, logScale, tickText } from './log-scale.ts'

export interface Bar {
  readonly title: string
  /** `other` is shardns in another shape; a floor is no server. Both have a colour of their own. */
  readonly kind: 'theirs' | 'other' | 'floor'
  readonly median: number
  readonly min: number
  readonly max: number
  /** The median with its unit. */
  readonly text: string
}

export interface Group {
  readonly title: string
  /** What all others are divided by: shardns. */
  readonly unit: Pick<Bar, 'median' | 'text'>
  readonly bars: readonly Bar[]
}

export interface ChartParts {
  readonly title: string
  /** Lines under the title. */
  readonly notes: readonly string[]
  readonly groups: readonly Group[]
}

const WIDTH = 860
const LABEL_AT = 122
const LEFT = 150
const RIGHT = 650
const VALUE_AT = 760
const RATIO_AT = 850
const BAR = 10
const DOT = 5
const ROW = 18
const HEADING = 24
const GAP = 8
const LEGEND_GAP = 30

/** Two digits that count. */
export const ratioText = (ratio: number): string => {
  if (ratio <= 0) return '0 ×'
  const digits = ratio >= 10 ? 0 : ratio >= 0.1 ? 2 : ratio >= 0.01 ? 3 : 4
  return `${ratio.toFixed(digits)} ×`
}

const LEGEND = [
  { kind: 'unit', text: 'shardns', width: 84 },
  { kind: 'less', text: 'takes less than shardns', width: 190 },
  { kind: 'more', text: 'takes more than shardns', width: 190 },
  { kind: 'other', text: 'another shardns', width: 140 },
  { kind: 'floor', text: 'echo: only sends packets back', width: 0 },
] as const
const LINE_AT = 16

class Drawing {
  readonly #scale: LogScale
  readonly #lines: string[] = []

  constructor(groups: readonly Group[]) {
    this.#scale = logScale(
      groups.flatMap(({ bars, unit }) =>
        bars.flatMap(({ median, min, max }) =>
          [min, median, max].map(value => value / unit.median),
        ),
      ),
    )
  }

  #x(ratio: number): number {
    return LEFT + this.#scale.at(ratio) * (RIGHT - LEFT)
  }

  text(x: number, y: number, text: string, more = ''): void {
    this.#lines.push(`<text x="${x.toFixed(1)}" y="${y}"${more}>${escapeXml(text)}</text>`)
  }

  ticks(y: number): void {
    const more = ' class="faint" font-size="11" text-anchor="middle"'
    for (const tick of this.#scale.ticks) this.text(this.#x(tick), y, tickText(tick), more)
  }

  /** Kinds that do not occur have no place in it. */
  legend(y: number, kinds: ReadonlySet<string>): void {
    let x = LINE_AT
    for (const { kind, text, width } of LEGEND) {
      const isOptional = kind === 'other' || kind === 'floor'
      if (isOptional && !kinds.has(kind)) continue
      this.#lines.push(
        kind === 'unit'
          ? `<path class="one" stroke-width="2" d="M${x} ${y - 11}V${y + 2}"/>`
          : `<circle class="${kind}" cx="${x}" cy="${y - 4}" r="${DOT + 1}"/>`,
      )
      this.text(x + 12, y, text)
      x += width
    }
  }

  /** Returns how high it is. */
  group({ title, unit, bars }: Group, y: number): number {
    this.text(10, y + 15, title, ' font-weight="bold"')
    this.text(RATIO_AT, y + 15, `shardns ${unit.text}`, ' text-anchor="end" font-weight="bold"')
    const top = y + HEADING
    const bottom = top + bars.length * ROW
    for (const tick of this.#scale.ticks) {
      const look = tick === 1 ? 'class="one" stroke-width="2"' : 'class="grid"'
      this.#lines.push(`<path ${look} d="M${this.#x(tick).toFixed(1)} ${top}V${bottom}"/>`)
    }
    for (const [row, bar] of bars.entries()) this.#bar(bar, unit.median, top + row * ROW + ROW / 2)
    return HEADING + bars.length * ROW + GAP
  }

  #bar({ title, kind, median, min, max, text }: Bar, unit: number, y: number): void {
    const ratio = median / unit
    const [one, end] = [this.#x(1), this.#x(ratio)]
    const look = kind === 'theirs' ? (ratio < 1 ? 'less' : 'more') : kind
    const [left, width] = [Math.min(one, end), Math.abs(end - one)]
    this.text(LABEL_AT, y + 4, title, ' text-anchor="end"')
    this.#lines.push(
      `<rect class="${look}" x="${left.toFixed(1)}" y="${y - BAR / 2}" width="${width.toFixed(1)}" height="${BAR}"/>`,
      `<circle class="${look}" cx="${end.toFixed(1)}" cy="${y}" r="${DOT}"/>`,
    )
    if (max > min)
      this.#lines.push(
        `<path class="line" d="M${this.#x(min / unit).toFixed(1)} ${y}H${this.#x(max / unit).toFixed(1)}"/>`,
      )
    if (this.#scale.isBeyond(ratio)) this.#arrow(end, y, ratio < 1 ? -1 : 1, look)
    this.text(VALUE_AT, y + 4, text, ' text-anchor="end"')
    this.text(RATIO_AT, y + 4, ratioText(ratio), ' text-anchor="end"')
  }

  /** Where the scale ends before the bar. */
  #arrow(x: number, y: number, direction: 1 | -1, look: string): void {
    const [tip, back] = [x + direction * 3 * DOT, x + direction * DOT]
    this.#lines.push(`<path class="${look}" d="M${tip} ${y}L${back} ${y - DOT}V${y + DOT}Z"/>`)
  }

  document(height: number): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
      STYLE,
      ...this.#lines,
      '</svg>',
      '',
    ].join('\n')
  }
}

export const ratioChart = ({ title, notes, groups }: ChartParts): string => {
  const drawing = new Drawing(groups)
  drawing.text(10, 24, title, ' font-size="16" font-weight="bold"')
  for (const [n, note] of notes.entries()) drawing.text(10, 44 + n * 17, note, ' class="faint"')
  const legendAt = 52 + notes.length * 17
  drawing.legend(legendAt, new Set(groups.flatMap(({ bars }) => bars.map(({ kind }) => kind))))
  drawing.ticks(legendAt + LEGEND_GAP - 4)
  let y = legendAt + LEGEND_GAP
  for (const group of groups) y += drawing.group(group, y)
  drawing.ticks(y + 8)
  return drawing.document(y + 18)
}
