// Zones of every shape that answers depend on: empty non-terminals, wildcards, delegations with and
// without glue, chains of aliases, DNAME. Sound ones, that every server takes, made of seeded
// random numbers; and the questions that such a zone may be asked.

export type Below = (below: number) => number

const LABELS = ['a', 'b', 'c', 'd', 'e', 'www', 'x-1', '_tcp', 'n0', 'n1', 'n2', 'n3']
const DATA: readonly ((below: Below, target: string) => string)[] = [
  below => `A 192.0.2.${below(256)}`,
  below => `A 192.0.2.${below(256)}`,
  below => `AAAA 2001:db8::${below(65536).toString(16)}`,
  below => `TXT "${'t'.repeat(below(40))}" second`,
  (below, target) => `MX ${below(100)} ${target}`,
  (below, target) => `SRV ${below(10)} 0 ${below(65536)} ${target}`,
  () => 'CAA 0 issue "ca.example.net"',
  (_, target) => `PTR ${target}`,
]
export const QTYPES = [
  ...['A', 'A', 'A', 'AAAA', 'TXT', 'MX', 'SRV', 'CNAME', 'NS', 'SOA', 'DS', 'PTR', 'CAA', 'HTTPS'],
]

const pick = <T>(below: Below, list: readonly T[]): T => list[below(list.length)] as T

export interface ShapedZone {
  readonly text: string
  /** Relative to the origin, without those below cuts and DNAMEs that have no records. */
  readonly owners: readonly string[]
}

export interface ShapeOptions {
  /** About so many names. */
  readonly names: number
  readonly serial?: number
}

/** Text of a zone without $ORIGIN. */
export const shapedZone = (below: Below, { names, serial = 1 }: ShapeOptions): ShapedZone => {
  const plain = new Map<string, string[]>([['@', ['NS ns1', 'NS ns2.example.net.', 'MX 10 n0']]])
  const put = (owner: string, data: string): void =>
    void plain.set(owner, [...(plain.get(owner) ?? []), data])
  put('ns1', 'A 192.0.2.53')
  for (let n = 0; n < names; n++) {
    const labels = Array.from({ length: 1 + below(4) }, () => pick(below, LABELS))
    if (below(8) === 0) labels[0] = '*'
    const owner = labels.join('.')
    for (let count = 1 + below(3); count > 0; count--)
      put(owner, pick(below, DATA)(below, pick(below, [...plain.keys()])))
  }
  const others = special(below, names, [...plain.keys()])
  const lines = [...plain, ...others].flatMap(([owner, all]) =>
    [...new Set(all)].map(data => `${owner} ${ttlOf(owner, data)} ${data}`),
  )
  return {
    text: `$TTL 300\n@ 3600 SOA ns1 admin ${serial} 7200 900 86400 300\n${lines.join('\n')}\n`,
    owners: [...plain.keys(), ...others.keys()],
  }
}

/** One TTL for each set. */
const ttlOf = (owner: string, data: string): number =>
  60 * (1 + ((owner.length + (data.split(' ')[0]?.length ?? 0)) % 7))

/** Aliases, delegations and DNAMEs: names that have nothing else, and nothing below them. */
const special = (below: Below, names: number, plain: readonly string[]): Map<string, string[]> => {
  const found = new Map<string, string[]>()
  const targets = plain.filter(name => !name.startsWith('*'))
  for (let n = 0; n < names / 6 + 1; n++) {
    const parent = pick(below, ['', '', '.a', '.b.c', '.y'])
    const inside = [...targets, ...[...found.keys()].filter(name => !name.startsWith('*'))]
    const target = pick(below, [
      ...inside,
      'missing',
      `deep.${pick(below, inside)}`.replace('.@', ''),
      'x.example.net.',
    ])
    found.set(`l${n}${parent}`, [`CNAME ${target === '@' ? 'example.org.' : target}`])
    if (below(4) === 0) found.set(`*.w${n}`, [`CNAME ${pick(below, inside)}`])
    if (below(2) === 0) {
      found.set(`s${n}${parent}`, [`NS ns.s${n}${parent}`, 'NS ns1', 'NS ns.example.net.'])
      found.set(`ns.s${n}${parent}`, [`A 198.51.100.${n % 256}`, `AAAA 2001:db8:1::${n}`])
      if (below(2) === 0) found.get(`s${n}${parent}`)?.push(`DS 1 13 2 ${'ab'.repeat(32)}`)
    }
    if (below(3) === 0)
      found.set(`d${n}${parent}`, [`DNAME ${pick(below, ['a', 'b.c', 'y', 'example.net.'])}`])
  }
  return found
}

/** A name that has to do with the zone, with a dot at its end. */
export const askedName = (below: Below, { owners }: ShapedZone, origin: string): string => {
  const owner = pick(below, owners)
  const kind = below(10)
  const relative =
    kind < 5 ? owner : kind < 7 ? `${pick(below, LABELS)}.${owner}` : changed(below, owner)
  return relative === '@' || relative === ''
    ? `${origin}.`
    : `${relative.replace(/\.?@$/, '')}.${origin}.`
}

/** One label less, another first label, or another case. */
const changed = (below: Below, owner: string): string => {
  const [first = '', ...rest] = owner.split('.')
  switch (below(3)) {
    case 0:
      return rest.join('.')
    case 1:
      return [pick(below, [...LABELS, '*', 'zz', `${first}z`]), ...rest].join('.')
    default:
      return owner.toUpperCase()
  }
}
