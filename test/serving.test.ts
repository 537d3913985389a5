// A server process asked by the programs that people ask with: dig, kdig, a resolver's TCP
// connection, curl's requests, promtool.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { getId } from '../src/wire/header.ts'
import { type Asked, answerTo, fakeUpstream } from './fakes/fake-upstream.ts'
import { query, show } from './support/messages.ts'
import { askTcp, askUdp } from './support/raw-client.ts'
import {
  freePorts,
  runProgram,
  startServer,
  temporaryFolder,
  WatchedProcess,
  without,
} from './support/server-process.ts'

const LIMIT = { timeout: 15_000 }
const DIG = { ...LIMIT, skip: without('dig') }
const KDIG = { ...LIMIT, skip: without('kdig') }
const PROMTOOL = { ...LIMIT, skip: without('promtool') }
const NSD = { ...LIMIT, skip: without('nsd') }
const ADDRESSES = Array.from({ length: 100 }, (_, index) => `192.0.2.${index + 1}`)

const answer = (asked: Asked): void => {
  const { question } = show(asked.bytes)
  const [name = '', , type = ''] = question.split(' ')
  asked.reply({
    ra: true,
    answer: [
      type === 'A' ? `${name} 300 IN A 198.51.100.1` : `${name} 300 IN ${type} \\# 4 deadbeef`,
    ],
  })
}

const upstream = await fakeUpstream(answer)
after(() => upstream.close())

const server = await startServer(
  { after },
  (port, other, health, ready, metrics) => `
.:${port} {
  bind 127.0.0.1
  prometheus 127.0.0.1:${metrics}
  health 127.0.0.1:${health}
  ready 127.0.0.1:${ready}
  hosts {
    192.0.2.1 host.test
    2001:db8::1 host.test
${ADDRESSES.map(address => `    ${address} large.test\n`).join('')}
    fallthrough
  }
  cache 30
  forward . 127.0.0.1:${upstream.port}
}
plain.test:${port} {
  bind 127.0.0.1
  forward . 127.0.0.1:${upstream.port}
}
deep.plain.test:${port} {
  bind 127.0.0.1
  hosts {
    192.0.2.9 a.deep.plain.test
  }
}
only.test:${other} {
  bind 127.0.0.1
  whoami
}
`,
  { ports: 5, workers: 2 },
)
const { port } = server
const [, other = 0, health, ready, metrics] = server.ports

const dig = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await runProgram('dig', [
    '@127.0.0.1',
    '-p',
    String(port),
    '+tries=1',
    '+time=5',
    ...args,
  ])
  assert.equal(code, 0, out + err)
  return out
}

test('dig over UDP and TCP: a hosts block', DIG, async () => {
  assert.equal(await dig('+short', 'host.test'), '192.0.2.1\n')
  assert.equal(await dig('+short', '+tcp', 'host.test', 'AAAA'), '2001:db8::1\n')
  assert.match(await dig('-x', '192.0.2.1', '+short'), /^host\.test\.$/m)
})

test('dig +dnssec: DO comes back and goes upstream', DIG, async () => {
  assert.match(
    await dig('+dnssec', 'dnssec.plain.test'),
    /^; EDNS: version: 0, flags: do; udp: 1232$/m,
  )
  const asked = upstream.asked
    .map(({ bytes }) => show(bytes))
    .find(({ question }) => question.startsWith('dnssec.plain.test. '))
  assert.equal(asked?.edns?.do, true)
})

test('dig: the case of the question is kept', DIG, async () => {
  for (const name of ['HoSt.TeSt.', 'ChEcK.pLaIn.TeSt.', 'cAcHeD.tEsT.', 'CaChEd.TeSt.'])
    assert.match(await dig(name), new RegExp(`^;${name}\\s+IN\\s+A$`, 'm'))
})

