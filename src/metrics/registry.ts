// All metrics of the process: what shards count in shared words, what main counts, and gauges asked
// at each scrape. The only importer of prom-client, which writes the text format and knows the
// process's own metrics; it is never called per query.

import type prometheus from 'prom-client'
import { loadPackage } from '../base/program.ts'
import { LONGEST_TIMER_MS } from '../base/time/timers.ts'
import { checkFamily, checkHistogram, MOST_ROW_WORDS } from './declaration.ts'
import {
  type Collect,
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  type Samples,
} from './family.ts'
import { PROCESS_FAMILIES } from './process-metrics.ts'
import type {
  CounterFamily,
  FamilyOptions,
  HistogramFamily,
  HistogramOptions,
  Labels,
  MetricRegistrar,
} from './registrar.ts'
import { declareUnlabelled } from './unlabelled.ts'

/**
 * Parts of prom-client: the whole loads its push client, and with it all of TLS (5 MiB, 15 ms).
 * Loaded once somebody is to see metrics.
 */
const makeRegistry = (): prometheus.Registry =>
  new (loadPackage<typeof prometheus.Registry>('prom-client/lib/registry'))()
const loadDefaults = () =>
  loadPackage<typeof prometheus.collectDefaultMetrics>('prom-client/lib/defaultMetrics')
const loadLag = () =>
  loadPackage<{
    (register: prometheus.Registry, config: { eventLoopMonitoringPrecision: number }): void
    readonly metricNames: readonly string[]
  }>('prom-client/lib/metrics/eventLoopLag')

/** How the names begin that prom-client has metrics for. */
const PROCESS_NAME = /^(?:nodejs|process)_/

type Family = CounterSeries | HistogramSeries | GaugeSeries

/** Gauges of prom-client whose names promtool refuses: `_total` belongs to counters. */
const REFUSED_BY_PROMTOOL = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * What prom-client tells of the process. Once, however many servers run in it: what it measures
 * with never ends.
 */
let processMetrics: prometheus.Registry | undefined

const metricsOfProcess = (): prometheus.Registry => {
  if (processMetrics === undefined) {
    const lag = loadLag()
    processMetrics = makeRegistry()
    loadDefaults()({ register: processMetrics, eventLoopMonitoringPrecision: LONGEST_TIMER_MS })
    for (const name of [...REFUSED_BY_PROMTOOL, ...lag.metricNames])
      processMetrics.removeSingleMetric(name)
  }
  return processMetrics
}

/** How often it is measured how late the main thread's event loop is. */
const LAG_PRECISION_MS = 10

/**
 * Measured only if somebody asks for it: for that alone the main thread wakes up a hundred times a
 * second.
 */
const lagOfProcess = (): prometheus.Metric[] => {
  const metrics = metricsOfProcess()
  const collectLag = loadLag()
  const { metricNames } = collectLag
  if (metrics.getSingleMetric(metricNames[0]!) === undefined)
    collectLag(metrics, { eventLoopMonitoringPrecision: LAG_PRECISION_MS })
  return metricNames.map(name => metrics.getSingleMetric(name)!)
}

/**
 * What `runtime_metrics` adds to the lag of the main thread's event loop: how that thread collects
 * its garbage, and what it holds.
 */
const RUNTIME_METRICS = [
  'nodejs_gc_duration_seconds',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_active_resources',
  'nodejs_active_handles',
  'nodejs_active_requests',
]

export interface BuildInfo {
  readonly version: string
  /** Commit, '' if unknown. */
  readonly revision: string
  /** The release of CoreDNS that this version follows. */
  readonly corednsVersion: string
}

export class MetricsRegistry {
  /** Once somebody is to see it. */
  #registry: prometheus.Registry | undefined
  /** What it gets. */
  readonly #metrics: prometheus.Metric[] = []
  readonly #families = new Map<string, Family>()
  /** What is not shown yet. */
  #runtime: prometheus.Metric[] = []
  /** In order of attachment; the last one's gauges are shown. */
  readonly #attached: GenerationMetrics[] = []
  /**
   * For what belongs to the process and not to a configuration. Its gauges are always shown; its
   * vectors need attach() as any.
   */
  readonly process: GenerationMetrics

