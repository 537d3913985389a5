// Services of a cluster that are reachable from outside, by external addresses. The plugin that
// watches the cluster offers them, and another serves them under external names (CoreDNS:
// *k8s_external* asks *kubernetes*).

import { lacksMethods, notFunction, offerKind } from './offers.ts'

/** A length byte and text in lower case; several are one after the other, as in a name. */
type Labels = Uint8Array

/** A host that a service is reached at. */
export type ExternalHost =
  /** 4 or 16 bytes. */
  | { readonly address: Uint8Array }
  /** Wire form, lower case. */
  | { readonly name: Uint8Array }

/** A host with one port of it. */
export interface ExternalItem {
  readonly host: ExternalHost
  /** -1: the service declares none. */
  readonly port: number
  /** Of the port, lower case; '' for none. */
  readonly portName: string
  readonly protocol: string
  /** The labels left of the zone in its name: endpoint (if it is one), service, namespace. */
  readonly owner: Labels
}

export interface ExternalRequest {
  readonly namespace: Labels
  /** Service, then namespace; undefined: the name is the namespace's. */
  readonly service: Labels | undefined
  /** Undefined: any. Only where endpoints have names (`isHeadless`). */
  readonly endpoint: Labels | undefined
  /** Lower case, '' for any. */
  readonly port: string
  readonly protocol: string
  /** Whether endpoints count: of headless services, and where one is asked for. */
  readonly isHeadless: boolean
}

/** The services, as shards look them up. Results are copies. */
export interface ExternalServices {
  /** TTL of the offering plugin. */
  readonly ttlSeconds: number
  /** True once the whole cluster is known: a name that is not found then does not exist. */
  readonly isComplete: boolean
  /** Unix seconds of the last change, with `isHeadless` also of endpoints; 0 before the first. */
  serial(isHeadless: boolean): number
  /** The hosts of a name; undefined: there is no such name. */
  find(request: ExternalRequest): readonly ExternalItem[] | undefined
  /**
   * Candidates at this moment as service, then namespace; `find` tells whether one exists. With
   * `isHeadless` the list has services without an external address, too. Sorted by name over all
   * namespaces.
   */
  list(isHeadless: boolean): readonly Labels[]
  /** Service and namespace of each service that is reached at the address. */
  ownersOf(address: Uint8Array): readonly Labels[]
  /** Addresses of this server as the world sees it, for NS records. */
  nameServers(isHeadless: boolean): readonly Uint8Array[]
}

export const EXTERNAL_SERVICES = offerKind<ExternalServices>(
  'external-services',
  lacksMethods('find', 'ownersOf', 'nameServers', 'serial', 'list'),
)

export type ExternalChange =
  | { readonly kind: 'service'; readonly labels: Labels }
  | { readonly kind: 'address'; readonly address: Uint8Array }
  /** Addresses of name servers may have changed. */
  | { readonly kind: 'name-servers' }

/**
 * On main: calls the follower after each change that shards can see. Returns a function that ends
 * this.
 */
export type ExternalChanges = (follower: (change: ExternalChange) => void) => () => void

export const EXTERNAL_CHANGES = offerKind<ExternalChanges>('external-changes', notFunction)
