// Answers from zones against those of nsd, which others wrote: 10,000 questions about generated
// zones with delegations, wildcards, empty non-terminals, chains of aliases and DNAME. Where the
// two are to differ, because CoreDNS answers otherwise, a rule says so.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seeded } from './fakes/raw-message.ts'
import { askedName, QTYPES, type ShapedZone, shapedZone } from './fakes/zone-shape.ts'
import { query, type Shown, show } from './support/messages.ts'
import { askUdp } from './support/raw-client.ts'
import {
  type Cleanup,
  freePorts,
  startServer,
  temporaryFolder,
  WatchedProcess,
  without,
} from './support/server-process.ts'

const QUERIES = 10_000
const ZONES = 5
/** Few enough for a receive buffer. */
const BATCH = 50
const ORIGIN = 'example.org'

const nsdConfig = (folder: string, port: number): string => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  pidfile: ""
  zonesdir: "${folder}"
  zonelistfile: "${folder}/zones"
  xfrdfile: "${folder}/xfrd"
  database: ""
  logfile: "${folder}/log"
  rrl-ratelimit: 0
  ipv4-edns-size: 4096
remote-control:
  control-enable: no
zone:
  name: ${ORIGIN}
  zonefile: ${folder}/db
`

/** The port of an nsd that serves the folder's zone. */
const startNsd = async (t: Cleanup, folder: string): Promise<number> => {
  const [port = 0] = await freePorts(1)
  writeFileSync(join(folder, 'nsd.conf'), nsdConfig(folder, port))
  new WatchedProcess(t, 'nsd', ['-d', '-c', join(folder, 'nsd.conf')])
  await untilAnswered(port)
  return port
}

/** Asks until something answers: nsd says nothing when it is ready. */
const untilAnswered = async (port: number): Promise<void> => {
  const socket = createSocket('udp4')
  const { bytes } = query(`${ORIGIN}.`, 'SOA')
  const again = setInterval(() => socket.send(bytes, port, '127.0.0.1'), 20)
  try {
    await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
  } finally {
    clearInterval(again)
    socket.close()
  }
}

/** Replies in the order of the questions. */
const ask = async (port: number, messages: readonly Uint8Array[]): Promise<Shown[]> => {
  const replies = (await askUdp(port, messages, messages.length)).map(show)
  return replies.toSorted((a, b) => a.id - b.id)
}

/** What is compared of a reply. */
interface Said {
  readonly rcode: string
  readonly isAuthoritative: boolean
  readonly isCut: boolean
  readonly answer: readonly string[]
  readonly authority: readonly string[]
}

interface Case {
  readonly name: string
  readonly type: string
  readonly ours: Said
  readonly theirs: Said
}

const sorted = (records: readonly string[]): string[] =>
  [...new Set(records.map(record => record.toLowerCase()))].sort()

/**
 * Addresses in Additional are not compared: nsd adds those of name servers, CoreDNS those of
 * targets only. Letters of owners are those of the question or not, as each likes.
 */
const said = ({ rcode, flags, answer, authority }: Shown): Said => ({
  rcode,
  isAuthoritative: flags.includes('aa'),
  isCut: flags.includes('tc'),
  answer: sorted(answer),
  authority: sorted(authority),
})

const isOf = (type: string) => (record: string) => record.split(' ')[3] === type

const isAlias = (record: string): boolean => isOf('cname')(record) || isOf('dname')(record)

/** Rules by which both may be right. What a rule makes equal is equal. */
const RULES: readonly {
  readonly name: string
  /** The case as the rule sees it; undefined: it says nothing of it. */
  readonly apply: (one: Case) => Partial<Case> | undefined
}[] = [
  {
    name: 'the TTL of a SOA record in Authority is its own, not its minimum (RFC 2308 has the less)',
    apply: ({ ours, theirs }) => {
      const bare = (one: Said): Said => ({
        ...one,
        authority: one.authority.map(record =>
          isOf('soa')(record) ? record.replace(/ \d+ in /, ' in ') : record,
        ),
      })
      return ours.authority.some(isOf('soa')) && theirs.authority.some(isOf('soa'))
        ? { ours: bare(ours), theirs: bare(theirs) }
        : undefined
    },
  },
  {
    name: 'behind an answer the NS records of the apex stand in Authority, or nothing',
    apply: ({ ours, theirs }) => {
      const isApex = (record: string): boolean => record.startsWith(`${ORIGIN}. `)
      const bare = (one: Said): Said => ({
        ...one,
        authority: one.authority.filter(record => !(isOf('ns')(record) && isApex(record))),
      })
      return ours.answer.length > 0 ? { ours: bare(ours), theirs: bare(theirs) } : undefined
    },
  },
  {
    name: 'an alias to a name without the type has NS records in Authority, where others have SOA',
    apply: ({ ours, theirs, type }) =>
      ours.answer.some(isOf('cname')) &&
      !ours.answer.some(isOf(type.toLowerCase())) &&
      theirs.authority.every(isOf('soa')) &&
      ours.rcode === 'NOERROR'
        ? { theirs: { ...theirs, authority: [] } }
        : undefined,
  },
  {
    name: 'of what an alias is asked of the server for, the answer is taken, and no referral',
    apply: ({ ours, theirs, type }) =>
      type === 'NS' && ours.answer.every(isAlias) && theirs.authority.every(isOf('ns'))
        ? { theirs: { ...theirs, authority: [] } }
        : undefined,
  },
  {
    name: 'an empty non-terminal is answered by the wildcard beside it',
    apply: ({ ours, theirs }) =>
      theirs.rcode === 'NOERROR' &&
      theirs.answer.every(isAlias) &&
      theirs.authority.every(isOf('soa')) &&
      ours.answer.length > theirs.answer.length
        ? { ours: theirs }
        : undefined,
  },
]

const isEqual = ({ ours, theirs }: Case): boolean => JSON.stringify(ours) === JSON.stringify(theirs)

/** The rules that it takes to make both replies equal; undefined: none do. */
const explained = (one: Case): string[] | undefined => {
  const used: string[] = []
  let seen = one
  for (const { name, apply } of RULES) {
    if (isEqual(seen)) break
    const change = apply(seen)
    if (change === undefined) continue
    const next = { ...seen, ...change }
    if (JSON.stringify(next) !== JSON.stringify(seen)) used.push(name)
    seen = next
  }
  return isEqual(seen) ? used : undefined
}

const compareZone = async (
  t: Cleanup,
  zone: ShapedZone,
  below: (below: number) => number,
  counts: Map<string, number>,
): Promise<void> => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'db'), zone.text)
  const nsd = await startNsd(t, folder)
  const server = await startServer(
    t,
    port => `${ORIGIN}:${port} {\n bind 127.0.0.1\n file ${folder}/db\n}\n`,
  )
  for (let asked = 0; asked < QUERIES / ZONES; asked += BATCH) {
    const questions = Array.from({ length: BATCH }, () => ({
      name: askedName(below, zone, ORIGIN),
      type: QTYPES[below(QTYPES.length)] ?? 'A',
    }))
    const messages = questions.map(
      ({ name, type }, id) => query(name, type, { id, udpSize: 4096 }).bytes,
    )
    const [ours, theirs] = [await ask(server.port, messages), await ask(nsd, messages)]
    for (const [n, { name, type }] of questions.entries()) {
      const one = { name, type, ours: said(ours[n]!), theirs: said(theirs[n]!) }
      const rules = explained(one)
      assert.ok(rules, `${name} ${type}: ${JSON.stringify(one, null, 1)}`)
      for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1)
    }
  }
}

test(`nsd answers ${QUERIES} questions about zones as we do, but for what rules say`, {
  skip: without('nsd'),
  timeout: 100_000,
}, async t => {
  const counts = new Map<string, number>()
  for (let seed = 1; seed <= ZONES; seed++) {
    const below = seeded(seed)
    await compareZone(t, shapedZone(below, { names: 20 * 3 ** (seed - 1) }), below, counts)
  }
  // A rule that nothing needs explains nothing.
  assert.deepEqual(
    RULES.map(({ name }) => name).filter(name => !counts.has(name)),
    [],
  )
})