  constructor(build: BuildInfo) {
    for (const { name, help, type, read } of PROCESS_FAMILIES) {
      this.#register({ name, help, type }, () =>
        [read()].flatMap(value => (value === undefined ? [] : { value, labels: {} })),
      )
    }
    this.process = this.begin()
    declareUnlabelled(this.process)
    this.#declareBuild(build)
  }

  /** Begins to measure the process, which the first scrape is to find under way. */
  #opened(): prometheus.Registry {
    if (this.#registry !== undefined) return this.#registry
    const registry = makeRegistry()
    const { metricNames } = loadLag()
    const isRuntime = (name: string): boolean =>
      RUNTIME_METRICS.includes(name) || metricNames.includes(name)
    const metrics = metricsOfProcess()
    const names = metrics.getMetricsAsArray().map(({ name }) => name)
    const named = (name: string): prometheus.Metric => metrics.getSingleMetric(name)!
    for (const name of names) if (!isRuntime(name)) registry.registerMetric(named(name))
    this.#runtime = RUNTIME_METRICS.map(named)
    for (const metric of this.#metrics) registry.registerMetric(metric)
    this.#registry = registry
    return registry
  }

  /** What reads the first family takes `version` for CoreDNS's. */
  #declareBuild({ version, revision, corednsVersion }: BuildInfo): void {
    const declare = (name: string, help: string, labels: Labels): void =>
      this.process.gauge({ name, help, labelNames: Object.keys(labels) }, () => [
        { labels, value: 1 },
      ])
    declare(
      'coredns_build_info',
      "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.",
      { version: corednsVersion, revision, goversion: process.version },
    )
    declare(
      'shardns_build_info',
      'What runs: 1, with the version and the commit of shardns, and the version of Node.',
      { version, revision, node: process.versions.node },
    )
  }

  /**
   * The metrics of one generation, while it is loaded and runs. Ends with retire() or discard().
   */
  begin(): GenerationMetrics {
    return new GenerationMetrics({
      family: (name, make) => this.#family(name, make),
      isShown: generation => generation === this.process || generation === this.#attached.at(-1),
      attached: generation => {
        if (generation !== this.process) this.#attached.push(generation)
      },
      ended: generation => {
        const index = this.#attached.indexOf(generation)
        if (index >= 0) this.#attached.splice(index, 1)
      },
      expose: () => this.expose(),
      measureProcess: () => void this.#opened(),
      showRuntime: () => this.#showRuntime(),
    })
  }

  /** The whole exposition, text format 0.0.4. */
  async expose(): Promise<{ contentType: string; body: string }> {
    const registry = this.#opened()
    return { contentType: registry.contentType, body: await registry.metrics() }
  }

  /**
   * Once shown, they stay until the process ends, as in CoreDNS: a counter that comes and goes is
   * of no use.
   */
  #showRuntime(): void {
    const registry = this.#opened()
    if (this.#runtime.length === 0) return
    for (const metric of [...lagOfProcess(), ...this.#runtime.splice(0)])
      registry.registerMetric(metric)
  }

  #register(
    family: { readonly name: string; readonly help: string; readonly type: string },
    samples: () => Samples,
  ): void {
    const get = async () => ({ ...family, values: samples(), aggregator: 'sum' })
    // prom-client's registry only ever calls get(); its own metric classes would hold the values a
    // second time.
    const metric = { ...family, get } as unknown as prometheus.Metric
    this.#metrics.push(metric)
    this.#registry?.registerMetric(metric)
  }

  #family(name: string, make: () => Family): Family {
    const known = this.#families.get(name)
    const family = known ?? make()
    if (known !== undefined) return known
    if (PROCESS_NAME.test(name) && this.#opened().getSingleMetric(name) !== undefined)
      throw new Error(`metric ${name} belongs to the runtime`)
    this.#families.set(name, family)
    const { type, help } = family
    this.#register({ name, help, type }, () => family.samples())
    return family
  }
}

