// Our reading and writing against dns-packet's, on random messages. Allowed differences, by name:
// - labels that are not UTF-8: dns-packet replaces their bytes, so the names here are ASCII;
// - dots and escapes inside labels: dns-packet knows none but in SOA rname, so the names here have
//   none;
// - compression: dns-packet reads pointers and never writes them, so messages are compared with all
//   names written out;
// - the root: dns-packet reads it as '.', other names without trailing dot.

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import test from 'node:test'
import dnsPacket, { type Answer, type Packet } from 'dns-packet'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import { readEdns } from './edns.ts'
import { readLayout } from './layout.ts'
import { expandName, nameToText } from './name.ts'
import { readQuestion } from './question.ts'
import { rdataA, rdataAaaa, rdataMx, rdataSoa, rdataSrv, rdataStrings } from './rdata.ts'
import { typeFromText, typeToText } from './rrtypes.ts'
import { MessageWriter, type Section } from './writer.ts'

const encode = (packet: Packet): Uint8Array => new Uint8Array(dnsPacket.encode(packet))

type Random = (below: number) => number

const LABELS = [
  'a',
  'b',
  'Www',
  'example',
  'org',
  'com',
  '_tcp',
  'xn--p1ai',
  '*',
  '0',
  'a-label-of-some-length-0123456789',
]

const randomName = (random: Random): string => {
  const count = random(5)
  if (count === 0) return '.'
  return Array.from({ length: count }, () => LABELS[random(LABELS.length)]).join('.')
}

/** The same record for both sides. */
interface Twin {
  readonly answer: Answer
  readonly type: number
  readonly rdata: Uint8Array
}

const MAKERS: readonly ((
  random: Random,
  name: string,
) => { data: unknown; type: string; rdata: Uint8Array })[] = [
  random => {
    const text = `192.0.2.${random(256)}`
    return { type: 'A', data: text, rdata: rdataA(text) }
  },
  random => {
    const text = `2001:db8::${(1 + random(0xfffe)).toString(16)}`
    return { type: 'AAAA', data: text, rdata: rdataAaaa(text) }
  },
  (random, name) => ({
    type: ['NS', 'CNAME', 'PTR', 'DNAME'][random(4)]!,
    data: name,
    rdata: wire(name),
  }),
  (random, name) => {
    const preference = random(65536)
    return {
      type: 'MX',
      data: { preference, exchange: name },
      rdata: rdataMx(preference, wire(name)),
    }
  },
  (random, name) => {
    const data = {
      priority: random(65536),
      weight: random(65536),
      port: random(65536),
      target: name,
    }
    return { type: 'SRV', data, rdata: rdataSrv(data.priority, data.weight, data.port, wire(name)) }
  },
  random => {
    const texts = Array.from({ length: 1 + random(3) }, () =>
      Buffer.from(Array.from({ length: random(40) }, () => random(256))),
    )
    return { type: 'TXT', data: texts, rdata: rdataStrings(...texts) }
  },
  (random, name) => {
    const [serial, refresh, retry, expire, minimum] = [0, 0, 0, 0, 0].map(() =>
      random(2 ** 32),
    ) as [number, number, number, number, number]
    const data = {
      mname: name,
      rname: 'admin.example.org',
      serial,
      refresh,
      retry,
      expire,
      minimum,
    }
    const names = { mname: wire(name), rname: wire(data.rname) }
    const numbers = {
      serial,
      refreshSeconds: refresh,
      retrySeconds: retry,
      expireSeconds: expire,
      minimumSeconds: minimum,
    }
    return { type: 'SOA', data, rdata: rdataSoa({ ...names, ...numbers }) }
  },
  random => {
    const rdata = Buffer.from(Array.from({ length: random(50) }, () => random(256)))
    return { type: 'NULL', data: rdata, rdata }
  },
]

const randomTwin = (random: Random): Twin => {
  const made = MAKERS[random(MAKERS.length)]!(random, randomName(random))
  const ttl = random(2 ** 31)
  const answer = {
    name: randomName(random),
    ttl,
    class: 'IN',
    flush: false,
    type: made.type,
    data: made.data,
  } as Answer
  const type = typeFromText(made.type)
  assert.ok(type !== undefined)
  return { answer, type, rdata: made.rdata }
}

const twins = (random: Random): readonly (readonly Twin[])[] =>
  [0, 1, 2].map(() => Array.from({ length: random(5) }, () => randomTwin(random)))

const ttlOf = (answer: Answer): number => ('ttl' in answer ? (answer.ttl ?? 0) : 0)

const written = (
  id: number,
  qname: string,
  sections: readonly (readonly Twin[])[],
  compress: boolean,
): Uint8Array => {
  const writer = new MessageWriter()
  writer.compress = compress
  writer.header(id, 0x8180)
  assert.ok(writer.question(wire(qname), 28, 1))
  for (const [section, records] of sections.entries()) {
    for (const { answer, type, rdata } of records) {
      assert.ok(writer.record(section as Section, wire(answer.name), type, 1, ttlOf(answer), rdata))
    }
  }
  return writer.finish()
}

