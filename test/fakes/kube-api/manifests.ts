// Manifests: YAML text as people apply it, or objects, to objects with kind and metadata. Defaults
// are not its business.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { type KubeObject, resourceNamed } from './resources.ts'
import { isMap } from './version.ts'

export type Manifests = string | KubeObject | readonly KubeObject[]

/**
 * Throws for what no API server could make sense of. Lists (`kind: List`, `kind: ServiceList`) are
 * their items.
 */
export const readManifests = (manifests: Manifests): KubeObject[] => {
  if (typeof manifests !== 'string') return [manifests].flat().flatMap(one => readObject(one))
  return parseAllDocuments(manifests).flatMap(document => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const value: unknown = document.toJS()
    return value === null || value === undefined ? [] : readObject(value)
  })
}

const readObject = (value: unknown): KubeObject[] => {
  if (!isMap(value) || typeof value.kind !== 'string')
    throw new Error(`not a manifest: ${JSON.stringify(value)}`)
  if (value.kind.endsWith('List') && Array.isArray(value.items)) {
    const kind = value.kind.slice(0, -'List'.length)
    return value.items.flatMap((item: unknown) =>
      readObject(kind !== '' && isMap(item) ? { kind, ...item } : item),
    )
  }
  const { apiVersion } = resourceNamed(value.kind)
  if ((value.apiVersion ?? apiVersion) !== apiVersion)
    throw new Error(`no matches for kind "${value.kind}" in version "${value.apiVersion}"`)
  const { metadata } = value
  if (!isMap(metadata) || typeof metadata.name !== 'string' || metadata.name === '')
    throw new Error(`a ${value.kind} without metadata.name: name is required`)
  return [withoutNulls(value) as KubeObject]
}

/** A field that is null is a field that is not there: Go's decoder makes no difference. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      one === null || one === undefined ? [] : [[key, withoutNulls(one)]],
    ),
  )
}

/** The text of a file, or of all `.yaml`, `.yml` and `.json` files of a folder, sorted by name. */
export const readManifestFiles = (path: string): string => {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8')
  const names = readdirSync(path).filter(name => /\.(ya?ml|json)$/.test(name))
  return names
    .toSorted()
    .map(name => readFileSync(join(path, name), 'utf8'))
    .join('\n---\n')
}

/** A file of this folder's manifests/, such as `cluster.yaml`. */
export const fixtureManifests = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`manifests/${name}`, import.meta.url)), 'utf8')
