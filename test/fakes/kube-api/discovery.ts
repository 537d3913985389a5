// What is not a resource: the version, the lists of groups and of their resources, and readiness.

import { RESOURCES, type Resource } from './resources.ts'

const VERSION = {
  major: '1',
  minor: '33',
  emulationMajor: '1',
  emulationMinor: '33',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '32',
  gitVersion: 'v1.33.4',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2025-08-13T14:20:54Z',
  goVersion: 'go1.24.5',
  compiler: 'gc',
  platform: 'linux/amd64',
}

const resourceList = (groupVersion: string): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: RESOURCES.filter(({ apiVersion }) => apiVersion === groupVersion).map(
    ({ plural, kind, isNamespaced, shortNames }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced: isNamespaced,
      kind,
      verbs: ['get', 'list', 'watch'],
      ...(shortNames.length === 0 ? {} : { shortNames }),
    }),
  ),
})

const groupOf = ({ group, version, apiVersion }: Resource): object => {
  const one = { groupVersion: apiVersion, version }
  return { name: group, versions: [one], preferredVersion: one }
}

/** Undefined for any other path. */
export const discoveryOf = (path: string, absentGroups: readonly string[]): object | undefined => {
  const grouped = RESOURCES.filter(({ group }) => group !== '' && !absentGroups.includes(group))
  if (path === '/version') return VERSION
  if (path === '/api')
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/api/v1') return resourceList('v1')
  if (path === '/apis')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: grouped.map(groupOf) }
  const group = grouped.find(one => path === `/apis/${one.group}`)
  if (group !== undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) }
  const version = grouped.find(one => path === `/apis/${one.apiVersion}`)
  return version && resourceList(version.apiVersion)
}

export const readyText = (path: string, isVerbose: boolean): string =>
  isVerbose ? `[+]ping ok\n[+]etcd ok\n${path.slice(1)} check passed\n` : 'ok'
