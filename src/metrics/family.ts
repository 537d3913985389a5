// One metric name with all its series: process totals, plus what live generations count in shared
// words. Read only at a scrape.

import {
  COUNTER_WORDS,
  type HistogramShape,
  histogramWords,
  readCounter,
  readHistogram,
} from '../memory/counters.ts'
import { checkVector } from './declaration.ts'
import type { FamilyOptions, HistogramOptions, Labels, Vector } from './registrar.ts'

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}
export type Samples = readonly Sample[]

export type Collect = () => Iterable<{ readonly labels: Labels; readonly value: number }>

type Dimensions = Readonly<Record<string, readonly string[]>>

/**
 * Series that one generation reserved for one family, and the rows they lie in once the generation
 * runs.
 */
interface Block {
  readonly owner: object
  readonly vector: Vector
  readonly fixed: Labels
  readonly names: readonly string[]
  readonly values: readonly (readonly string[])[]
  readonly count: number
  words?: Int32Array
  bases: readonly number[]
}

abstract class Family {
  readonly help: string
  /** Sorted, as Prometheus clients print them. */
  readonly labelNames: readonly string[]
  readonly #name: string
  abstract readonly type: string

  constructor(options: FamilyOptions) {
    this.#name = options.name
    this.help = options.help
    this.labelNames = [...(options.labelNames ?? [])].sort()
  }

  get name(): string {
    return this.#name
  }

  checkLabels(labelNames: readonly string[]): void {
    if ([...labelNames].sort().join() !== this.labelNames.join()) {
      throw new Error(
        `metric ${this.name} has the labels ${this.labelNames.join(', ') || '(none)'}, not ${labelNames.join(', ')}`,
      )
    }
  }

  /** The label values in the order of labelNames: what makes a series the same. */
  protected key(labels: Labels): string {
    this.checkLabels(Object.keys(labels))
    return JSON.stringify(this.labelNames.map(name => labels[name]))
  }

  protected labelsOf(key: string): Record<string, string> {
    const values = JSON.parse(key) as string[]
    return Object.fromEntries(this.labelNames.map((name, index) => [name, values[index] ?? '']))
  }
}

/**
 * Counters and histograms: values that grow, live in shared words, and outlive their generation.
 * `Value` is one series' reading.
 */
abstract class GrowingFamily<Value> extends Family {
  readonly #totals = new Map<string, Value>()
  #blocks: Block[] = []

  protected abstract readonly step: number
  protected abstract read(words: Int32Array, offset: number): Value
  protected abstract isZero(value: Value): boolean
  protected abstract sum(a: Value, b: Value): Value
  protected abstract zero(): Value
  protected abstract show(labels: Record<string, string>, value: Value): Samples

  /** `reserveWords` gives the offset of that many new words in the owner's rows. */
  reserve(
    owner: object,
    fixed: Labels,
    dimensions: Dimensions = {},
    reserveWords: (count: number) => number,
  ): Vector {
    const names = Object.keys(dimensions)
    this.checkLabels([...Object.keys(fixed), ...names])
    checkVector(this.name, fixed, dimensions)
    const values = Object.values(dimensions)
    const count = values.reduce((product, list) => product * list.length, 1)
    const vector = { base: reserveWords(count * this.step), step: this.step }
    this.#blocks.push({ owner, vector, fixed, names, values, count, bases: [] })
    return vector
  }

  attach(owner: object, words: Int32Array, bases: readonly number[]): void {
    for (const block of this.#blocks) {
      if (block.owner !== owner) continue
      block.words = words
      block.bases = bases
    }
  }

  fold(owner: object): void {
    for (const block of this.#blocks) {
      if (block.owner === owner) this.#addBlock(block, this.#totals)
    }
  }

  drop(owner: object): void {
    this.#blocks = this.#blocks.filter(block => block.owner !== owner)
  }

  samples(): Samples {
    const all = new Map(this.#totals)
    if (this.labelNames.length === 0 && all.size === 0) all.set('[]', this.zero())
    for (const block of this.#blocks) this.#addBlock(block, all)
    return [...all].flatMap(([key, value]) => this.show(this.labelsOf(key), value))
  }

  protected addTotal(labels: Labels, value: Value): void {
    this.#addTo(this.#totals, this.key(labels), value)
  }

  #addBlock(block: Block, into: Map<string, Value>): void {
    const { words, bases, vector } = block
    if (words === undefined) return
    for (let index = 0; index < block.count; index++) {
      let value = this.zero()
      for (const base of bases)
        value = this.sum(value, this.read(words, base + vector.base + index * vector.step))
      if (!this.isZero(value)) this.#addTo(into, this.key(labelsAt(block, index)), value)
    }
  }

  #addTo(into: Map<string, Value>, key: string, value: Value): void {
    const before = into.get(key)
    into.set(key, before === undefined ? value : this.sum(before, value))
  }
}

