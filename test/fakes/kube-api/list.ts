// Lists: the present state or an earlier one, whole or in pages that together show one revision.

import type { Resource } from './resources.ts'
import { Selection } from './selection.ts'
import {
  badRequest,
  continueExpired,
  invalidListOptions,
  type StatusError,
  tooLarge,
  versionExpired,
} from './status-error.ts'
import type { Store } from './store.ts'
import { isMap, type Version } from './version.ts'

/** Stands in a token for whatever revision is current. */
const ANY_REVISION = -1

interface Place {
  readonly revision: number
  /** The first key of the rest, or something just before it. */
  readonly start: string
}

export interface ListParts {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly items: readonly Version[]
}

/** Throws a StatusError. */
export const listOf = (
  store: Store,
  resource: Resource,
  namespace: string,
  query: URLSearchParams,
): ListParts => {
  const selection = new Selection(resource, namespace, query)
  const { versions, revision, start, limit } = source(store, resource, query)
  const [from, to] = rangeOf(versions, resource, namespace, start)
  const items: Version[] = []
  let at = from
  for (; at < to && items.length < limit; at++) {
    const version = versions[at]!
    if (selection.matches(version)) items.push(version)
  }
  const metadata: Record<string, unknown> = { resourceVersion: `${revision}` }
  if (at < to) {
    metadata.continue = makeToken({ revision, start: `${versions[at - 1]!.key}\0` })
    if (!selection.isNarrowed) metadata.remainingItemCount = to - at
  }
  return { metadata, items }
}

interface Source extends Place {
  readonly versions: readonly Version[]
  readonly limit: number
}

const source = (store: Store, resource: Resource, query: URLSearchParams): Source => {
  const table = store.table(resource)
  const token = query.get('continue') ?? ''
  const text = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const limit = readLimit(query.get('limit'))
  const asked = readRevision(text)
  const complaint = matchComplaint(match, text, token)
  if (complaint !== undefined) throw invalidListOptions(complaint)
  if (token !== '') {
    if (asked > 0)
      throw badRequest('specifying resource version is not allowed when using continue')
    return { ...continued(store, resource, readToken(token)), limit }
  }
  const now = { versions: table.now(), revision: store.revision, start: '' }
  // The real server takes this from its cache and overlooks the limit.
  if (text === '0' && match !== 'Exact') return { ...now, limit: Number.POSITIVE_INFINITY }
  if (asked > store.revision) throw tooLarge(asked, store.revision)
  const isExact =
    match === 'Exact' || (match === '' && asked > 0 && limit !== Number.POSITIVE_INFINITY)
  if (!isExact) return { ...now, limit }
  const versions = table.at(asked)
  if (versions === undefined) throw versionExpired()
  return { versions, revision: asked, start: '', limit }
}

const continued = (store: Store, resource: Resource, place: Place): Omit<Source, 'limit'> => {
  const table = store.table(resource)
  const { start } = place
  if (place.revision === ANY_REVISION)
    return { versions: table.now(), revision: store.revision, start }
  if (place.revision > store.revision) throw tooLarge(place.revision, store.revision)
  const versions = table.at(place.revision)
  if (versions === undefined) throw continueExpired(makeToken({ revision: ANY_REVISION, start }))
  return { versions, revision: place.revision, start }
}

const matchComplaint = (match: string, revision: string, token: string): string | undefined => {
  if (match === '') return undefined
  const forbidden = 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden'
  if (revision === '') return `${forbidden} unless resourceVersion is provided`
  if (token !== '') return `${forbidden} when continue is provided`
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return `resourceVersionMatch: Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`
  return match === 'Exact' && revision === '0'
    ? `${forbidden.slice(0, -' is forbidden'.length)} "Exact" is forbidden for resourceVersion "0"`
    : undefined
}

const readLimit = (text: string | null): number => {
  if (text === null || text === '') return Number.POSITIVE_INFINITY
  if (!/^-?\d{1,18}$/.test(text)) throw notANumber(text)
  const limit = Number(text)
  return limit > 0 ? limit : Number.POSITIVE_INFINITY
}

/** 0 for none. Throws a StatusError. */
export const readRevision = (text: string): number => {
  if (text === '') return 0
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw badRequest(
    `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${notANumber(text).message}`,
  )
}

const notANumber = (text: string): StatusError =>
  badRequest(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)

/** First and end index of what lies in the namespace and not before `start`. */
const rangeOf = (
  versions: readonly Version[],
  resource: Resource,
  namespace: string,
  start: string,
): readonly [number, number] => {
  if (namespace === '' || !resource.isNamespaced)
    return [firstFrom(versions, start), versions.length]
  const prefix = `${namespace}/`
  // `0` follows `/`.
  return [
    firstFrom(versions, start > prefix ? start : prefix),
    firstFrom(versions, `${namespace}0`),
  ]
}

/** Index of the first version whose key is not below `key`. */
const firstFrom = (versions: readonly Version[], key: string): number => {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (versions[middle]!.key < key) low = middle + 1
    else high = middle
  }
  return low
}

const makeToken = ({ revision, start }: Place): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url')

const readToken = (token: string): Place => {
  try {
    const place: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (isMap(place) && Number.isSafeInteger(place.rv) && typeof place.start === 'string')
      return { revision: Number(place.rv), start: place.start }
  } catch {
    // Not JSON: refused below like any other text that this server did not write.
  }
  throw badRequest('continue key is not valid: illegal continue token')
}
