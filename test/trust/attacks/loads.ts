// What floods over TCP consist of: chunks of whole frames, or a frame too large for anything.

import { query } from '../../support/messages.ts'

const CHUNK_BYTES = 65_536
const MOST_BYTES = 65_535
const OPTION_PADDING = 12
/** Behind the name: type and class, an OPT record, the head of its option. */
const TAIL_BYTES = 4 + 11 + 4

export type Load =
  /** Frames of no bytes at all. */
  | { readonly kind: 'empty frames' }
  /** One small A query again and again. */
  | { readonly kind: 'one name'; readonly name: string }
  /** Queries of 65,535 bytes, each for a name of its own in the zone. */
  | { readonly kind: 'large queries'; readonly zone: string }
  /** Small queries, each for a name of its own in the zone. */
  | { readonly kind: 'small queries'; readonly zone: string }

export const framed = (message: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(message.length >>> 8, message.length & 255), message])

/** An A query that padding fills up to the most that a frame can hold. */
export const largeQuery = (name: string): Buffer => {
  const bare = query(name).bytes.length - 4
  const padding = '00'.repeat(MOST_BYTES - bare - TAIL_BYTES)
  return framed(
    query(name, 'A', { udpSize: 1232, options: [{ code: OPTION_PADDING, data: padding }] }).bytes,
  )
}

/** A source of chunks, each with as many frames as `perChunk` says. */
export interface Source {
  readonly perChunk: number
  next(): Buffer
}

export const sourceOf = (load: Load): Source => {
  if (load.kind === 'empty frames') {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    return { perChunk: CHUNK_BYTES / 2, next: () => chunk }
  }
  if (load.kind === 'one name') {
    const frame = framed(query(load.name).bytes)
    const perChunk = Math.floor(CHUNK_BYTES / frame.length)
    const chunk = Buffer.concat(Array.from({ length: perChunk }, () => frame))
    return { perChunk, next: () => chunk }
  }
  const name = `n00000000.${load.zone}`
  const template = load.kind === 'small queries' ? framed(query(name).bytes) : largeQuery(name)
  let count = 0
  return {
    perChunk: 1,
    next: () => {
      const chunk = Buffer.from(template)
      // Behind length, header and the label's own length and first letter.
      chunk.write(String(count++).padStart(8, '0'), 2 + 12 + 2, 'latin1')
      return chunk
    },
  }
}