/** Labels of one series of a block: row-major, the last dimension runs fastest. */
const labelsAt = (block: Block, index: number): Labels => {
  const labels: Record<string, string> = { ...block.fixed }
  let rest = index
  for (let at = block.names.length - 1; at >= 0; at--) {
    const values = block.values[at] ?? []
    labels[block.names[at] ?? ''] = values[rest % values.length] ?? ''
    rest = Math.floor(rest / values.length)
  }
  return labels
}

export class CounterSeries extends GrowingFamily<number> {
  readonly type = 'counter'
  protected readonly step = COUNTER_WORDS

  add(labels: Labels, count: number): void {
    this.addTotal(labels, count)
  }
  protected read(words: Int32Array, offset: number): number {
    return readCounter(words, offset)
  }
  protected isZero(value: number): boolean {
    return value === 0
  }
  protected sum(a: number, b: number): number {
    return a + b
  }
  protected zero(): number {
    return 0
  }
  protected show(labels: Record<string, string>, value: number): Samples {
    return [{ labels, value }]
  }
}

/** Per bucket, not cumulative; the last one is +Inf. */
interface Distribution {
  readonly counts: readonly number[]
  readonly sum: number
}

export class HistogramSeries extends GrowingFamily<Distribution> {
  readonly type = 'histogram'
  readonly #shape: HistogramShape
  protected readonly step: number

  constructor(options: HistogramOptions) {
    super(options)
    this.#shape = { bounds: options.buckets, unitsPerOne: options.unitsPerOne }
    this.step = histogramWords(this.#shape)
  }

  checkShape(options: HistogramOptions): void {
    if (
      options.buckets.join() !== this.#shape.bounds.join() ||
      options.unitsPerOne !== this.#shape.unitsPerOne
    ) {
      throw new Error(`metric ${this.name} is declared with other buckets`)
    }
  }

  observe(labels: Labels, value: number): void {
    const found = this.#shape.bounds.findIndex(bound => value <= bound)
    const bucket = found < 0 ? this.#shape.bounds.length : found
    this.addTotal(labels, {
      counts: this.zero().counts.map((_, index) => (index === bucket ? 1 : 0)),
      sum: value,
    })
  }
  protected read(words: Int32Array, offset: number): Distribution {
    return readHistogram(words, offset, this.#shape)
  }
  protected isZero(value: Distribution): boolean {
    return value.counts.every(count => count === 0)
  }
  protected sum(a: Distribution, b: Distribution): Distribution {
    return {
      counts: a.counts.map((count, index) => count + (b.counts[index] ?? 0)),
      sum: a.sum + b.sum,
    }
  }
  protected zero(): Distribution {
    return { counts: new Array<number>(this.#shape.bounds.length + 1).fill(0), sum: 0 }
  }
  protected show(labels: Record<string, string>, value: Distribution): Samples {
    let total = 0
    const samples: Sample[] = value.counts.map((count, index) => ({
      metricName: `${this.name}_bucket`,
      labels: { ...labels, le: this.#shape.bounds[index] ?? '+Inf' },
      value: (total += count),
    }))
    samples.push({ metricName: `${this.name}_sum`, labels, value: value.sum })
    samples.push({ metricName: `${this.name}_count`, labels, value: total })
    return samples
  }
}

/** Values asked for at each scrape. Of equal label sets the last one asked counts. */
export class GaugeSeries extends Family {
  readonly type = 'gauge'
  #sources: { owner: object; collect: Collect }[] = []

  addSource(owner: object, collect: Collect): void {
    this.#sources.push({ owner, collect })
  }

  drop(owner: object): void {
    this.#sources = this.#sources.filter(source => source.owner !== owner)
  }

  samples(): Samples {
    const values = new Map<string, number>()
    if (this.labelNames.length === 0) values.set('[]', 0)
    for (const { collect } of this.#sources) {
      for (const { labels, value } of collect()) values.set(this.key(labels), value)
    }
    return [...values].map(([key, value]) => ({ labels: this.labelsOf(key), value }))
  }
}
