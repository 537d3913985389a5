// The spec of a Service as the server stores it: addresses by the families that are wanted, and
// every default written out.

import { type ClusterIps, type Family, familyOf } from './cluster-ips.ts'
import { isMap } from './version.ts'

export type Spec = Readonly<Record<string, unknown>>

const HEADLESS = 'None'
const BOTH: readonly Family[] = ['IPv4', 'IPv6']

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(one => typeof one === 'string' && one !== '') : []

/** Addresses that a stored spec holds. */
export const allocatedIps = (spec: unknown): string[] =>
  isMap(spec) ? strings(spec.clusterIPs).filter(ip => ip !== HEADLESS) : []

/**
 * `before` is the stored spec, whose addresses are kept if `spec` names none. Throws with what the
 * manifest has wrong.
 */
export const serviceSpec = (spec: Spec, before: Spec | undefined, ips: ClusterIps): Spec => {
  const type = spec.type ?? 'ClusterIP'
  const {
    clusterIP: _ip,
    clusterIPs: _ips,
    ipFamilies: _families,
    ipFamilyPolicy: _policy,
    ports,
    ...rest
  } = spec
  const common = {
    ...(ports === undefined ? {} : { ports: servicePorts(ports, type, before, ips) }),
    ...rest,
    type,
  }
  if (type === 'ExternalName') {
    ips.release(allocatedIps(before))
    return { ...common, sessionAffinity: 'None' }
  }
  const addresses = serviceAddresses(spec, before, ips)
  const external = type === 'ClusterIP' ? {} : { externalTrafficPolicy: 'Cluster' }
  const loadBalancer = type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}
  return {
    sessionAffinity: 'None',
    ...external,
    ...loadBalancer,
    internalTrafficPolicy: 'Cluster',
    ...common,
    ...addresses,
  }
}

const servicePorts = (
  ports: unknown,
  type: unknown,
  before: Spec | undefined,
  ips: ClusterIps,
): unknown[] => {
  if (!Array.isArray(ports)) throw new Error('spec.ports: Invalid value: must be an array')
  const earlier = Array.isArray(before?.ports) ? before.ports.filter(isMap) : []
  return ports.map((port: unknown) => {
    if (!isMap(port)) throw new Error('spec.ports: Invalid value: must be an object')
    const full = { protocol: 'TCP', targetPort: port.port, ...port }
    if (type !== 'NodePort' && type !== 'LoadBalancer') return full
    const same = earlier.find(one => one.name === port.name && one.port === port.port)
    return { nodePort: same?.nodePort ?? ips.allocateNodePort(), ...full }
  })
}

interface Addresses {
  readonly clusterIP: string
  readonly clusterIPs: readonly string[]
  readonly ipFamilies: readonly Family[]
  readonly ipFamilyPolicy: string
}

const serviceAddresses = (spec: Spec, before: Spec | undefined, ips: ClusterIps): Addresses => {
  const wanted = strings(spec.clusterIPs)
  if (wanted.length === 0) wanted.push(...strings([spec.clusterIP]))
  const isHeadless = wanted[0] === HEADLESS
  const { families, policy } = familiesOf(spec, before, isHeadless ? [] : wanted, isHeadless)
  const held = allocatedIps(before)
  if (isHeadless) {
    ips.release(held)
    return {
      clusterIP: HEADLESS,
      clusterIPs: [HEADLESS],
      ipFamilies: families,
      ipFamilyPolicy: policy,
    }
  }
  const clusterIPs = families.map(family => {
    const named = wanted.find(ip => familyOf(ip) === family)
    const kept = held.find(ip => familyOf(ip) === family)
    if (named === undefined) return kept ?? ips.allocate(family)
    const refused = named === kept ? undefined : ips.claim(named)
    if (refused !== undefined)
      throw new Error(
        `spec.clusterIPs: Invalid value: ${JSON.stringify(wanted)}: failed to allocate IP ${named}: ${refused}`,
      )
    return named
  })
  ips.release(held.filter(ip => !clusterIPs.includes(ip)))
  return {
    clusterIP: clusterIPs[0] ?? '',
    clusterIPs,
    ipFamilies: families,
    ipFamilyPolicy: policy,
  }
}

/**
 * A headless service without selector gets both families, since nobody but its owner knows its
 * endpoints.
 */
const familiesOf = (
  spec: Spec,
  before: Spec | undefined,
  wanted: readonly string[],
  isHeadless: boolean,
) => {
  const named = strings(spec.ipFamilies).filter(family => family === 'IPv4' || family === 'IPv6')
  const earlier =
    spec.ipFamilyPolicy === undefined
      ? strings(before?.ipFamilies).filter(one => one === 'IPv4' || one === 'IPv6')
      : []
  const isOpen =
    isHeadless &&
    spec.selector === undefined &&
    spec.ipFamilyPolicy === undefined &&
    named.length === 0
  const chosen =
    named.length > 0 ? named : wanted.length > 0 ? wanted.map(familyOf) : isOpen ? BOTH : earlier
  const families: Family[] = chosen.length > 0 ? [...chosen] : ['IPv4']
  const policy =
    typeof spec.ipFamilyPolicy === 'string'
      ? spec.ipFamilyPolicy
      : families.length > 1
        ? 'RequireDualStack'
        : 'SingleStack'
  if (policy !== 'SingleStack' && families.length === 1)
    families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4')
  return { families, policy }
}
