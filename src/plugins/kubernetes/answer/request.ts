// Parses a name below a cluster's zone by CoreDNS's grammar, from the labels left of the zone.
// lookup.ts decides whether the name exists.

/**
 * A label is its length byte and its text in lower case. Several labels follow each other as in a
 * name.
 */
export type Label = Uint8Array

export type Request =
  /** A name that exists and has no records: the zone itself, `svc`, `pod`. */
  | { readonly kind: 'empty' }
  /** A name that does not follow the schema. */
  | { readonly kind: 'none' }
  | { readonly kind: 'namespace'; readonly branch: 'svc' | 'pod'; readonly namespace: Label }
  | { readonly kind: 'pod'; readonly namespace: Label; readonly pod: string }
  | ServiceRequest

export interface ServiceRequest {
  readonly kind: 'service'
  readonly namespace: Label
  /** Service label, then namespace label: the key of its record. */
  readonly service: Label
  readonly endpoint: Label | undefined
  /** Lower case; '' for any. */
  readonly port: string
  readonly protocol: string
  /** Cluster id, in multicluster zones. */
  readonly cluster: string
  readonly zonal: { readonly zone: string; readonly isPinned: boolean } | undefined
}

export interface Grammar {
  readonly isMulticluster: boolean
  readonly isZonal: boolean
}

const EMPTY: Request = { kind: 'empty' }
const NONE: Request = { kind: 'none' }
const UNDERSCORE = 0x5f

/**
 * `folded` is a lower-case wire name in a zone whose wire form has `zoneLength` bytes. The result
 * borrows from the name and copies nothing.
 */
export const readRequest = (folded: Uint8Array, zoneLength: number, grammar: Grammar): Request => {
  const end = folded.length - zoneLength
  const starts: number[] = []
  for (let at = 0; at < end; at += (folded[at] ?? 0) + 1) starts.push(at)
  const count = starts.length
  // Labels by their distance from the zone: 1 is next to it.
  const from = (distance: number): number => starts[count - distance] ?? 0
  const label = (distance: number): Label =>
    folded.subarray(from(distance), distance === 1 ? end : from(distance - 1))
  const text = (distance: number): string => labelText(label(distance))
  if (count === 0) return EMPTY
  const branch = text(1)
  if (branch !== 'svc' && branch !== 'pod') return NONE
  if (count === 1) return EMPTY
  const namespace = label(2)
  if (count === 2) return { kind: 'namespace', branch, namespace }
  const left = count - 3
  if (branch === 'pod') return left > 2 ? NONE : { kind: 'pod', namespace, pod: text(3) }
  const service = folded.subarray(from(3), from(1))
  const request = { kind: 'service', namespace, service, ...NOTHING_MORE } as const
  if (left === 0) return request
  if (left === 1) return { ...request, endpoint: label(4) }
  if (left === 2) {
    if (grammar.isMulticluster && !isUnderscored(label(4)) && !isUnderscored(label(5))) {
      return { ...request, endpoint: label(5), cluster: text(4) }
    }
    return { ...request, port: withoutUnderscore(text(5)), protocol: withoutUnderscore(text(4)) }
  }
  const how = text(5)
  if (!grammar.isZonal || text(4) !== '_zone' || (how !== 'pin' && how !== 'prefer')) return NONE
  const zone = Array.from({ length: left - 2 }, (_, k) => text(count - k)).join('.')
  return { ...request, zonal: { zone, isPinned: how === 'pin' } }
}

const NOTHING_MORE = { endpoint: undefined, port: '', protocol: '', cluster: '', zonal: undefined }

/** A label's text. Bytes that are not UTF-8 become a character that no object has in its name. */
export const labelText = (label: Label): string => Buffer.from(label.subarray(1)).toString('utf8')

const isUnderscored = (label: Label): boolean => label[1] === UNDERSCORE

const withoutUnderscore = (text: string): string => (text.startsWith('_') ? text.slice(1) : text)