interface RegistrySide {
  family(name: string, make: () => Family): Family
  isShown(generation: GenerationMetrics): boolean
  attached(generation: GenerationMetrics): void
  ended(generation: GenerationMetrics): void
  expose(): Promise<{ contentType: string; body: string }>
  measureProcess(): void
  showRuntime(): void
}

/**
 * What one generation declares. Vectors are laid out one behind the other in a row of `rowWords`
 * words, one row per shard.
 */
export class GenerationMetrics implements MetricRegistrar {
  readonly #side: RegistrySide
  readonly #used = new Set<Family>()
  #rowWords = 0
  #attached = false

  constructor(side: RegistrySide) {
    this.#side = side
  }

  /** Words that one shard's row needs. Final once all control halves have run. */
  get rowWords(): number {
    return this.#rowWords
  }

  counter(options: FamilyOptions): CounterFamily {
    checkFamily(options)
    const family = this.#side.family(options.name, () => new CounterSeries(options))
    if (!(family instanceof CounterSeries))
      throw new Error(`metric ${options.name} is not a counter`)
    this.#use(family, options)
    return {
      vector: (fixed, dimensions) =>
        family.reserve(this, fixed, dimensions, words => this.#reserve(words)),
      add: (labels, count = 1) => family.add(labels, count),
    }
  }

  histogram(options: HistogramOptions): HistogramFamily {
    checkHistogram(options)
    const family = this.#side.family(options.name, () => new HistogramSeries(options))
    if (!(family instanceof HistogramSeries))
      throw new Error(`metric ${options.name} is not a histogram`)
    this.#use(family, options)
    family.checkShape(options)
    return {
      vector: (fixed, dimensions) =>
        family.reserve(this, fixed, dimensions, words => this.#reserve(words)),
      observe: (labels, value) => family.observe(labels, value),
    }
  }

  gauge(
    options: FamilyOptions,
    collect: () => Iterable<{ readonly labels: Labels; readonly value: number }>,
  ): void {
    checkFamily(options)
    const family = this.#side.family(options.name, () => new GaugeSeries(options))
    if (!(family instanceof GaugeSeries)) throw new Error(`metric ${options.name} is not a gauge`)
    this.#use(family, options)
    const source: Collect = () => (this.#side.isShown(this) ? collect() : [])
    family.addSource(this, source)
  }

  measureProcess(): void {
    this.#side.measureProcess()
  }

  showRuntime(): void {
    this.#side.showRuntime()
  }

  expose(): Promise<{ contentType: string; body: string }> {
    return this.#side.expose()
  }

  /**
   * Tells where the rows are: `bases` has one word offset per shard. From here on the generation's
   * series are shown.
   */
  attach(words: Int32Array, bases: readonly number[]): void {
    this.#attached = true
    for (const family of this.#used)
      if (!(family instanceof GaugeSeries)) family.attach(this, words, bases)
    this.#side.attached(this)
  }

  /**
   * Folds what the shards counted into the process totals. No shard may count in these rows
   * afterwards.
   */
  retire(): void {
    if (this.#attached)
      for (const family of this.#used) if (!(family instanceof GaugeSeries)) family.fold(this)
    this.discard()
  }

  /** Forgets this generation's series and their counts. */
  discard(): void {
    for (const family of this.#used) family.drop(this)
    this.#used.clear()
    this.#side.ended(this)
  }

  #use(family: Family, options: FamilyOptions): void {
    family.checkLabels(options.labelNames ?? [])
    this.#used.add(family)
  }

  #reserve(words: number): number {
    if (this.#attached) throw new Error('metric vectors are reserved before the generation runs')
    const base = this.#rowWords
    if (base + words > MOST_ROW_WORDS)
      throw new RangeError('metrics have more series than there is room')
    this.#rowWords += words
    return base
  }
}
