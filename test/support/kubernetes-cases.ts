// Tables of questions to a cluster's server with their exact answers, as text in the manner of a
// zone file:
//
//   svc1.testns.svc A                  a name without a dot at its end is below the zone; several
//                                      types are separated by commas
//     5 A 10.96.0.100                  an answer, whose owner is the question's name
//     web.testns.svc 5 A 10.244.3.1    an answer of another owner
//     + web.testns.svc 5 A 10.244.3.1  an additional record
//   none.testns.svc A,TXT NXDOMAIN     no answer: NXDOMAIN, SERVFAIL and NODATA have the zone's
//                                      SOA, REFUSED has nothing
//   # a comment

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { askOneWay, WAYS, type Way } from './kubernetes-ask.ts'
import { query, show } from './messages.ts'

export interface Expected {
  readonly rcode: string
  readonly flags: string
  readonly question: string
  /** The serial of an SOA is `SERIAL`. */
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
}

export interface Case {
  readonly name: string
  readonly type: string
  readonly expected: Expected
}

export interface TableSetting {
  /** Zones of the server; names in the table are below the first. */
  readonly zones?: readonly string[]
  readonly ttl?: number
}

const ZONES = ['cluster.local.', 'in-addr.arpa.', 'ip6.arpa.']
const SOA_TTL_LIMIT = 300
/** Types whose last word is a name. */
const NAMED: readonly string[] = ['CNAME', 'NS', 'PTR', 'SRV']

const readCases = (text: string, { zones = ZONES, ttl = 5 }: TableSetting = {}): Case[] => {
  const origin = zones[0] ?? '.'
  const full = (name: string): string =>
    name === '@' ? origin : name.endsWith('.') ? name : `${name}.${origin}`
  const cases: {
    name: string
    types: string[]
    rcode: string
    answer: string[]
    additional: string[]
  }[] = []
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    if (line.trim() === '' || line.trim().startsWith('#')) continue
    if (!line.startsWith(' ')) {
      const [name = '', types = '', rcode = ''] = words
      cases.push({ name: full(name), types: types.split(','), rcode, answer: [], additional: [] })
      continue
    }
    const last = cases.at(-1)
    if (last === undefined) throw new Error(`a record without a question: ${line}`)
    const isAdditional = words[0] === '+'
    if (isAdditional) words.shift()
    const owner = /^\d+$/.test(words[0] ?? '') ? last.name : full(words.shift() ?? '')
    const [seconds, type = '', ...rdata] = words
    if (NAMED.includes(type)) rdata.push(full(rdata.pop() ?? ''))
    last[isAdditional ? 'additional' : 'answer'].push(
      [owner, seconds, 'IN', type, ...rdata].join(' '),
    )
  }
  return cases.flatMap(({ name, types, rcode, answer, additional }) =>
    types.map(type => {
      const hasSoa = rcode === 'NODATA' || rcode === 'NXDOMAIN' || rcode === 'SERVFAIL'
      return {
        name,
        type,
        expected: {
          rcode: rcode === 'NODATA' || rcode === '' ? 'NOERROR' : rcode,
          flags: rcode === 'REFUSED' ? 'qr rd' : 'qr aa rd',
          question: `${name} IN ${type}`,
          answer: inOrder(answer),
          authority: hasSoa ? [soaOf(name, zones, ttl)] : [],
          additional,
        },
      }
    }),
  )
}

/** The SOA of the longest of the zones that the name is in, in the name's case. */
const soaOf = (name: string, zones: readonly string[], ttl: number): string => {
  const isWithin = (zone: string): boolean =>
    zone === '.' || `.${name.toLowerCase()}`.endsWith(`.${zone}`)
  const zone = name.slice(-Math.max(...zones.filter(isWithin).map(one => one.length)))
  const below = zone === '.' ? '' : zone
  return `${zone} ${Math.min(ttl, SOA_TTL_LIMIT)} IN SOA ns.dns.${below} hostmaster.${below} SERIAL 7200 1800 86400 ${ttl}`
}

/** A reply as tables have it. */
export const shown = (reply: Uint8Array): Expected => {
  const { rcode, flags, question, answer, authority, additional } = show(reply)
  return {
    rcode,
    flags,
    question,
    answer: inOrder(answer.map(withoutSerial)),
    authority: authority.map(withoutSerial),
    additional,
  }
}

/** Which of an address's names comes first is left to chance. */
const inOrder = (answer: readonly string[]): readonly string[] =>
  answer.every(record => record.includes(' IN PTR ')) ? answer.toSorted() : answer

const withoutSerial = (record: string): string =>
  record.replace(/ \d+ (?=7200 1800 86400 \d+$)/, ' SERIAL ')

/** A subtest for each question, which is asked by all ways, with and without EDNS. */
const runCases = async (
  t: TestContext,
  port: number,
  cases: readonly Case[],
  ways = WAYS,
): Promise<void> => {
  for (const { name, type, expected } of cases) {
    await t.test(`${name} ${type}`, async () => {
      const replies = await Promise.all(
        ways.map((way, turn) => askCase(port, name, type, way, turn)),
      )
      for (const reply of replies) assert.deepEqual(shown(reply), expected)
    })
  }
}

const askCase = (
  port: number,
  name: string,
  type: string,
  way: Way,
  turn: number,
): Promise<Uint8Array> =>
  askOneWay(
    port,
    query(name, type, { id: 0x1000 + turn, ...(turn % 2 === 0 ? {} : { udpSize: 1232 }) }).bytes,
    way,
  )

export const runTable = (
  t: TestContext,
  port: number,
  text: string,
  setting: TableSetting = {},
): Promise<void> => runCases(t, port, readCases(text, setting))
