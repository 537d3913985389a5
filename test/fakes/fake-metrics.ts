// A metric registrar for tests: vectors are laid out for real in one counter row, so that what a
// serve half counts can be read back by name and labels. It checks what the real registry would
// refuse: label sets that do not fit the family.

import assert from 'node:assert/strict'
import {
  COUNTER_WORDS,
  type HistogramShape,
  histogramWords,
  readCounter,
  readHistogram,
} from '../../src/memory/counters.ts'
import type {
  CounterFamily,
  FamilyOptions,
  HistogramFamily,
  HistogramOptions,
  Labels,
  MetricRegistrar,
  Vector,
} from '../../src/metrics/registrar.ts'

/** Words of a counter row in tests. */
export const ROW_WORDS = 1 << 14

interface Series {
  readonly labels: Labels
  readonly word: number
}

class Family {
  readonly options: FamilyOptions
  readonly shape: HistogramShape | undefined
  readonly series: Series[] = []
  readonly onMain: { readonly labels: Labels; readonly value: number }[] = []

  constructor(options: FamilyOptions, shape: HistogramShape | undefined) {
    this.options = options
    this.shape = shape
  }

  get step(): number {
    return this.shape === undefined ? COUNTER_WORDS : histogramWords(this.shape)
  }

  check(labels: Labels): void {
    const text = `labels of ${this.options.name}`
    assert.deepEqual(
      Object.keys(labels).toSorted(),
      [...(this.options.labelNames ?? [])].toSorted(),
      text,
    )
  }
}

type Gauge = () => Iterable<{ readonly labels: Labels; readonly value: number }>

export class FakeMetrics implements MetricRegistrar {
  readonly #families = new Map<string, Family>()
  readonly #gauges = new Map<string, Gauge>()
  #used = 0

  counter(options: FamilyOptions): CounterFamily {
    const family = this.#family(options, undefined)
    return {
      vector: (fixed, dimensions) => this.#vector(family, fixed, dimensions),
      add: (labels, count = 1) => this.#addOnMain(family, labels, count),
    }
  }

  histogram(options: HistogramOptions): HistogramFamily {
    const family = this.#family(options, {
      bounds: options.buckets,
      unitsPerOne: options.unitsPerOne,
    })
    return {
      vector: (fixed, dimensions) => this.#vector(family, fixed, dimensions),
      observe: (labels, value) => this.#addOnMain(family, labels, value),
    }
  }

  gauge(options: FamilyOptions, collect: Gauge): void {
    this.#gauges.set(options.name, collect)
  }

  measureProcess(): void {}

  showsRuntime = false
  showRuntime(): void {
    this.showsRuntime = true
  }

  async expose(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: '' }
  }

  #family(options: FamilyOptions, shape: HistogramShape | undefined): Family {
    const known = this.#families.get(options.name)
    if (known !== undefined) return known
    const family = new Family(options, shape)
    this.#families.set(options.name, family)
    return family
  }

  #vector(
    family: Family,
    fixed: Labels,
    dimensions: Readonly<Record<string, readonly string[]>> = {},
  ): Vector {
    let combinations: Labels[] = [fixed]
    for (const [label, values] of Object.entries(dimensions)) {
      combinations = combinations.flatMap(labels =>
        values.map(value => ({ ...labels, [label]: value })),
      )
    }
    const base = this.#used
    for (const labels of combinations) {
      family.check(labels)
      family.series.push({ labels, word: this.#used })
      this.#used += family.step
    }
    assert.ok(this.#used <= ROW_WORDS, 'the counter row of the test is full')
    return { base, step: family.step }
  }

  #addOnMain(family: Family, labels: Labels, value: number): void {
    family.check(labels)
    family.onMain.push({ labels, value })
  }

  /** Sum of all series of the family whose labels include `labels`, in the row and on main. */
  counterValue(row: Int32Array, name: string, labels: Labels): number {
    const family = this.#known(name)
    const inRow = family.series
      .filter(series => includes(series.labels, labels))
      .map(series => readCounter(row, series.word))
    const onMain = family.onMain
      .filter(entry => includes(entry.labels, labels))
      .map(entry => entry.value)
    return sum([...inRow, ...onMain])
  }

  /** Count and sum of the observations whose labels include `labels`, in the row and on main. */
  histogramValue(row: Int32Array, name: string, labels: Labels): { count: number; sum: number } {
    const family = this.#known(name)
    const shape = family.shape
    assert.ok(shape, `${name} is no histogram`)
    const inRow = family.series
      .filter(series => includes(series.labels, labels))
      .map(series => readHistogram(row, series.word, shape))
    const onMain = family.onMain
      .filter(entry => includes(entry.labels, labels))
      .map(entry => entry.value)
    return {
      count: sum(inRow.flatMap(read => read.counts)) + onMain.length,
      sum: sum(inRow.map(read => read.sum)) + sum(onMain),
    }
  }

  gaugeValues(name: string): { readonly labels: Labels; readonly value: number }[] {
    const gauge = this.#gauges.get(name)
    assert.ok(gauge, `no gauge named ${name}`)
    return [...gauge()]
  }

  #known(name: string): Family {
    const family = this.#families.get(name)
    assert.ok(family, `no metric named ${name}`)
    return family
  }
}

const includes = (all: Labels, some: Labels): boolean =>
  Object.entries(some).every(([label, value]) => all[label] === value)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