test('kdig over UDP and TCP', KDIG, async () => {
  for (const args of [[], ['+tcp'], ['+dnssec'], ['+padding', '+tcp']]) {
    const { code, out } = await runProgram('kdig', [
      '@127.0.0.1',
      '-p',
      String(port),
      ...args,
      'host.test',
    ])
    assert.equal(code, 0, out)
    assert.match(out, /status: NOERROR/)
    assert.match(out, /^host\.test\.\s+\d+\s+IN\s+A\s+192\.0\.2\.1$/m)
  }
})

test('the longest zone gets the question', LIMIT, async () => {
  const ask = async (name: string) => show((await askUdp(port, [query(name).bytes]))[0]!).answer
  assert.deepEqual(await ask('a.deep.plain.test'), ['a.deep.plain.test. 3600 IN A 192.0.2.9'])
  assert.deepEqual(await ask('adeep.plain.test'), ['adeep.plain.test. 300 IN A 198.51.100.1'])
  assert.match((await ask('host.test'))[0] ?? '', /^host\.test\. \d+ IN A 192\.0\.2\.1$/)
})

test('a zone that nobody serves, and class CH: REFUSED', LIMIT, async () => {
  const ask = async (...args: Parameters<typeof query>) =>
    show((await askUdp(other, [query(...args).bytes]))[0]!).rcode
  assert.equal(await ask('a.only.test'), 'NOERROR')
  assert.equal(await ask('a.other.test'), 'REFUSED')
  assert.equal(await ask('aonly.test'), 'REFUSED')
  assert.equal(await ask('version.bind', 'TXT', { class: 3 }), 'REFUSED')
  assert.equal(await ask('a.only.test', 'TXT', { class: 3 }), 'REFUSED')
})

test('bind 127.0.0.1 leaves 127.0.0.2 alone', {
  ...LIMIT,
  skip: process.platform !== 'linux' && 'Linux only',
}, async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.2')
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  socket.on('connect', () => resolve('connected'))
  assert.equal(await promise, 'ECONNREFUSED')
  socket.destroy()
})

test('a type that nobody knows is relayed byte for byte', LIMIT, async () => {
  const sent: Uint8Array[] = []
  upstream.respond = asked => {
    const reply = answerTo(asked.bytes, {
      ra: true,
      aa: true,
      answer: ['x.plain.test. 77 IN TYPE65280 \\# 6 c00c00ff1234'],
    })
    sent.push(reply)
    asked.send(reply)
  }
  const [got] = await askUdp(port, [query('x.plain.test', 'TYPE65280', { id: 0x4242 }).bytes])
  upstream.respond = answer
  assert.equal(sent.length, 1)
  assert.equal(getId(got!, 0), 0x4242)
  assert.equal(got?.subarray(2).toHex(), sent[0]?.subarray(2).toHex())
})

test('a cache hit: not asked upstream again, AA, a TTL that counts down', LIMIT, async () => {
  const ask = async () => show((await askUdp(port, [query('ttl.test').bytes]))[0]!)
  const ttl = ({ answer: [line = ''] }: { answer: readonly string[] }): number =>
    Number(line.split(' ')[1])
  const first = await ask()
  assert.deepEqual([first.flags, first.answer], ['qr rd ra', ['ttl.test. 30 IN A 198.51.100.1']])
  let hit = await ask()
  assert.equal(hit.flags, 'qr aa rd ra')
  while (ttl(hit) === 30) hit = await ask()
  // More than one second may have passed meanwhile.
  assert.ok(ttl(hit) > 0 && ttl(hit) < 30, `${ttl(hit)}`)
  assert.equal(
    upstream.asked.filter(({ bytes }) => show(bytes).question.startsWith('ttl.test. ')).length,
    1,
  )
})

test('a large answer: TC over UDP, whole over TCP', DIG, async () => {
  const cut = await dig('+ignore', '+noedns', 'large.test')
  assert.match(cut, /^;; flags: qr aa tc rd/m)
  assert.ok(Number(/MSG SIZE {2}rcvd: (\d+)/.exec(cut)?.[1]) <= 512)
  const whole = await dig('+short', 'large.test')
  assert.deepEqual(whole.trim().split('\n').sort(), [...ADDRESSES].sort())
})

