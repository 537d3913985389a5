// Checks the values that a plugin's facts give for its options, before the server and other plugins
// use them. Each function throws a TypeError whose text follows `its fact 'NAME' fails: `.

import { parseIp, withoutZone } from '../../base/ip.ts'
import { given } from '../../base/text/given.ts'
import { type ChangingZone, EVERY_LABEL } from '../../chain/invalidation-scopes.ts'
import type { Diagnostic } from '../../corefile/diagnostics/diagnostic.ts'
import { nameFromText } from '../../wire/name.ts'

/** More than a block can name: a plugin that gives more is in a loop. */
const MOST_ZONES = 1_000_000

/** As the shards get them. */
export const changingZones = (zones: unknown): readonly ChangingZone[] =>
  zones === undefined ? [] : listOf(zones).map(changingZone)

const changingZone = (one: unknown): ChangingZone => {
  const { zone, labels, isWhole } = Object(one) as Partial<Record<keyof ChangingZone, unknown>>
  if (typeof zone !== 'string' || nameFromText(zone) === undefined)
    throw new TypeError(`the zone ${given(zone)} is no domain name`)
  if (typeof labels !== 'number' || !isCount(labels, EVERY_LABEL))
    throw new TypeError(`the labels ${given(labels)} of ${zone} are no number to ${EVERY_LABEL}`)
  if (isWhole !== undefined && typeof isWhole !== 'boolean')
    throw new TypeError(`isWhole of ${zone} is ${given(isWhole)}, neither true nor false`)
  return { zone, labels, ...(isWhole !== undefined && { isWhole }) }
}

const isCount = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= most

export const listenAddresses = (addresses: unknown): readonly string[] | undefined =>
  addresses === undefined ? undefined : listOf(addresses).map(listenAddress)

const listenAddress = (one: unknown): string => {
  if (typeof one === 'string' && parseIp(withoutZone(one)) !== undefined) return one
  throw new TypeError(`${given(one)} is no IP address`)
}

export const suspicions = (found: unknown): readonly Diagnostic[] =>
  found === undefined ? [] : listOf(found).map(suspicion)

const suspicion = (one: unknown): Diagnostic => {
  const { severity, code, message } = Object(one) as Partial<Diagnostic>
  if (severity === 'warning' && typeof code === 'string' && typeof message === 'string')
    return one as Diagnostic
  throw new TypeError(`${given(one)} is no warning`)
}

const listOf = (value: unknown): unknown[] => {
  if (!Array.isArray(value)) throw new TypeError(`it gives ${given(value)}, and no list`)
  if (value.length > MOST_ZONES) throw new TypeError(`it gives a list of ${value.length}`)
  return [...value]
}
