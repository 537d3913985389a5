// `reload [INTERVAL] [JITTER]`. The first occurrence counts, but all are read.

import { argument } from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import { duration, type Value } from '../../corefile/options/values.ts'

export interface ReloadOptions {
  readonly intervalMs: number
  /** Full width of the range that the interval is spread over. */
  readonly jitterMs: number
}

const anyDuration = duration()

const jitter: Value<number> = {
  ...anyDuration,
  range: '0s, or 1s or more',
  read(word) {
    const ms = anyDuration.read(word)
    if (ms !== 0 && ms < 1000)
      throw word.plainErr('jitter value must be 0 or greater or equal to 1s')
    return ms
  },
}

const reader = new OptionReader<ReloadOptions>({
  rows: {
    intervalMs: argument(
      'INTERVAL',
      duration({
        least: 2000,
        outside: (_, word) => word.plainErr('interval value must be greater or equal to 2s'),
      }),
      { default: '30s', does: 'time between two looks at the Corefile' },
    ),
    jitterMs: argument('JITTER', jitter, {
      default: '15s',
      does: 'width of the range that INTERVAL is spread over, half of INTERVAL at most',
    }),
  },
})

export const options: OptionTable<ReloadOptions> = {
  facts: reader.facts,
  parse(directive) {
    let counts: ReloadOptions | undefined
    while (directive.next()) {
      const { token } = directive
      const read = reader.readOccurrence(directive)
      if (counts !== undefined)
        directive.warn('only the first reload of a server block counts', 'repeated', token)
      counts ??= read
    }
    const { intervalMs, jitterMs } = counts ?? reader.start(directive)
    return { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) }
  },
}
