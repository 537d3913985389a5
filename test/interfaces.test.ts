// Real interfaces instead of loopback: addresses with a scope as listeners, upstreams, source
// addresses and in a resolv.conf, with both engines.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { withoutLibc } from './fakes/loopback.ts'
import {
  type Host,
  hostWithoutIpv4,
  makePair,
  withoutNamespaces,
} from './support/network-namespaces.ts'
import { runProgram, startServer, temporaryFolder, without } from './support/server-process.ts'

const LIMIT = { skip: withoutNamespaces || without('dig'), timeout: 60_000 }
const ENGINES = ['mmsg', 'dgram'] as const

/** `status` of what dig gets, and the records. */
const dig = async ({ inside }: Host, ...args: string[]): Promise<string> => {
  const [file = '', ...rest] = [...inside, 'dig', '+time=5', '+tries=1', ...args]
  const { out } = await runProgram(file, rest)
  const status = /status: (\w+)/.exec(out)?.[1] ?? 'none'
  const answer = /;; ANSWER SECTION:\n([^;]*)/.exec(out)?.[1] ?? ''
  return [status, ...answer.trim().split(/\s+/).slice(-1)].join(' ').trim()
}

/** A server of the far host, on port 53 of all its addresses. */
const serveFar = (t: TestContext, far: Host) =>
  startServer(t, () => '.:53 {\nhosts {\n192.0.2.7 far.test\n}\n}\n', { inside: far.inside })

for (const engine of ENGINES) {
  const args = ['--engine', engine]
  const limit = { ...LIMIT, skip: (engine === 'mmsg' && withoutLibc) || LIMIT.skip }

  test(
    `bind to an interface: all its addresses are served, link-local ones too: ${engine}`,
    limit,
    async t => {
      const { near, far } = makePair(t)
      const text = '.:53 {\nbind d0\nhosts {\n192.0.2.7 near.test\n}\n}\n'
      const server = await startServer(t, () => text, { inside: near.inside, workers: 2, args })
      for (const address of ['10.99.0.1', 'fd00:d::a', 'fe80::a%d1']) {
        for (const transport of ['+notcp', '+tcp'])
          assert.equal(
            await dig(far, transport, `@${address}`, 'near.test'),
            'NOERROR 192.0.2.7',
            `${address} ${transport}`,
          )
      }
      assert.equal(await server.stop(), 0)
    },
  )

  for (const bound of ['bind fe80::a%d0', '']) {
    test(`a link-local listener (${bound || 'no bind'}): ${engine}`, limit, async t => {
      const { near, far } = makePair(t)
      await startServer(t, () => `.:53 {\n${bound}\nhosts {\n192.0.2.7 near.test\n}\n}\n`, {
        inside: near.inside,
        workers: 2,
        args,
      })
      assert.equal(await dig(far, '@fe80::a%d1', 'near.test'), 'NOERROR 192.0.2.7')
    })
  }

  test(
    `an interface that is made anew is listened on after a reload: ${engine}`,
    limit,
    async t => {
      const { near, far, rejoin } = makePair(t)
      const text = (address: string): string =>
        `.:53 {\nbind fe80::a%d0 fd00:d::a\nhosts {\n${address} near.test\n}\n}\n`
      const server = await startServer(t, () => text('192.0.2.7'), {
        inside: near.inside,
        workers: 2,
        args,
      })
      assert.equal(await dig(far, '@fe80::a%d1', 'near.test'), 'NOERROR 192.0.2.7')
      rejoin()
      server.write(text('192.0.2.8'))
      server.child.kill('SIGUSR1')
      await server.seen(/Reloading complete/)
      for (const transport of ['+notcp', '+tcp']) {
        for (const address of ['fe80::a%d1', 'fd00:d::a'])
          assert.equal(
            await dig(far, transport, `@${address}`, 'near.test'),
            'NOERROR 192.0.2.8',
            `${address} ${transport}`,
          )
      }
      assert.equal(await server.stop(), 0)
    },
  )

  const forwards: { name: string; to: string; options?: string }[] = [
    { name: 'as upstream', to: 'fe80::b%d0' },
    { name: 'as upstream with a port', to: '[fe80::b%d0]:53' },
    { name: 'as upstream over TCP', to: 'fe80::b%d0', options: 'force_tcp' },
    { name: 'as source address', to: 'fe80::b%d0', options: 'source_address fe80::a%d0' },
    { name: 'in a resolv.conf', to: 'RESOLV_CONF' },
  ]
  for (const { name, to, options = '' } of forwards) {
    test(`a link-local address ${name}: ${engine}`, limit, async t => {
      const { near, far } = makePair(t)
      await serveFar(t, far)
      const resolvConf = join(temporaryFolder(t), 'resolv.conf')
      writeFileSync(resolvConf, 'nameserver fe80::b%d0\n')
      const place = to === 'RESOLV_CONF' ? resolvConf : to
      const text = `.:53 {\nbind 127.0.0.1\nerrors\nforward . ${place} {\n${options}\n}\n}\n`
      const server = await startServer(t, () => text, { inside: near.inside, workers: 2, args })
      assert.equal(await dig(near, '@127.0.0.1', 'far.test'), 'NOERROR 192.0.2.7', server.out)
    })
  }

  test(
    `an upstream behind an interface that is not there: the error names it: ${engine}`,
    limit,
    async t => {
      const { near } = makePair(t)
      const text = '.:53 {\nbind 127.0.0.1\nerrors\nforward . fe80::b%nowhere0\n}\n'
      const server = await startServer(t, () => text, { inside: near.inside, args })
      assert.equal(await dig(near, '@127.0.0.1', 'far.test'), 'SERVFAIL')
      await server.seen(
        /\[ERROR\] plugin\/errors: 2 far\.test\. A: dial udp \[fe80::b%nowhere0\]:53: connect: /,
      )
    },
  )

  test(`a host without 127.0.0.1 is served by all shards: ${engine}`, limit, async t => {
    const host = hostWithoutIpv4(t)
    const server = await startServer(t, () => '.:53 {\nhosts {\n192.0.2.7 a.test\n}\n}\n', {
      inside: host.inside,
      workers: 2,
      args,
    })
    assert.match(server.out + (await server.seen(/engine .*/))[0], /shards 2/)
    assert.doesNotMatch(server.out, /WARNING/)
    assert.equal(await dig(host, '@fd00::53', 'a.test'), 'NOERROR 192.0.2.7')
    assert.equal(await server.stop(), 0)
  })
}
