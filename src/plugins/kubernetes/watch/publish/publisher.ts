// Writes the data of a cluster to its records map, keeps ADDRESS records in step with services, and
// reports each change once it can be read. A record for which there is no room is owed: it is tried
// again. Meanwhile a note says that records may be missing.

import { toHex } from '../../../../base/text/byte-text.ts'
import type { Clock } from '../../../../base/time/clock.ts'
import type { Logger } from '../../../../log/logger.ts'
import type { PutOutcome, RecordsMap } from '../../../../records/map.ts'
import {
  decodeExternal,
  type ExternalParts,
  encodeExternal,
} from '../../records/external-record.ts'
import { withItem } from '../../records/label-list.ts'
import {
  KIND_ADDRESS,
  KIND_IMPORT,
  KIND_NAMESPACE,
  KIND_OUTSIDE,
  KIND_OUTSIDE_OWNER,
  KIND_POD,
  KIND_POD_FACTS,
  KIND_SERVICE,
  NOTE_IMPORT_SERIAL,
  NOTE_INCOMPLETE,
  NOTE_OUTSIDE_SERIAL,
  NOTE_SERIAL,
  OWNER_LABELS,
  POD_LABELS,
} from '../../records/record-keys.ts'
import { encodeService, type ServiceParts } from '../../records/service-record.ts'
import {
  addressOfOwned,
  haveSameLabel,
  labelOfOwned,
  type OwnedAddress,
  ownedAddresses,
  withOwner,
} from './address-owners.ts'
import { ExternalNames } from './external-names.ts'

/**
 * Labels have the form of keys: service and namespace, or the namespace alone. For an address they
 * are those of its owner.
 */
export type Change =
  | {
      /** `outside-service`: how a service is reachable from outside has changed. */
      readonly kind: 'service' | 'import' | 'namespace' | 'outside-service'
      readonly labels: Uint8Array
    }
  | {
      /**
       * `outside`: the service has become reachable at the address from outside, or no longer is.
       */
      readonly kind: 'pod' | 'address' | 'outside'
      readonly labels: Uint8Array
      readonly address: Uint8Array
    }

/** How often owed records are tried again, and how many at a time. */
const RETRY_MS = 1000
const RETRY_LIMIT = 200

const EMPTY = new Uint8Array(0)

/** A service, and where it is reachable from outside the cluster. */
export interface PublishedParts extends ServiceParts, ExternalParts {}

export class Publisher {
  /** Called after each change that readers can see. It must not throw. */
  onChanged: ((change: Change) => void) | undefined
  readonly #map: RecordsMap
  readonly #clock: Clock
  readonly #log: Logger
  readonly #externalNames = new ExternalNames()
  /** Records that could not be written, by kind and key. A retry uses the state of that time. */
  readonly #owed = new Map<string, () => void>()
  #retryAtMs = 0

  constructor(map: RecordsMap, clock: Clock, log: Logger) {
    this.#map = map
    this.#clock = clock
    this.#log = log
  }

  /** Whether records are owed. */
  get isIncomplete(): boolean {
    return this.#owed.size > 0
  }

  /**
   * Writes or removes a service in its present state. `read` is called again later if there is no
   * room now.
   */
  publish(
    kind: 'service' | 'import',
    labels: Uint8Array,
    read: () => PublishedParts | undefined,
  ): PutOutcome {
    const recordKind = kind === 'service' ? KIND_SERVICE : KIND_IMPORT
    const parts = read()
    const again = () => void this.publish(kind, labels, read)
    if (kind === 'service') this.#publishOutside(labels, parts, again)
    const was = this.#map.get(recordKind, labels)
    const is = parts && encodeService(parts)
    const outcome = this.#write(recordKind, labels, is, again)
    if (outcome !== 'changed') return outcome
    this.#bump(kind === 'service' ? NOTE_SERIAL : NOTE_IMPORT_SERIAL)
    if (kind === 'service') {
      this.#externalNames.set(labels, parts?.target)
      this.#moveAddresses(labels, was, is)
    }
    this.onChanged?.({ kind, labels })
    for (const dependent of this.dependentsOf(labels))
      this.onChanged?.({ kind: 'service', labels: dependent })
    return outcome
  }

