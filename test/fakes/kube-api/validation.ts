// The server's checks of objects, as far as a fixture can get them wrong without noticing: names,
// ports, addresses.

import { isIP } from 'node:net'
import type { KubeObject } from './resources.ts'
import { isMap } from './version.ts'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const PROTOCOLS: readonly unknown[] = ['TCP', 'UDP', 'SCTP']

const isLabel = (text: unknown): boolean => typeof text === 'string' && LABEL.test(text)
const isSubdomain = (text: unknown): boolean =>
  typeof text === 'string' &&
  text.length <= 253 &&
  text.split('.').every(label => LABEL.test(label))
const maps = (value: unknown): Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isMap) : []
const show = (value: unknown): string => JSON.stringify(value) ?? 'null'

/**
 * What is wrong with an object whose defaults are set; undefined if nothing is. Service names may
 * begin with a digit, as with the feature RelaxedServiceNameValidation.
 */
export const complaintAbout = (object: KubeObject): string | undefined => {
  const { kind, metadata } = object
  const isGood =
    kind === 'Namespace' || kind === 'Service' || kind === 'ServiceImport' ? isLabel : isSubdomain
  if (!isGood(metadata.name))
    return `metadata.name: Invalid value: ${show(metadata.name)}: a lowercase RFC 1123 label is wanted`
  if (kind === 'Service') return serviceComplaint(isMap(object.spec) ? object.spec : {})
  if (kind === 'EndpointSlice') return sliceComplaint(object)
  return undefined
}

const serviceComplaint = (spec: Readonly<Record<string, unknown>>): string | undefined => {
  const { type, clusterIP, externalName } = spec
  const ports = maps(spec.ports)
  if (type === 'ExternalName')
    return isSubdomain(
      typeof externalName === 'string' ? externalName.replace(/\.$/, '') : undefined,
    )
      ? portsComplaint('spec.ports', ports)
      : `spec.externalName: Invalid value: ${show(externalName)}: a lowercase RFC 1123 subdomain is wanted`
  if (ports.length === 0 && clusterIP !== 'None') return 'spec.ports: Required value'
  const nameless =
    ports.length > 1 && ports.findIndex(port => port.name === undefined || port.name === '')
  if (nameless !== false && nameless >= 0) return `spec.ports[${nameless}].name: Required value`
  return portsComplaint('spec.ports', ports)
}

const portsComplaint = (
  path: string,
  ports: readonly Readonly<Record<string, unknown>>[],
): string | undefined => {
  const names = new Set<unknown>()
  for (const [index, { name = '', port, protocol }] of ports.entries()) {
    const at = `${path}[${index}]`
    if (names.has(name)) return `${at}.name: Duplicate value: ${show(name)}`
    names.add(name)
    if (name !== '' && !isLabel(name))
      return `${at}.name: Invalid value: ${show(name)}: a lowercase RFC 1123 label is wanted`
    if (!PROTOCOLS.includes(protocol))
      return `${at}.protocol: Unsupported value: ${show(protocol)}: supported values: "SCTP", "TCP", "UDP"`
    const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536
    if (!isPort && !(path === 'ports' && (port === undefined || port === null)))
      return `${at}.port: Invalid value: ${show(port)}: must be between 1 and 65535, inclusive`
  }
  return undefined
}

const sliceComplaint = ({ addressType, endpoints, ports }: KubeObject): string | undefined => {
  const version =
    addressType === 'IPv4' ? 4 : addressType === 'IPv6' ? 6 : addressType === 'FQDN' ? 0 : undefined
  if (version === undefined)
    return `addressType: Unsupported value: ${show(addressType)}: supported values: "FQDN", "IPv4", "IPv6"`
  for (const [index, { addresses, hostname }] of maps(endpoints).entries()) {
    const at = `endpoints[${index}]`
    if (!Array.isArray(addresses) || addresses.length === 0)
      return `${at}.addresses: Required value: must contain at least 1 address`
    const wrong = addresses.find((one: unknown) => typeof one !== 'string' || isIP(one) !== version)
    if (wrong !== undefined)
      return `${at}.addresses: Invalid value: ${show(wrong)}: must be an ${show(addressType)} address`
    if (hostname !== undefined && !isLabel(hostname))
      return `${at}.hostname: Invalid value: ${show(hostname)}: an RFC 1123 label is wanted`
  }
  return portsComplaint('ports', maps(ports))
}
