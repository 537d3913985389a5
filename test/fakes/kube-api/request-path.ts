// What a request's path and query ask for. Only reading is served; other methods have their verbs
// for the sake of the refusal.

import { RESOURCES, type Resource } from './resources.ts'

export interface ResourceRequest {
  readonly verb: string
  readonly resource: Resource
  /** Empty: all of them. */
  readonly namespace: string
  /** Empty: a collection. */
  readonly name: string
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

const CORE = /^\/api\/v1\/(.+)$/
const GROUPED = /^\/apis\/([^/]+)\/([^/]+)\/(.+)$/

/** As Go's conversion of query parameters has it. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false'

/** Undefined for what is no resource's path. */
export const readRequestPath = (
  method: string,
  path: string,
  query: URLSearchParams,
): ResourceRequest | undefined => {
  const core = CORE.exec(path)
  const grouped = GROUPED.exec(path)
  const [group, version, rest] = core ? ['', 'v1', core[1]!] : grouped ? grouped.slice(1) : []
  if (group === undefined || version === undefined || rest === undefined) return undefined
  const parts = rest.split('/')
  const isInNamespace = parts[0] === 'namespaces' && parts.length > 2
  const [plural, name = '', ...more] = isInNamespace ? parts.slice(2) : parts
  if (more.length > 0) return undefined
  const resource = RESOURCES.find(
    one => one.plural === plural && one.group === group && one.version === version,
  )
  if (resource === undefined) return undefined
  if (resource.isNamespaced ? name !== '' && !isInNamespace : isInNamespace) return undefined
  const namespace = isInNamespace ? parts[1]! : resource.isNamespaced ? '' : name
  return { verb: verbOf(method, name, query), resource, namespace, name }
}

const verbOf = (method: string, name: string, query: URLSearchParams): string => {
  if (method !== 'GET') return VERBS[method] ?? method.toLowerCase()
  if (isTrue(query.get('watch'))) return 'watch'
  return name === '' ? 'list' : 'get'
}
