// Hot path. Lines of the common format on the fast path, as bytes. Those of a batch wait without
// their durations until its answers are sent: then one reading of the clock does for all.

import type { Clock } from '../../base/time/clock.ts'
import type { FastQuery } from '../../chain/query/fast-query.ts'
import type { FastStep } from '../../chain/stage/fast-step.ts'
import type { LineSink } from '../../log/logger.ts'
import { getFlags, getId, MASK_RCODE } from '../../wire/header.ts'
import { COMMON_FORMAT } from './common-format.ts'
import { flagsToText, formatSeconds, rcodeText } from './format.ts'
import { asciiBytes, putBytes, putDecimal, putIpv4, putIpv6, putName } from './line-bytes.ts'
import type { LogRule } from './options.ts'
import { TypeBytes } from './type-bytes.ts'

const BUFFER_BYTES = 64 * 1024
/**
 * More than the longest line: a name of 255 bytes escaped comes to 1008, all else to less than 200
 * with the duration.
 */
const MAX_LINE_BYTES = 1280
const MAX_LINES = 1024
/** Nanoseconds in seconds, an `s` and the line end: room for durations of three hundred years. */
const MAX_TAIL_BYTES = 24

// COMMON_FORMAT from here on; a test compares each line with what the compiled format gives.
const START = asciiBytes('[INFO] ')
const BEFORE_ID = asciiBytes(' - ')
const BEFORE_TYPE = asciiBytes(' "')
const CLASS = asciiBytes(' IN ')
const PROTO = asciiBytes(' udp ')
const DO = asciiBytes(' true ')
const NO_DO = asciiBytes(' false ')
const COLON = 0x3a
const SPACE = 0x20
const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d

/** The step; undefined if the rules ask for more than it can do. */
export const fast = (
  rules: readonly LogRule[],
  clock: Clock,
  sink: Pick<LineSink, 'rawBytes'>,
): FastLog | undefined => {
  if (!rules.every(rule => rule.format === COMMON_FORMAT && rule.classes === undefined))
    return undefined
  return new FastLog(clock, sink)
}

export class FastLog implements FastStep {
  readonly #clock: Clock
  readonly #sink: Pick<LineSink, 'rawBytes'>
  readonly #types = new TypeBytes()
  /**
   * `" NOERROR qr,rd,ra ` by the flags word of the answer: as many as kinds of answers are given.
   */
  readonly #outcomes = new Map<number, Uint8Array>()
  /**
   * Lines without duration and line end, one behind the other; at least a line and the durations of
   * all of them fit behind.
   */
  readonly #bytes = new Uint8Array(BUFFER_BYTES)
  readonly #ends = new Uint16Array(MAX_LINES)
  #lineCount = 0
  #receivedMs = 0

  constructor(clock: Clock, sink: Pick<LineSink, 'rawBytes'>) {
    this.#clock = clock
    this.#sink = sink
  }

  done(query: FastQuery): void {
    const count = this.#lineCount
    const start = count === 0 ? 0 : this.#ends[count - 1]!
    this.#receivedMs = query.receivedMs
    this.#ends[count] = this.#putLine(query, start)
    this.#lineCount = count + 1
    const room = BUFFER_BYTES - this.#ends[count]!
    if (room < MAX_LINE_BYTES + (count + 2) * MAX_TAIL_BYTES || count + 1 === MAX_LINES)
      this.flush()
  }

  batchSent(elapsedMs: number): void {
    if (this.#lineCount === 0) return
    const tail = asciiBytes(`${formatSeconds(elapsedMs)}\n`)
    const size = tail.length
    const bytes = this.#bytes
    // From the last line on, for they move towards the end to make room for what goes behind each.
    for (let line = this.#lineCount - 1; line >= 0; line--) {
      const start = line === 0 ? 0 : this.#ends[line - 1]!
      const end = this.#ends[line]!
      if (line > 0) bytes.copyWithin(start + line * size, start, end)
      putBytes(bytes, end + line * size, tail)
    }
    const length = this.#ends[this.#lineCount - 1]! + this.#lineCount * size
    this.#lineCount = 0
    this.#sink.rawBytes(bytes, length)
  }

  /**
   * Completes the lines that wait, before their batch is sent: when they fill the buffer, or a line
   * of the slow path is to follow them.
   */
  flush(): void {
    if (this.#lineCount > 0) this.batchSent(this.#clock.ms() - this.#receivedMs)
  }

  #putLine(query: FastQuery, start: number): number {
    const out = this.#bytes
    let at = putClient(out, putBytes(out, start, START), query)
    at = putDecimal(out, putBytes(out, at, BEFORE_ID), getId(query.bytes, query.at))
    at = this.#types.put(out, putBytes(out, at, BEFORE_TYPE), query.qtype)
    at = putName(out, putBytes(out, at, CLASS), query.name.bytes, query.name.length)
    at = putDecimal(out, putBytes(out, at, PROTO), query.length)
    at = putDecimal(out, putBytes(out, at, query.do ? DO : NO_DO), query.replyLimit)
    at = putBytes(out, at, this.#outcome(getFlags(query.out, query.outAt)))
    at = putDecimal(out, at, query.plainLength)
    out[at++] = SPACE
    return at
  }

  #outcome(flags: number): Uint8Array {
    let text = this.#outcomes.get(flags)
    if (text === undefined) {
      text = asciiBytes(`" ${rcodeText(flags & MASK_RCODE)} ${flagsToText(flags)} `)
      this.#outcomes.set(flags, text)
    }
    return text
  }
}

const putClient = (
  out: Uint8Array,
  start: number,
  { family, address, clientPort }: FastQuery,
): number => {
  let at = start
  if (family === 4) {
    at = putIpv4(out, at, address.bytes)
  } else {
    out[at++] = BRACKET_OPEN
    at = putIpv6(out, at, address.bytes)
    out[at++] = BRACKET_CLOSE
  }
  out[at++] = COLON
  return putDecimal(out, at, clientPort)
}
