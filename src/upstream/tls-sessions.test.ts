import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import {
  connect,
  createServer,
  type SecureContext,
  type SecureVersion,
  type Server,
  type TLSSocket,
} from 'node:tls'
import { makeCertificate } from '../../test/fakes/fake-upstream.ts'
import { makeEndpoint } from './endpoint.ts'
import { makeSecureContext } from './secure-context.ts'
import { SocketAllowance } from './socket-allowance.ts'
import { dial } from './stream-dial.ts'
import { TlsSessions } from './tls-sessions.ts'

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}
const NAME = 'dns.example.net'

interface World {
  readonly server: Server
  /**
   * One handshake after the other, each until the server has offered a session: whether it was
   * resumed.
   */
  readonly isResumed: (serverName?: string, context?: SecureContext) => Promise<boolean>
}

const listen = async (t: TestContext, maxVersion: SecureVersion): Promise<Server> => {
  const { cert, key } = certificate!
  const sockets: TLSSocket[] = []
  const server = createServer({ cert, key, maxVersion }, socket => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    // A client of TLS 1.3 reads the sessions with the first bytes.
    socket.write('x')
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

const world = async (t: TestContext, maxVersion: SecureVersion): Promise<World> => {
  const server = await listen(t, maxVersion)
  const ours = makeSecureContext({ ca: certificate!.cert })
  const isResumed: World['isResumed'] = async (serverName = NAME, secureContext = ours) => {
    const remote = makeEndpoint('tls', '127.0.0.1', portOf(server), serverName)
    const options = { secureContext, sourceAddress: '' }
    const socket = (await dial(remote, options, new SocketAllowance(1), 2000)) as TLSSocket
    await once(socket, 'data')
    const isReused = socket.isSessionReused()
    socket.destroy()
    return isReused
  }
  return { server, isResumed }
}

/** `offered` by a server of Node's: with TLS 1.3 two, and none when one of them is used. */
for (const { version, offered } of [
  { version: 'TLSv1.2', offered: 6 },
  { version: 'TLSv1.3', offered: 2 },
] as const) {
  test(`${version}: the next connections to a server are resumed`, tlsTest, async t => {
    const { isResumed } = await world(t, version)
    assert.equal(await isResumed(), false)
    for (let count = 0; count < offered; count++) assert.equal(await isResumed(), true)
  })

  test(`${version}: a server that has forgotten makes a full handshake`, tlsTest, async t => {
    const { server, isResumed } = await world(t, version)
    await isResumed()
    server.setTicketKeys(randomBytes(48))
    assert.equal(await isResumed(), false)
    assert.equal(await isResumed(), true)
  })

  test(`${version}: another name, and other certificates, begin anew`, tlsTest, async t => {
    const { isResumed } = await world(t, version)
    await isResumed()
    assert.equal(await isResumed(''), false)
    assert.equal(await isResumed(NAME, makeSecureContext({ ca: certificate!.cert })), false)
    assert.equal(await isResumed(), true)
  })

  test(`${version}: the session of a server with a wrong name is not kept`, tlsTest, async t => {
    const { isResumed } = await world(t, version)
    for (let count = 0; count < 3; count++)
      await assert.rejects(isResumed('other.example.net'), { message: /altnames/ })
  })

  test(`${version}: a session does not outlive its certificate`, tlsTest, async t => {
    const server = await listen(t, version)
    const clock = { wallMs: () => nowMs }
    const endMs = Date.parse(new X509Certificate(certificate!.cert).validTo)
    let nowMs = endMs - 1000
    const sessions = new TlsSessions(clock)
    const secureContext = makeSecureContext({ ca: certificate!.cert })
    const remote = makeEndpoint('tls', '127.0.0.1', portOf(server), NAME)
    const isOffered = async (): Promise<boolean> => {
      let offered: Buffer | undefined
      const socket = sessions.resume(remote, session => {
        offered = session
        return connect({
          host: remote.address,
          port: remote.port,
          servername: NAME,
          secureContext,
          ...(session && { session }),
        })
      })
      await once(socket, 'data')
      socket.destroy()
      return offered !== undefined
    }
    assert.deepEqual([await isOffered(), await isOffered()], [false, true])
    nowMs = endMs
    assert.equal(await isOffered(), false)
  })
}

test(
  'TLS 1.3: each session is used once, so some dialled at a time are full handshakes',
  tlsTest,
  async t => {
    const { isResumed } = await world(t, 'TLSv1.3')
    await isResumed()
    const resumed = await Promise.all(Array.from({ length: 8 }, () => isResumed()))
    const count = resumed.filter(Boolean).length
    assert.ok(count >= 1 && count <= 4, `${count}`)
  },
)

test('a handshake that breaks with a session is a full one next time', tlsTest, async t => {
  const { server, isResumed } = await world(t, 'TLSv1.3')
  await isResumed()
  const cut = (socket: { destroy(): unknown }): void => void socket.destroy()
  server.on('connection', cut)
  await assert.rejects(isResumed())
  server.off('connection', cut)
  assert.equal(await isResumed(), false)
})
