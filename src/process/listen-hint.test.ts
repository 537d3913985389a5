import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { PortHolder } from '../net/port-holders.ts'
import { canListSockets } from '../net/proc-sockets.ts'
import { type HintMachine, listenHint } from './listen-hint.ts'

const machine = (holders: readonly PortHolder[] = [], more: Partial<HintMachine> = {}) => ({
  isLinux: true,
  program: '/opt/node/bin/node',
  unprivilegedStart: () => 1024,
  holders: () => holders,
  ...more,
})

const DENIED = 'ListenPacket: listen udp :53: bind: permission denied'
const IN_USE = 'Listen: listen tcp 127.0.0.1:53: bind: address already in use'
const ELSEWHERE = 'serve another port (-dns.port 1053, or .:1053 in the Corefile)'
const STUB_OFF =
  'set DNSStubListener=no in /etc/systemd/resolved.conf and restart systemd-resolved, or name the addresses to serve with bind in the Corefile'

const dnsmasq = { at: '0.0.0.0:53', process: { pid: 7, name: 'dnsmasq' } }
const unseen = { at: '0.0.0.0:53', process: undefined }

const hints: { rule: string; message: string; machine?: HintMachine; hint: string | undefined }[] =
  [
    {
      rule: 'a port that needs a right',
      message: DENIED,
      hint: `hint: ports below 1024 need a right: sudo setcap cap_net_bind_service=+ep /opt/node/bin/node, or sudo sysctl net.ipv4.ip_unprivileged_port_start=53, or ${ELSEWHERE}`,
    },
    {
      rule: 'a program whose path a shell would split',
      message: 'Listen: listen tcp [::1]:853: bind: permission denied',
      machine: machine([], { program: "/o'b x/node" }),
      hint: `hint: ports below 1024 need a right: sudo setcap cap_net_bind_service=+ep '/o'\\''b x/node', or sudo sysctl net.ipv4.ip_unprivileged_port_start=853, or ${ELSEWHERE}`,
    },
    {
      rule: 'another system',
      message: DENIED,
      machine: machine([], { isLinux: false }),
      hint: `hint: ports below 1024 are root's here: run it as root, or ${ELSEWHERE}`,
    },
    {
      rule: 'a port that everybody may have',
      message: DENIED,
      machine: machine([], { unprivilegedStart: () => 53 }),
      hint: undefined,
    },
    {
      rule: 'a process that is seen',
      message: IN_USE,
      machine: machine([unseen, dnsmasq]),
      hint: 'hint: 0.0.0.0:53 is held by dnsmasq (process 7)',
    },
    {
      rule: 'a process of somebody else',
      message: IN_USE,
      machine: machine([unseen]),
      hint: 'hint: 0.0.0.0:53 is held by another process: sudo ss -lntup names it',
    },
    {
      rule: 'the stub of systemd-resolved',
      message: 'ListenPacket: listen udp :53: bind: address already in use',
      machine: machine([unseen, { at: '127.0.0.54:53', process: undefined }]),
      hint: `hint: 127.0.0.54:53 is held by another process, which is systemd-resolved as a rule: ${STUB_OFF}`,
    },
    {
      rule: 'the same, seen',
      message: IN_USE,
      machine: machine([{ at: '127.0.0.53:53', process: { pid: 6, name: 'systemd-resolved' } }]),
      hint: `hint: 127.0.0.53:53 is held by systemd-resolved (process 6): ${STUB_OFF}`,
    },
    {
      rule: 'somebody else in its place',
      message: IN_USE,
      machine: machine([unseen, { ...dnsmasq, at: '127.0.0.53:53' }]),
      hint: 'hint: 127.0.0.53:53 is held by dnsmasq (process 7)',
    },
    { rule: 'nobody is seen', message: IN_USE, hint: undefined },
    { rule: 'another failure', message: 'listen tcp :53: bind: invalid argument', hint: undefined },
    { rule: 'another error', message: 'Corefile:1 - permission denied', hint: undefined },
    { rule: 'no port', message: 'listen tcp 53: bind: permission denied', hint: undefined },
  ]
for (const { rule, message, machine: where = machine(), hint } of hints)
  test(`hint: ${rule}`, () => assert.equal(listenHint(message, where), hint))

test('whoever holds a port is found', {
  skip: canListSockets() ? false : 'no /proc/self/net/udp',
}, async t => {
  const socket = createSocket('udp4')
  const server = createServer()
  t.after(() => {
    socket.close()
    server.close()
  })
  socket.bind(0, '127.0.0.2')
  await once(socket, 'listening')
  server.listen(0, '::1')
  await once(server, 'listening')
  const udp = socket.address().port
  const tcp = (server.address() as { port: number }).port
  const held = (at: string) =>
    new RegExp(`^hint: ${RegExp.escape(at)} is held by \\S.* \\(process ${process.pid}\\)$`)
  const hintOn = (place: string) =>
    listenHint(`listen ${place}: bind: address already in use`) ?? ''
  assert.match(hintOn(`udp :${udp}`), held(`127.0.0.2:${udp}`))
  assert.match(hintOn(`tcp [::1]:${tcp}`), held(`[::1]:${tcp}`))
  assert.equal(hintOn(`udp 127.0.0.1:${udp}`), '')
})
