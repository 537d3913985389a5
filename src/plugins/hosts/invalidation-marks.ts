// Marks the names (chain/invalidation-scopes.ts) whose cached answers a change of hosts may have
// made wrong.

import { reverseNamesOf } from '../../base/ip.ts'
import {
  type ChangingZone,
  EVERY_LABEL,
  type InvalidationMarks,
} from '../../chain/invalidation-scopes.ts'
import { KIND_NAME } from './host-records.ts'
import type { HostsOptions } from './options.ts'
import type { HostsChange } from './publisher.ts'

const REVERSE_ZONES = ['in-addr.arpa.', 'ip6.arpa.']

/** Each name is a group of its own. PTR queries are answered for all zones. */
export const changingZones = ({ zones, autoReverse }: HostsOptions): readonly ChangingZone[] =>
  [...zones, ...(autoReverse ? REVERSE_ZONES : [])].map(zone => ({ zone, labels: EVERY_LABEL }))

/** Marks the names of a change. Shards can read the change already. */
export const markChanges = (
  changes: InvalidationMarks,
  { keys, isLarge, hasWildcards }: HostsChange,
): void => {
  // Marks of single names would hit nearly all groups as well.
  if (hasWildcards || isLarge) {
    changes.markAll()
    return
  }
  for (const { kind, bytes } of keys) {
    if (kind === KIND_NAME) changes.mark(bytes)
    else for (const name of reverseNamesOf(bytes)) changes.mark(name)
  }
}
