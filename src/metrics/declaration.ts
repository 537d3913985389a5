// Checks the declaration of a metric: a name that Prometheus cannot read would spoil the whole
// page, and a vector without a limit would take all memory.

import { given } from '../base/text/given.ts'
import type { FamilyOptions, HistogramOptions } from './registrar.ts'

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/
const MOST_LABELS = 30
const MOST_BUCKETS = 200
/** Of one label in one vector. */
const MOST_VALUES = 1_000_000
/** What one shard counts in one generation: 1 GiB. */
export const MOST_ROW_WORDS = 1 << 28

/** Throws a TypeError for a family that cannot be. */
export const checkFamily = ({ name, help, labelNames = [] }: FamilyOptions): void => {
  if (typeof name !== 'string' || !METRIC_NAME.test(name))
    throw new TypeError(`a metric has no name such as ${given(name)}`)
  if (typeof help !== 'string') throw new TypeError(`metric ${name} has no help text`)
  if (!Array.isArray(labelNames) || labelNames.length > MOST_LABELS)
    throw new TypeError(`metric ${name} has no list of at most ${MOST_LABELS} labels`)
  const wrong = labelNames.find(label => typeof label !== 'string' || !LABEL_NAME.test(label))
  if (wrong !== undefined)
    throw new TypeError(`metric ${name}: a label has no name ${given(wrong)}`)
}

export const checkHistogram = (options: HistogramOptions): void => {
  checkFamily(options)
  const { name, buckets, unitsPerOne } = options
  if (!Array.isArray(buckets) || buckets.length > MOST_BUCKETS)
    throw new TypeError(`metric ${name} has no list of at most ${MOST_BUCKETS} buckets`)
  const rises = buckets.every(
    (bound, index) => Number.isFinite(bound) && !(bound <= (buckets[index - 1] ?? -Infinity)),
  )
  if (!rises) throw new TypeError(`metric ${name} has buckets that do not rise`)
  if (!Number.isFinite(unitsPerOne) || unitsPerOne <= 0)
    throw new TypeError(`metric ${name} has no unitsPerOne such as ${given(unitsPerOne)}`)
}

/** Throws for values of labels that are none, or too many. */
export const checkVector = (
  name: string,
  fixed: Readonly<Record<string, unknown>>,
  dimensions: Readonly<Record<string, unknown>>,
): void => {
  for (const [label, values] of Object.entries(dimensions)) {
    if (!Array.isArray(values))
      throw new TypeError(`metric ${name} has no list of values of ${label}`)
    if (values.length > MOST_VALUES)
      throw new RangeError(
        `metric ${name} has ${values.length} values of ${label}, more than ${MOST_VALUES}`,
      )
    for (const value of values) checkValue(name, label, value)
  }
  for (const [label, value] of Object.entries(fixed)) checkValue(name, label, value)
}

const checkValue = (name: string, label: string, value: unknown): void => {
  if (typeof value !== 'string')
    throw new TypeError(`metric ${name} has ${given(value)} as ${label}, which is no text`)
}
