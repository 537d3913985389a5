// What a cluster shows to the world outside of it: services with addresses of their own there. A
// plugin that knows a cluster offers it, and another gives it names (CoreDNS: *k8s_external* asks
// *kubernetes*).

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
  /** What stands left of the zone in its name: endpoint, if it is one, service and namespace. */
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

/** In shards. What is found is copied. */
export interface ExternalServices {
  /** TTL that the plugin itself gives. */
  readonly ttlSeconds: number
  /** What is not found is not there; before everything is known it may well be. */
  readonly isComplete: boolean
  /** Unix seconds of the last change; 0 before the first. With `isHeadless` of endpoints, too. */
  serial(isHeadless: boolean): number
  /** Undefined: there is no such name. */
  find(request: ExternalRequest): readonly ExternalItem[] | undefined
  /**
   * Service, then namespace, of what there may be at this moment; whether it is there `find` says.
   * With `isHeadless` services without an address of their own are among them. By name over all
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
  /** Addresses of name servers may be others. */
  | { readonly kind: 'name-servers' }

/** On main: calls back after each change that shards can see. Returns what ends that. */
export type ExternalChanges = (follower: (change: ExternalChange) => void) => () => void

export const EXTERNAL_CHANGES = offerKind<ExternalChanges>('external-changes', notFunction)
