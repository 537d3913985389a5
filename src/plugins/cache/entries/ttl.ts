// TTLs of a whole message: the least of them, and setting all of them at once. OPT has no TTL and
// is left out everywhere.

import { setU32 } from '../../../wire/header.ts'
import type { MessageLayout } from '../../../wire/layout.ts'
import { TYPE_OPT } from '../../../wire/rrtypes.ts'

/** RFC 2181 section 8: a TTL with the top bit set counts as zero. */
const TTL_MAX = 0x7fffffff

/** The least TTL over all records in seconds; undefined if the message has none. */
export const leastTtlSeconds = (layout: MessageLayout): number | undefined => {
  let least: number | undefined
  for (let i = 0; i < layout.count; i++) {
    if (layout.type(i) === TYPE_OPT) continue
    const ttl = layout.ttl(i)
    const seconds = ttl > TTL_MAX ? 0 : ttl
    if (least === undefined || seconds < least) least = seconds
  }
  return least
}

/**
 * Raised to the minimum first, then lowered to the maximum, as CoreDNS does: a minimum above the
 * maximum has no effect.
 */
export const clampTtl = (
  seconds: number,
  limits: { readonly ttlSeconds: number; readonly minTtlSeconds: number },
): number => Math.min(Math.max(seconds, limits.minTtlSeconds), limits.ttlSeconds, TTL_MAX)

/** Where the TTLs stand in the message that `layout` describes. */
export const ttlOffsetsOf = (layout: MessageLayout): number[] => {
  const offsets: number[] = []
  for (let i = 0; i < layout.count; i++)
    if (layout.type(i) !== TYPE_OPT) offsets.push(layout.ttlOffset(i))
  return offsets
}

/** Sets the TTLs at `offsets` in place. */
export const setTtls = (bytes: Uint8Array, offsets: ArrayLike<number>, seconds: number): void => {
  for (let i = 0; i < offsets.length; i++) setU32(bytes, offsets[i]!, seconds)
}