const packetOf = (id: number, qname: string, sections: readonly (readonly Twin[])[]): Packet => ({
  type: 'response',
  id,
  flags: 0x0180,
  questions: [{ name: qname, type: 'AAAA', class: 'IN' }],
  answers: sections[0]!.map(twin => twin.answer),
  authorities: sections[1]!.map(twin => twin.answer),
  additionals: sections[2]!.map(twin => twin.answer),
})

const ROUNDS = 300

test('differential: our writer gives byte for byte what dns-packet encodes', () => {
  const random = seeded(101)
  for (let round = 0; round < ROUNDS; round++) {
    const [id, qname, sections] = [random(65536), randomName(random), twins(random)]
    const theirs = encode(packetOf(id, qname, sections))
    assert.equal(written(id, qname, sections, false).toHex(), theirs.toHex())
    assert.equal(readLayout(theirs)?.uncompressedLength, theirs.length)
  }
})

test('differential: our layout reads the records that dns-packet encoded', () => {
  const random = seeded(102)
  for (let round = 0; round < ROUNDS; round++) {
    const [id, qname, sections] = [random(65536), randomName(random), twins(random)]
    const bytes = encode(packetOf(id, qname, sections))
    const layout = readLayout(bytes)
    assert.ok(layout)
    assert.equal(readQuestion(bytes)?.name, `${qname === '.' ? '' : qname}.`.toLowerCase())
    const name = new Uint8Array(255)
    const all = sections.flatMap((records, section) => records.map(twin => ({ ...twin, section })))
    assert.equal(layout.count, all.length)
    for (const [i, { answer, type, rdata, section }] of all.entries()) {
      const owner = nameToText(name.subarray(0, expandName(bytes, layout.ownerOffset(i), name)))
      assert.equal(owner, answer.name === '.' ? '.' : `${answer.name}.`)
      assert.deepEqual(
        [layout.sectionOf(i), typeToText(layout.type(i)), layout.ttl(i)],
        [section, typeToText(type), ttlOf(answer)],
      )
      assert.deepEqual(
        bytes.subarray(layout.rdataOffset(i), layout.rdataOffset(i) + layout.rdataLength(i)),
        Uint8Array.from(rdata),
      )
    }
  }
})

test('differential: dns-packet reads from our compressed messages what it reads from plain ones', () => {
  const random = seeded(103)
  let saved = 0
  for (let round = 0; round < ROUNDS; round++) {
    const [id, qname, sections] = [random(65536), randomName(random), twins(random)]
    const plain = written(id, qname, sections, false)
    const small = written(id, qname, sections, true)
    saved += plain.length - small.length
    assert.deepEqual(dnsPacket.decode(Buffer.from(small)), dnsPacket.decode(Buffer.from(plain)))
    assert.equal(readLayout(small)?.uncompressedLength, plain.length)
  }
  assert.ok(saved > 1000, `${saved} bytes saved`)
})

test('differential: OPT is read as dns-packet encodes it', () => {
  const random = seeded(104)
  for (let round = 0; round < 100; round++) {
    const [udpPayloadSize, ednsVersion, extendedRcode] = [random(65536), random(256), random(256)]
    const options = Array.from({ length: random(4) }, () => ({
      code: 65001 + random(500),
      data: Buffer.alloc(random(20), random(256)),
    }))
    const flags = random(2) === 1 ? dnsPacket.DNSSEC_OK : 0
    const opt = {
      type: 'OPT',
      name: '.',
      udpPayloadSize,
      ednsVersion,
      extendedRcode,
      flags,
      flag_do: flags !== 0,
      options,
    } as unknown
    const bytes = encode({
      id: 1,
      questions: [{ name: 'a', type: 'A' }],
      additionals: [opt as Answer],
    })
    const layout = readLayout(bytes)
    assert.ok(layout)
    const edns = readEdns(bytes, layout)
    assert.ok(edns !== undefined && edns !== 'malformed')
    assert.deepEqual(
      [edns.udpSize, edns.version, edns.extendedRcode, edns.flags],
      [udpPayloadSize, ednsVersion, extendedRcode, flags],
    )
    assert.equal(edns.do, flags !== 0)
    const writer = new MessageWriter()
    writer.header(1, 0)
    writer.question(wire('a'), 1, 1)
    const raw = bytes.slice(edns.optionsOffset, edns.optionsOffset + edns.optionsLength)
    assert.ok(
      writer.opt({
        udpSize: udpPayloadSize,
        version: ednsVersion,
        extendedRcode,
        flags,
        options: raw,
      }),
    )
    assert.equal(writer.finish().toHex(), bytes.toHex())
  }
})
