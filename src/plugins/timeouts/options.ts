// `timeouts { read|write|idle DURATION; maxtcpqueries COUNT }`. Occurrences add up.

import type { Timeouts } from '../../chain/block.ts'
import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { option } from '../../corefile/options/option-rows.ts'
import { OptionReader, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, duration, integer, type Value } from '../../corefile/options/values.ts'
import { formatDuration } from '../../corefile/words/duration.ts'

const MIN_MS = 1000
const MAX_MS = 24 * 3600 * 1000
const UNLIMITED = -1
/** What counts the queries of a connection is a signed 32-bit number. */
const MAX_QUERIES = 0x7fffffff

/** CoreDNS doubles the prefix for some errors. */
const PREFIX = 'plugin/timeouts: '

const timeout = duration({
  areSecondsAllowed: true,
  least: MIN_MS,
  most: MAX_MS,
  wrong: word => word.err(`failed to parse duration '${word.text}'`),
  outside: (ms, word) =>
    word.err(`timeout provided '${formatDuration(ms)}' needs to be between 1 second and 24 hours`),
})

const anyInteger = integer({
  word: 'COUNT',
  least: UNLIMITED,
  wrong: word => wrongCount(word),
  outside: (_, word) => wrongCount(word),
})

const queries: Value<number> = {
  ...anyInteger,
  range: '1 or more, or -1',
  read(word) {
    const count = anyInteger.read(word)
    if (count === 0) throw wrongCount(word)
    return Math.min(count, MAX_QUERIES)
  },
}

const wrongCount = (word: Argument): CorefileError =>
  word.err(`maxtcpqueries provided '${word.text}' needs to be -1 (unlimited) or a positive integer`)

type Read = { readonly [Key in keyof Timeouts]-?: Timeouts[Key] | undefined }

const reader = new OptionReader<Read>({
  rows: {
    readMs: option('read', timeout, {
      unset: undefined,
      otherwise: '3s',
      does: 'how long to wait for the first query of a connection',
    }),
    writeMs: option('write', timeout, {
      unset: undefined,
      otherwise: '5s',
      does: 'how long to wait for a reply to be written',
    }),
    idleMs: option('idle', timeout, {
      unset: undefined,
      otherwise: '10s',
      does: 'how long to wait for each later query',
    }),
    maxTcpQueries: option('maxtcpqueries', queries, {
      unset: undefined,
      otherwise: '-1',
      does: 'queries after which a connection is closed, -1 for never',
    }),
  },
  otherLine: (directive, known) =>
    directive.unknownOption(`unknown option: '${directive.val()}'`, known),
  wrongCount: directive => directive.argErr().prefixed(PREFIX),
})

const given = ({ readMs, writeMs, idleMs, maxTcpQueries }: Read): Timeouts => ({
  ...(readMs !== undefined && { readMs }),
  ...(writeMs !== undefined && { writeMs }),
  ...(idleMs !== undefined && { idleMs }),
  ...(maxTcpQueries !== undefined && { maxTcpQueries }),
})

export const options: OptionTable<Timeouts> = {
  facts: reader.facts,
  parse(directive) {
    const draft = reader.start(directive)
    while (directive.next()) {
      reader.readArguments(directive, draft)
      if (reader.readBlock(directive, draft) === 0)
        throw directive.err('timeouts block with no timeouts specified').prefixed(PREFIX)
    }
    return given(draft)
  },
}
