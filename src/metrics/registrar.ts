// How plugins declare metrics and reserve the shared words behind them. Names, labels and buckets
// are CoreDNS's.

/** Labels in the order of the family's `labelNames`. */
export type Labels = Readonly<Record<string, string>>

/**
 * Word offset of a vector's first series in a counter row, and the words from one series to the
 * next. Series lie in row-major order of the vector's dimensions: the index of (i, j) in dimensions
 * of sizes (I, J) is i * J + j.
 */
export interface Vector {
  readonly base: number
  readonly step: number
}

export interface FamilyOptions {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
}

export interface CounterFamily {
  /**
   * Reserves one series for each combination of `dimensions`, all carrying `fixed`. Equal label
   * sets of several vectors are summed.
   */
  vector(fixed: Labels, dimensions?: Readonly<Record<string, readonly string[]>>): Vector
  /** Adds on the main thread (for what only main counts). */
  add(labels: Labels, count?: number): void
}

export interface HistogramFamily {
  vector(fixed: Labels, dimensions?: Readonly<Record<string, readonly string[]>>): Vector
  /** Observes on the main thread. */
  observe(labels: Labels, value: number): void
}

export interface HistogramOptions extends FamilyOptions {
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets: readonly number[]
  /**
   * Sums are kept as 64-bit integers of 1/unitsPerOne: 1e9 for seconds (nanoseconds), 1 for bytes.
   */
  readonly unitsPerOne: number
}

/**
 * Families are process-wide: asking twice for one name gives the same family; totals outlive
 * generations. A series without labels is shown from its declaration on; one with labels once it is
 * not zero.
 */
export interface MetricRegistrar {
  counter(options: FamilyOptions): CounterFamily
  histogram(options: HistogramOptions): HistogramFamily
  /** `collect` runs at each scrape, on main, while this generation runs. */
  gauge(
    options: FamilyOptions,
    collect: () => Iterable<{ readonly labels: Labels; readonly value: number }>,
  ): void
  /** Metrics of the process begin now, if they have not: before anybody asks for them. */
  measureProcess(): void
  /** Shows more of the runtime from now on, until the process ends. */
  showRuntime(): void
  /** The whole exposition, text format 0.0.4. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>
}

/** 0.25 ms doubling to 8.192 s. */
export const TIME_BUCKETS: readonly number[] = Array.from(
  { length: 16 },
  (_, k) => 0.00025 * 2 ** k,
)
/** 0.25 ms times ten up to 2.5 s. */
export const SLIM_TIME_BUCKETS: readonly number[] = Array.from(
  { length: 5 },
  (_, k) => 0.00025 * 10 ** k,
)
/** Message sizes in bytes. */
export const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3,
]
