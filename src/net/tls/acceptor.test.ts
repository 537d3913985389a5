import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, createServer, connect as tcpConnect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { type Certificates, makeCertificates, type Pair } from '../../../test/fakes/certificates.ts'
import type { ClientAuth, TlsServing } from '../../chain/listening.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import { Acceptor, chooseServing } from './acceptor.ts'

const made = makeCertificates()
const withCertificates = { skip: made === undefined && 'openssl is missing' }
const certificates = made as Certificates

const serving = (pair: Pair, more: Partial<TlsServing> = {}): TlsServing => ({
  identity: 'one',
  version: 1,
  material: pair,
  names: [],
  clientAuth: 'nocert',
  keylog: '',
  ticketKeys: new Uint8Array(48).fill(7),
  ...more,
})

interface Listening {
  acceptor: Acceptor
  readonly port: number
  /** How the handshakes have ended. */
  readonly outcomes: HandshakeOutcome[]
  readonly reasons: string[]
  /** Resolves with the next server side of a connection. */
  next(): Promise<TLSSocket>
}

/** Accepts, and echoes what comes. */
const listen = async (t: TestContext, ...servings: TlsServing[]): Promise<Listening> => {
  const outcomes: HandshakeOutcome[] = []
  const reasons: string[] = []
  const fresh = (): PromiseWithResolvers<TLSSocket> => {
    const next = Promise.withResolvers<TLSSocket>()
    // Not every test waits for the server's side.
    next.promise.catch(() => {})
    return next
  }
  let told = fresh()
  const listening = {
    acceptor: new Acceptor(servings, ['dot']),
    port: 0,
    outcomes,
    reasons,
    next: () => told.promise,
  }
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, raw => {
    raw.on('error', () => {})
    listening.acceptor.begin(raw, {
      secured(socket, outcome) {
        outcomes.push(outcome)
        socket.on('error', () => {})
        socket.on('data', chunk => socket.write(chunk))
        socket.on('end', () => socket.end())
        socket.resume()
        told.resolve(socket)
        told = fresh()
      },
      failed(outcome, why) {
        outcomes.push(outcome)
        reasons.push(why)
        told.reject(new Error(why))
        told = fresh()
      },
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return Object.assign(listening, { port: (server.address() as AddressInfo).port })
}

const authority = certificates?.authority.cert

interface Asked {
  readonly socket: TLSSocket
  /** Common name of the certificate that was shown. */
  readonly name: string
  /** What TLS 1.3 gives after the handshake, or TLS 1.2 in it. */
  readonly session: Buffer | undefined
}

/** A handshake and an echo. Rejects if either fails. */
const ask = async (port: number, options: ConnectionOptions = {}): Promise<Asked> => {
  const socket = connect({ host: '127.0.0.1', port, ca: authority, ...options })
  try {
    let session: Buffer | undefined
    socket.on('session', given => {
      session = given
    })
    const failure = once(socket, 'close').then(() => Promise.reject(new Error('closed')))
    failure.catch(() => {})
    await Promise.race([once(socket, 'secureConnect'), failure])
    socket.write('hello')
    const [echo] = (await Promise.race([once(socket, 'data'), failure])) as [Buffer]
    assert.equal(String(echo), 'hello')
    const name = String(socket.getPeerCertificate().subject?.CN)
    return { socket, name, session: session ?? socket.getSession() }
  } finally {
    socket.on('error', () => {})
    socket.end()
  }
}

test('accepts, agrees on dot or on nothing, and echoes', withCertificates, async t => {
  const { port, outcomes, next } = await listen(t, serving(certificates.server))
  for (const [offered, agreed] of [
    [undefined, false],
    [['dot'], 'dot'],
    [['h2', 'dot'], 'dot'],
  ] as const) {
    const accepted = next()
    await ask(port, offered === undefined ? {} : { ALPNProtocols: [...offered] })
    assert.equal((await accepted).alpnProtocol, agreed)
  }
  assert.deepEqual(outcomes, ['full', 'full', 'full'])
})

const refused: { name: string; options: ConnectionOptions; reason: RegExp }[] = [
  {
    name: 'only protocols that are not ours',
    options: { ALPNProtocols: ['h2'] },
    reason: /no application protocol/i,
  },
  {
    name: 'nothing newer than TLS 1.1',
    options: { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    reason: /unsupported protocol/i,
  },
]
for (const { name, options, reason } of refused)
  test(`refuses a client that offers ${name}`, withCertificates, async t => {
    const { port, outcomes, reasons } = await listen(t, serving(certificates.server))
    await assert.rejects(ask(port, options))
    assert.deepEqual(outcomes, ['error'])
    assert.match(reasons.join(), reason)
  })

test('a client that leaves in the handshake is one failure', withCertificates, async t => {
  const { port, outcomes, reasons, next } = await listen(t, serving(certificates.server))
  const failed = next()
  tcpConnect(port, '127.0.0.1').end('\x16\x03\x01')
  await assert.rejects(failed)
  assert.deepEqual([outcomes, reasons], [['error'], ['the client left']])
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(
    `${maxVersion}: a session is resumed, by another acceptor with the same keys, too`,
    withCertificates,
    async t => {
      const listening = await listen(t, serving(certificates.server))
      const { session } = await ask(listening.port, { maxVersion })
      listening.acceptor = new Acceptor([serving(certificates.server)], ['dot'])
      await ask(listening.port, { maxVersion, session })
      assert.deepEqual(listening.outcomes, ['full', 'resumed'])
    },
  )

  test(
    `${maxVersion}: a session does not outlive the keys of its certificate`,
    withCertificates,
    async t => {
      const listening = await listen(t, serving(certificates.server))
      const { session } = await ask(listening.port, { maxVersion })
      const ticketKeys = new Uint8Array(48).fill(8)
      listening.acceptor = new Acceptor([serving(certificates.server, { ticketKeys })], ['dot'])
      await ask(listening.port, { maxVersion, session })
      assert.deepEqual(listening.outcomes, ['full', 'full'])
    },
  )
}

const NO = 'no_certificate'
const BAD = 'refused_certificate'
/** For no certificate, one that no authority has signed, an expired one, a good one. */
const matrix: Record<ClientAuth, readonly HandshakeOutcome[]> = {
  nocert: ['full', 'full', 'full', 'full'],
  request: ['full', 'full', 'full', 'full'],
  require: [NO, 'full', 'full', 'full'],
  verify_if_given: ['full', BAD, BAD, 'full'],
  require_and_verify: [NO, BAD, BAD, 'full'],
}
for (const clientAuth of Object.keys(matrix) as ClientAuth[])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`client_auth ${clientAuth}, ${maxVersion}`, withCertificates, async t => {
      const material = { ...certificates.server, ca: certificates.authority.cert }
      const { port, outcomes } = await listen(t, serving(material, { clientAuth }))
      const clients = [
        undefined,
        certificates.otherAuthority,
        certificates.expired,
        certificates.client,
      ]
      for (const [index, pair] of clients.entries()) {
        const asked = ask(port, { maxVersion, ...pair })
        if (matrix[clientAuth][index] === 'full') await asked
        else await assert.rejects(asked)
      }
      assert.deepEqual(outcomes, matrix[clientAuth])
    })

test(
  'the certificate is chosen by the name that the client asks for',
  withCertificates,
  async t => {
    const { port } = await listen(
      t,
      serving(certificates.server),
      serving(certificates.named, { identity: 'two', names: ['api.example.net'] }),
    )
    for (const [servername, name] of [
      ['api.example.net', 'named'],
      ['API.Example.NET', 'named'],
      ['other.example.net', 'server'],
      ['', 'server'],
    ] as const) {
      const asked = await ask(port, { servername, checkServerIdentity: () => undefined })
      assert.equal(asked.name, name, servername)
    }
  },
)

test(
  'no session is resumed under another name where clients prove who they are',
  withCertificates,
  async t => {
    const { port, outcomes } = await listen(
      t,
      serving(certificates.server),
      serving({ ...certificates.named, ca: certificates.authority.cert } as Pair, {
        identity: 'two',
        names: ['api.example.net'],
        clientAuth: 'require_and_verify',
      }),
    )
    const { session } = await ask(port)
    await assert.rejects(
      ask(port, { session, servername: 'api.example.net', checkServerIdentity: () => undefined }),
    )
    assert.deepEqual(outcomes, ['full', 'no_certificate'])
  },
)

const named = (identity: string, ...names: string[]): TlsServing =>
  serving({ cert: '', key: '' }, { identity, names })
const chosen: { name: string; asked: string; expected: string }[] = [
  { name: 'no name', asked: '', expected: 'first' },
  { name: 'an exact one', asked: 'b.example', expected: 'exact' },
  { name: 'an exact one before a wildcard', asked: 'x.example', expected: 'x' },
  { name: 'a wildcard', asked: 'y.example', expected: 'wild' },
  { name: 'two labels below a wildcard', asked: 'z.y.example', expected: 'first' },
  { name: 'the wildcard itself', asked: '*.example', expected: 'wild' },
  { name: 'with a dot at its end', asked: 'B.example.', expected: 'exact' },
  { name: 'an unknown one', asked: 'c.test', expected: 'first' },
]
for (const { name, asked, expected } of chosen)
  test(`the name of a client: ${name}`, () => {
    const servings = [
      named('first'),
      named('exact', 'b.example'),
      named('wild', '*.example'),
      named('x', 'x.example'),
    ]
    assert.equal(chooseServing(servings, asked).identity, expected)
  })

test(
  'keylog: secrets are appended to a file that only its owner reads',
  withCertificates,
  async t => {
    const folder = mkdtempSync(join(tmpdir(), 'keylog-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const keylog = join(folder, 'secrets')
    const { port } = await listen(t, serving(certificates.server, { keylog }))
    await ask(port)
    assert.match(
      readFileSync(keylog, 'utf8'),
      /^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]+ [0-9a-f]+$/m,
    )
    assert.equal(statSync(keylog).mode & 0o777, 0o600)
  },
)

test('material that does not fit is an error', withCertificates, () => {
  const { cert } = certificates.server
  const { key } = certificates.client
  assert.throws(() => new Acceptor([serving({ cert, key })], ['dot']), /mismatch/i)
})
