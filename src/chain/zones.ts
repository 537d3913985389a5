// Which of a plugin's zones a name belongs to. Zones arrive normalised (lower case, trailing dot);
// corefile/zones.ts does that.

/** A fixed set of zones, asked once per query. */
export class ZoneSet {
  readonly zones: readonly string[]
  readonly #set: ReadonlySet<string>

  constructor(zones: readonly string[]) {
    this.zones = zones
    this.#set = new Set(zones)
  }

  /**
   * The longest zone that is `qname` or above it. `qname` is lower case with trailing dot, as
   * Question.name is.
   */
  match(qname: string): string | undefined {
    const set = this.#set
    if (set.size === 0) return undefined
    if (set.has(qname)) return qname
    for (let at = nextLabel(qname, 0); at < qname.length; at = nextLabel(qname, at)) {
      const parent = qname.slice(at)
      if (set.has(parent)) return parent
    }
    return set.has('.') ? '.' : undefined
  }
}

/**
 * Index behind the dot that ends the label at `from`; the name's length if it is the last one.
 * Escaped dots (`\.`) end nothing.
 */
const nextLabel = (name: string, from: number): number => {
  for (let at = from; at < name.length; at++) {
    const unit = name.charCodeAt(at)
    if (unit === 0x5c) at++
    else if (unit === 0x2e) return at + 1
  }
  return name.length
}

/**
 * Whether `fallthrough` lets `qname` pass: undefined and [] never, ['.'] always, else names in one
 * of the zones.
 */
export const fallsThrough = (fall: readonly string[] | undefined, qname: string): boolean =>
  fall?.some(zone => isInZone(qname, zone)) ?? false

const isInZone = (qname: string, zone: string): boolean => {
  if (zone === '.' || qname === zone) return true
  if (!qname.endsWith(zone)) return false
  const cut = qname.length - zone.length
  for (let at = nextLabel(qname, 0); at <= cut; at = nextLabel(qname, at))
    if (at === cut) return true
  return false
}