for (const zone of ['plain.test', 'test'])
  test(`200 queries in one write over TCP: all answered once (${zone})`, LIMIT, async () => {
    const queries = Array.from(
      { length: 200 },
      (_, id) => query(`p${id}.${zone}`, 'A', { id }).bytes,
    )
    const answers = (await askTcp(port, queries))
      .map(bytes => show(bytes))
      .sort((a, b) => a.id - b.id)
    assert.deepEqual(
      answers.map(({ id, question, rcode }) => `${id} ${question} ${rcode}`),
      queries.map((_, id) => `${id} p${id}.${zone}. IN A NOERROR`),
    )
  })

test('/health, /ready', LIMIT, async () => {
  for (const url of [`http://127.0.0.1:${health}/health`, `http://127.0.0.1:${ready}/ready`]) {
    const response = await fetch(url)
    assert.deepEqual([response.status, await response.text()], [200, 'OK'])
  }
  assert.equal((await fetch(`http://127.0.0.1:${health}/other`)).status, 404)
})

test('metrics, as promtool reads them', PROMTOOL, async () => {
  await askUdp(port, [query('host.test').bytes])
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  assert.match(text, /^coredns_dns_requests_total\{.*\} [1-9]/m)
  const { code, out, err } = await runProgram('promtool', ['check', 'metrics'], text)
  assert.deepEqual({ code, out, err }, { code: 0, out: '', err: '' })
})

test(
  'forwarding to nsd: an unknown type, a name that is not there, an answer that needs TCP, errors without a question',
  NSD,
  async t => {
    const folder = temporaryFolder(t)
    const [at = 0] = await freePorts(1)
    const zone = [
      '$TTL 60',
      '@ SOA ns.nsd.test. h.nsd.test. 1 2 3 4 5',
      '@ NS ns',
      'ns A 192.0.2.53',
      'odd TYPE65280 \\# 3 010203',
      ...ADDRESSES.map(address => `many A ${address}`),
    ]
    writeFileSync(join(folder, 'zone'), `${zone.join('\n')}\n`)
    const config = [
      `server:\n ip-address: 127.0.0.1@${at}\n username: ""\n chroot: ""\n zonesdir: "${folder}"\n pidfile: ""`,
      ` xfrdfile: ""\n zonelistfile: "${join(folder, 'list')}"\n server-count: 1\n verbosity: 1`,
      'remote-control:\n control-enable: no\nzone:\n name: nsd.test\n zonefile: zone\n',
    ]
    writeFileSync(join(folder, 'nsd.conf'), config.join('\n'))
    const nsd = new WatchedProcess(t, 'nsd', ['-d', '-c', join(folder, 'nsd.conf')])
    await nsd.seen(/nsd started/, 'err')
    const front = await startServer(
      t,
      own => `.:${own} {\n bind 127.0.0.1\n forward . 127.0.0.1:${at}\n}\n`,
    )
    const ask = async (name: string, type: string) =>
      show((await askUdp(front.port, [query(name, type).bytes]))[0]!)
    assert.deepEqual((await ask('odd.nsd.test', 'TYPE65280')).answer, [
      'odd.nsd.test. 60 IN TYPE65280 \\# 3 010203',
    ])
    assert.equal((await ask('none.nsd.test', 'A')).rcode, 'NXDOMAIN')
    assert.match((await ask('many.nsd.test', 'A')).flags, /\btc\b/)
    const [whole] = await askTcp(front.port, [query('many.nsd.test').bytes])
    assert.equal(show(whole!).answer.length, ADDRESSES.length)
    // nsd answers these with a header alone.
    for (const options of [{ class: 2 }, { additional: ['x.nsd.test. 1 IN A 192.0.2.1'] }]) {
      const { bytes } = query('odd.nsd.test', 'A', options)
      for (const ask of [askUdp, askTcp]) {
        const { rcode, question } = show((await ask(front.port, [bytes]))[0]!)
        assert.match(`${JSON.stringify(options)} ${rcode}`, / (FORMERR|REFUSED|NOTAUTH|NOTIMP)$/)
        assert.match(question, /^odd\.nsd\.test\. /)
      }
    }
  },
)
