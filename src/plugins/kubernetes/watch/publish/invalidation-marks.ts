// Marks the groups of names (chain/invalidation-scopes.ts) whose cached answers a change in the
// cluster may have made wrong.

import { reverseNamesOf } from '../../../../base/ip.ts'
import type { ChangingZone, InvalidationMarks } from '../../../../chain/invalidation-scopes.ts'
import { EVERY_LABEL } from '../../../../chain/invalidation-scopes.ts'
import { isReverseZone } from '../../../../corefile/words/zones.ts'
import { foldName, nameFromText } from '../../../../wire/name.ts'
import type { KubernetesOptions } from '../../options.ts'
import type { SourceChange } from '../cluster-source.ts'

/** The number of labels below `svc` that make a service, and below `pod` a namespace. */
const SERVICE_LABELS = 2
const POD_LABELS = 1

const below = (label: string, zone: string): string =>
  zone === '.' ? `${label}.` : `${label}.${zone}`

/**
 * All names of a service are one group, and so are all pods of a namespace. Every other name, also
 * a reverse name, is a group of its own.
 */
export const changingZones = ({ zones }: KubernetesOptions): readonly ChangingZone[] =>
  zones.flatMap(zone => [
    { zone, labels: EVERY_LABEL, isWhole: true },
    ...(isReverseZone(zone)
      ? []
      : [
          { zone: below('svc', zone), labels: SERVICE_LABELS, isWhole: true },
          { zone: below('pod', zone), labels: POD_LABELS, isWhole: true },
        ]),
  ])

/** NS records depend on `ownAddresses`. */
export const markChanges = (
  changes: InvalidationMarks,
  { zones, multiclusterZones }: KubernetesOptions,
  ownAddresses: readonly Uint8Array[],
  change: SourceChange,
): void => {
  switch (change.kind) {
    // With a namespace all names below it come or go. They may be many, and this is rare, so
    // everything is marked.
    case 'synced':
    case 'namespace':
      changes.markWhole()
      break
    case 'service':
    case 'import':
    case 'pod': {
      const branch = change.kind === 'pod' ? 'pod' : 'svc'
      for (const zone of zones) {
        // Pods have names in all zones. Services have names in ordinary zones, imports in
        // multicluster zones.
        if (
          change.kind !== 'pod' &&
          multiclusterZones.includes(zone) === (change.kind === 'service')
        )
          continue
        changes.mark(Buffer.concat([change.labels, wireOf(below(branch, zone))]))
      }
      break
    }
    case 'outside':
    case 'outside-service':
      break
    case 'address':
      for (const name of reverseNamesOf(change.address)) changes.mark(name)
      if (!ownAddresses.some(own => Buffer.compare(own, change.address) === 0)) break
      for (const zone of zones)
        for (const name of [zone, below('ns.dns', zone)]) changes.mark(wireOf(name))
  }
}

const wireOf = (name: string): Uint8Array => foldName(nameFromText(name) ?? Uint8Array.of(0))
