// k8s_external on the main thread: tells caches what changes.

import { reverseNamesOf } from '../../base/ip.ts'
import type { BlockInfo } from '../../chain/block.ts'
import type { InvalidationMarks } from '../../chain/invalidation-scopes.ts'
import { EXTERNAL_CHANGES, type ExternalChange } from '../../chain/offers/external-services.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { foldName, nameFromText } from '../../wire/name.ts'
import type { ExternalOptions } from './options.ts'

export const control = (options: ExternalOptions, scope: ControlScope): undefined => {
  needCluster(scope.block)
  scope.onStart(() => {
    // What caches hold was answered by the configuration of before, if there was one.
    if (!scope.process.isFirstLoad) scope.changes.markWhole()
    for (const follow of scope.offered(EXTERNAL_CHANGES))
      scope.onRetire(follow(change => markChange(scope.changes, options, change)))
  })
}

export const inspect = (_: ExternalOptions, { block }: InspectScope): void => needCluster(block)

const needCluster = ({ directives }: Pick<BlockInfo, 'directives'>): void => {
  if (!directives.includes('kubernetes')) throw new Error('kubernetes plugin not loaded')
}

const markChange = (
  changes: InvalidationMarks,
  { zones, apex }: ExternalOptions,
  change: ExternalChange,
): void => {
  if (change.kind === 'address') {
    for (const name of reverseNamesOf(change.address)) changes.mark(name)
    return
  }
  for (const zone of zones) {
    if (change.kind === 'service') changes.mark(Buffer.concat([change.labels, wireOf(zone)]))
    else for (const name of [zone, `ns1.${apex}.${zone}`]) changes.mark(wireOf(name))
  }
}

const wireOf = (name: string): Uint8Array =>
  foldName(nameFromText(name.replace(/\.\.$/, '.')) ?? Uint8Array.of(0))
