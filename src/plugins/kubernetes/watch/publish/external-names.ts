// Which ExternalName services lead to which service of the cluster. Their answers contain the
// addresses of that service, so they change with it.

/**
 * The possible positions of the label `svc` in a target: after a service, after an endpoint of a
 * service, or after a port and protocol.
 */
const SVC_PLACES = [2, 3, 4]

export class ExternalNames {
  /** The keys of services that a target may mean, by the key of the service that has the target. */
  readonly #targets = new Map<string, readonly string[]>()
  readonly #dependents = new Map<string, Set<string>>()

  /**
   * Sets the target of a service: a lower-case wire name, or undefined for none. `service` is its
   * labels.
   */
  set(service: Uint8Array, target: Uint8Array | undefined): void {
    if (target === undefined && this.#targets.size === 0) return
    const key = keyOf(service)
    for (const known of this.#targets.get(key) ?? []) {
      const dependents = this.#dependents.get(known)
      dependents?.delete(key)
      if (dependents?.size === 0) this.#dependents.delete(known)
    }
    this.#targets.delete(key)
    const targets = target === undefined ? [] : servicesIn(target)
    if (targets.length === 0) return
    this.#targets.set(key, targets)
    for (const wanted of targets) {
      const dependents = this.#dependents.get(wanted)
      if (dependents === undefined) this.#dependents.set(wanted, new Set([key]))
      else dependents.add(key)
    }
  }

  /**
   * Labels of all services whose targets lead to this one, directly or through others. Each is
   * there once. The service itself is left out.
   */
  dependentsOf(service: Uint8Array): Uint8Array[] {
    if (this.#dependents.size === 0) return []
    const reached = new Set([keyOf(service)])
    for (const key of reached)
      for (const dependent of this.#dependents.get(key) ?? []) reached.add(dependent)
    return [...reached].slice(1).map(key => Buffer.from(key, 'latin1'))
  }
}

/**
 * Keys of the services that a name may belong to: names `S.NS.svc.`, or with labels in front. The
 * zone that follows is not known here.
 */
const servicesIn = (name: Uint8Array): string[] => {
  const labels: Uint8Array[] = []
  for (let at = 0; (name[at] ?? 0) > 0 && labels.length <= 4; at += (name[at] ?? 0) + 1) {
    labels.push(name.subarray(at, at + 1 + (name[at] ?? 0)))
  }
  return SVC_PLACES.flatMap(place => {
    const [service, namespace, svc] = labels.slice(place - 2, place + 1)
    if (
      service === undefined ||
      namespace === undefined ||
      svc === undefined ||
      keyOf(svc) !== '\x03svc'
    )
      return []
    return [keyOf(service) + keyOf(namespace)]
  })
}

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
