// The `k8s_external` directive, with CoreDNS's rules and texts.

import { type ChangingZone, EVERY_LABEL } from '../../chain/invalidation-scopes.ts'
import { flag, option, zoneList, zonesArgument } from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import { type Argument, text, ttl, type Value } from '../../corefile/options/values.ts'
import { isReverseZone } from '../../corefile/words/zones.ts'
import { nameFromText } from '../../wire/name.ts'

export interface ExternalOptions {
  /** PTR records point into the first. */
  readonly zones: readonly string[]
  /** Below each zone: where its name servers have their names. */
  readonly apex: string
  readonly ttlSeconds: number
  /** Whether headless services have names, and endpoints. */
  readonly isHeadless: boolean
  readonly fallthrough: readonly string[]
}

const apex: Value<Argument> = { ...text('LABEL'), read: word => word }

export const options: OptionTable<ExternalOptions> = finishedTable(
  'last',
  {
    rows: {
      zones: zonesArgument('zones of the names; PTR records point into the first'),
      apex: option('apex', apex, {
        default: 'dns',
        surplus: 'ignored',
        does: "what stands in front of a zone in its name servers' names",
      }),
      ttlSeconds: option(
        'ttl',
        ttl({
          least: 0,
          most: 3600,
          outside: (seconds, word) => word.err(`ttl must be in range [0, 3600]: ${seconds}`),
        }),
        { default: '5', surplus: 'ignored', does: 'TTL of answers in seconds' },
      ),
      isHeadless: flag('headless', {
        surplus: 'next-line',
        does: 'give names to headless services, and to endpoints',
      }),
      fallthrough: zoneList('fallthrough', {
        unset: [],
        does: 'pass names that do not exist on: those in ZONES, or all',
      }),
    },
  },
  ({ apex: word, ...read }) => {
    const tooLong = read.zones.find(
      zone => nameFromText(`${HOSTMASTER}.${word.text}.${zone}`.replace(/\.+$/, '.')) === undefined,
    )
    if (tooLong !== undefined)
      throw word.err(`'${HOSTMASTER}.${word.text}' in ${tooLong} is no name`)
    return { ...read, apex: word.text }
  },
)

/** The longest of the names that it makes. */
const HOSTMASTER = 'hostmaster'

/** Labels of a service's name below a zone. */
const SERVICE_LABELS = 2

/** All names of a service are one group, and each other name is one, reverse ones too. */
export const changingZones = ({ zones }: ExternalOptions): readonly ChangingZone[] =>
  zones.map(zone => ({
    zone,
    labels: isReverseZone(zone) ? EVERY_LABEL : SERVICE_LABELS,
    isWhole: true,
  }))
