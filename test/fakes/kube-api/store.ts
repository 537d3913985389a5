// The tables of all resources under one counter of revisions. It takes objects as they are:
// defaults and checks are made before.

import { RESOURCES, type Resource } from './resources.ts'
import { Table } from './table.ts'
import { type Body, isMap, Version } from './version.ts'

export const keyOf = (resource: Resource, namespace: string, name: string): string =>
  resource.isNamespaced ? `${namespace}/${name}` : name

export class Store {
  readonly #historyLimit: number
  #tables = new Map<Resource, Table>()
  #revision: number

  /**
   * `historyLimit`: changes of each resource that stay known. `revision`: the counter's first
   * value.
   */
  constructor(historyLimit: number, revision: number) {
    this.#historyLimit = historyLimit
    this.#revision = revision
    this.reset(revision)
  }

  get revision(): number {
    return this.#revision
  }

  table(resource: Resource): Table {
    const table = this.#tables.get(resource)
    if (table === undefined) throw new Error(`no table for ${resource.plural}`)
    return table
  }

  /** Creates or updates, with the next revision as `metadata.resourceVersion`. */
  put(resource: Resource, key: string, body: Body): Version {
    const revision = ++this.#revision
    const version = new Version(resource, key, revision, stamped(body, revision))
    this.table(resource).set(key, version, revision)
    return version
  }

  /** False if there is no such object. */
  remove(resource: Resource, key: string): boolean {
    const table = this.table(resource)
    if (table.get(key) === undefined) return false
    table.set(key, undefined, ++this.#revision)
    return true
  }

  /**
   * Forgets all history. The counter moves, as it does in a cluster by other writes, so that
   * whoever watched before is too late.
   */
  compact(): void {
    this.#revision++
    for (const table of this.#tables.values()) table.compact(this.#revision)
  }

  /**
   * Forgets everything, without a word to anybody, and counts on from `revision`, which may be in
   * the past.
   */
  reset(revision: number): void {
    this.#revision = revision
    this.#tables = new Map(
      RESOURCES.map(resource => [resource, new Table(resource, this.#historyLimit, revision)]),
    )
  }
}

/**
 * What has a `resourceVersion` of its own, if only `undefined`, keeps it: injected objects may lie
 * about it or have none.
 */
const stamped = (body: Body, revision: number): Body => {
  if (!isMap(body) || !isMap(body.metadata) || Object.hasOwn(body.metadata, 'resourceVersion'))
    return body
  return { ...body, metadata: { ...body.metadata, resourceVersion: `${revision}` } }
}