  /** Sets whether names of a namespace are answered. */
  setNamespace(label: Uint8Array, isExposed: boolean): void {
    const value = isExposed ? EMPTY : undefined
    const outcome = this.#write(KIND_NAMESPACE, label, value, () =>
      this.setNamespace(label, isExposed),
    )
    if (outcome === 'changed') this.onChanged?.({ kind: 'namespace', labels: label })
  }

  /** Sets whether the namespace has a pod with that address. */
  setPod(namespace: Uint8Array, address: Uint8Array, isThere: boolean): void {
    const again = () => this.setPod(namespace, address, isThere)
    const item = { list: KIND_POD, labels: POD_LABELS, item: namespace, isThere }
    if (this.#writeItem(address, item, again) !== 'changed') return
    this.#bump(NOTE_SERIAL)
    this.onChanged?.({ kind: 'pod', labels: namespace, address })
  }

  /** Sets the facts of the pod with that address. No DNS name depends on them. */
  setPodFacts(address: Uint8Array, facts: Uint8Array | undefined): void {
    this.#write(KIND_POD_FACTS, address, facts, () => this.setPodFacts(address, facts))
  }

  #publishOutside(labels: Uint8Array, parts: PublishedParts | undefined, again: () => void): void {
    const was = this.#map.get(KIND_OUTSIDE, labels)
    if (was === undefined && (parts?.hosts.length ?? 0) === 0) return
    const is = parts === undefined || parts.hosts.length === 0 ? undefined : encodeExternal(parts)
    if (this.#write(KIND_OUTSIDE, labels, is, again) !== 'changed') return
    this.#bump(NOTE_OUTSIDE_SERIAL)
    const [old, now] = [outsideAddresses(was), outsideAddresses(is)]
    for (const [key, address] of old) if (!now.has(key)) this.#setOutside(labels, address, false)
    for (const [key, address] of now) if (!old.has(key)) this.#setOutside(labels, address, true)
    this.onChanged?.({ kind: 'outside-service', labels })
  }

  #setOutside(service: Uint8Array, address: Uint8Array, isThere: boolean): void {
    const again = () => this.#setOutside(service, address, isThere)
    const item = { list: KIND_OUTSIDE_OWNER, labels: OWNER_LABELS, item: service, isThere }
    if (this.#writeItem(address, item, again) === 'changed')
      this.onChanged?.({ kind: 'outside', labels: service, address })
  }

  /**
   * Labels of the ExternalName services whose targets lead to this service, directly or through
   * others.
   */
  dependentsOf(service: Uint8Array): Uint8Array[] {
    return this.#externalNames.dependentsOf(service)
  }

  /** Tries owed records again, unless it has done so less than a second ago. */
  retry(): void {
    const nowMs = this.#clock.ms()
    if (this.#owed.size === 0 || nowMs < this.#retryAtMs) return
    this.#retryAtMs = nowMs + RETRY_MS
    // A record that fails again goes to the end of the queue, so that all get their turn.
    for (const again of this.#owed.values().take(RETRY_LIMIT).toArray()) again()
  }

  #moveAddresses(
    service: Uint8Array,
    was: Uint8Array | undefined,
    is: Uint8Array | undefined,
  ): void {
    const [old, now] = [ownedAddresses(was), ownedAddresses(is)]
    for (const [key, owned] of old) if (!now.has(key)) this.#setOwner(service, owned, false)
    for (const [key, owned] of now) {
      const before = old.get(key)
      if (before === undefined || !haveSameLabel(before, owned))
        this.#setOwner(service, owned, true)
    }
  }

  #setOwner(service: Uint8Array, owned: OwnedAddress, isOwner: boolean): void {
    const { kind } = owned
    const address = addressOfOwned(owned)
    const label = isOwner ? labelOfOwned(owned) : undefined
    const owners = withOwner(this.#map.get(KIND_ADDRESS, address), kind, service, label)
    const again = () => this.#setOwner(service, owned, isOwner)
    const value = owners.length === 0 ? undefined : owners
    const outcome = this.#write(KIND_ADDRESS, address, value, again, service, kind)
    if (outcome === 'changed') this.onChanged?.({ kind: 'address', labels: service, address })
  }

  /** Adds an item to a list of an address, or removes it. */
  #writeItem(
    address: Uint8Array,
    { list, labels, item, isThere }: ListedItem,
    again: () => void,
  ): PutOutcome {
    const items = withItem(this.#map.get(list, address), item, labels, isThere)
    return this.#write(list, address, items.length === 0 ? undefined : items, again, item)
  }

  /** The owner and its kind distinguish what different services write to one record. */
  #write(
    kind: number,
    key: Uint8Array,
    value: Uint8Array | undefined,
    again: () => void,
    owner: Uint8Array = EMPTY,
    ownerKind = 0,
  ): PutOutcome {
    const outcome =
      value === undefined
        ? this.#map.remove(kind, key)
          ? 'changed'
          : 'same'
        : this.#map.put(kind, key, value)
    if (outcome === 'full') this.#owe(debtOf(kind, key, owner, ownerKind), again)
    else if (this.#owed.size > 0) this.#settle(debtOf(kind, key, owner, ownerKind))
    return outcome
  }

  #owe(debt: string, again: () => void): void {
    if (this.#owed.size === 0) {
      this.#map.setNote(NOTE_INCOMPLETE, 1)
      this.#retryAtMs = this.#clock.ms() + RETRY_MS
      this.#log.error(
        'the records memory is full: some names of the cluster are missing or out of date; raise --records-bytes',
      )
    }
    this.#owed.delete(debt)
    this.#owed.set(debt, again)
  }

  #settle(debt: string): void {
    if (!this.#owed.delete(debt) || this.#owed.size > 0) return
    this.#map.setNote(NOTE_INCOMPLETE, 0)
    this.#log.info('the records memory has room for all names of the cluster again')
  }

  /** Notes are signed words. */
  #bump(note: number): void {
    const nowSeconds = Math.floor(this.#clock.wallMs() / 1000)
    if (nowSeconds > this.#map.note(note) >>> 0) this.#map.setNote(note, nowSeconds | 0)
  }
}

interface ListedItem {
  /** Kind of the record. */
  readonly list: number
  readonly labels: number
  readonly item: Uint8Array
  readonly isThere: boolean
}

/** Each address once, by its text. */
const outsideAddresses = (record: Uint8Array | undefined): Map<string, Uint8Array> => {
  const hosts = record === undefined ? [] : decodeExternal(record, 0, record.length).hosts
  return new Map(
    hosts.flatMap(host => ('address' in host ? [[toHex(host.address), host.address]] : [])),
  )
}

const debtOf = (kind: number, key: Uint8Array, owner: Uint8Array, ownerKind: number): string =>
  Buffer.concat([Uint8Array.of(kind, key.length, ownerKind), key, owner]).toString('latin1')
