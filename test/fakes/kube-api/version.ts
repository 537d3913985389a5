// One version of one object. It never changes, so its JSON text is made once, when first asked for,
// and used in every list and watch.

import type { Resource } from './resources.ts'

/**
 * `kind` and `apiVersion` are the resource's and not in here. Anything at all, if it was injected.
 */
export type Body = unknown

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOr = (value: unknown, other: string): string =>
  typeof value === 'string' ? value : other

export class Version {
  readonly resource: Resource
  /** `NAMESPACE/NAME`, or `NAME`: what lists are sorted by. */
  readonly key: string
  readonly revision: number
  readonly body: Body
  #item: string | undefined

  constructor(resource: Resource, key: string, revision: number, body: Body) {
    this.resource = resource
    this.key = key
    this.revision = revision
    this.body = body
  }

  get namespace(): string {
    return textOr(this.field('metadata.namespace'), '')
  }

  get name(): string {
    return textOr(this.field('metadata.name'), '')
  }

  label(key: string): string | undefined {
    const labels = this.field('metadata.labels')
    return isMap(labels) && typeof labels[key] === 'string' ? labels[key] : undefined
  }

  /** The value at a path such as `status.phase`. */
  field(path: string): unknown {
    let value = this.body
    for (const step of path.split('.')) value = isMap(value) ? value[step] : undefined
    return value
  }

  /** As an item of a list: without kind and apiVersion. */
  get item(): string {
    return (this.#item ??= JSON.stringify(this.body))
  }

  /** As an object of its own. */
  get text(): string {
    const { kind, apiVersion } = this.resource
    const { item } = this
    if (!isMap(this.body)) return item
    return `{"kind":"${kind}","apiVersion":"${apiVersion}"${item === '{}' ? '' : ','}${item.slice(1)}`
  }

  /** The same content as it was last, at the revision at which it went. */
  departed(revision: number): Version {
    const { body } = this
    const gone =
      isMap(body) && isMap(body.metadata)
        ? { ...body, metadata: { ...body.metadata, resourceVersion: `${revision}` } }
        : body
    return new Version(this.resource, this.key, revision, gone)
  }
}
