import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IpAddress, ipToText, parseIp } from '../../base/ip.ts'
import { ProxySessions } from './sessions.ts'

const ip = (text: string): IpAddress => parseIp(text) ?? assert.fail(text)
const client = (text: string, port = 1000) => ({ ip: ip(text), port })

/** Whom the sessions know. */
const known = (sessions: ProxySessions, sender: string, port: number, nowMs: number): string => {
  const found = sessions.find(ip(sender), port, nowMs)
  return found === undefined ? 'nobody' : `${ipToText(found.ip.bytes)} ${found.port}`
}

test('a sender is an address with its port', () => {
  const sessions = new ProxySessions(1000, 10)
  sessions.remember(ip('10.0.0.1'), 5, client('192.0.2.1'), 0)
  sessions.remember(ip('10.0.0.1'), 6, client('192.0.2.2'), 0)
  sessions.remember(ip('10.0.0.2'), 5, client('192.0.2.3'), 0)
  sessions.remember(ip('2001:db8::1'), 5, client('2001:db8::99'), 0)
  assert.deepEqual(
    [
      known(sessions, '10.0.0.1', 5, 1),
      known(sessions, '10.0.0.1', 6, 1),
      known(sessions, '10.0.0.2', 5, 1),
      known(sessions, '10.0.0.2', 6, 1),
      known(sessions, '2001:db8::1', 5, 1),
      known(sessions, '2001:db8::1', 6, 1),
    ],
    ['192.0.2.1 1000', '192.0.2.2 1000', '192.0.2.3 1000', 'nobody', '2001:db8::99 1000', 'nobody'],
  )
})

test('the last header counts, and what it named is copied', () => {
  const sessions = new ProxySessions(1000, 10)
  const named = client('192.0.2.1')
  sessions.remember(ip('10.0.0.1'), 5, named, 0)
  named.ip.bytes[3] = 9
  assert.equal(known(sessions, '10.0.0.1', 5, 1), '192.0.2.1 1000')
  sessions.remember(ip('10.0.0.1'), 5, client('192.0.2.7', 7), 0)
  assert.equal(known(sessions, '10.0.0.1', 5, 1), '192.0.2.7 7')
  assert.equal(sessions.size, 1)
})

test('a session ends a while after its last datagram', () => {
  const sessions = new ProxySessions(1000, 10)
  sessions.remember(ip('10.0.0.1'), 5, client('192.0.2.1'), 0)
  assert.equal(known(sessions, '10.0.0.1', 5, 999), '192.0.2.1 1000')
  assert.equal(known(sessions, '10.0.0.1', 5, 1998), '192.0.2.1 1000')
  assert.equal(known(sessions, '10.0.0.1', 5, 2998), 'nobody')
  assert.equal(sessions.size, 0)
})

test('of too many, the one that was used least recently is forgotten', () => {
  const sessions = new ProxySessions(1000, 3)
  for (let port = 1; port <= 3; port++)
    sessions.remember(ip('10.0.0.1'), port, client(`192.0.2.${port}`), 0)
  known(sessions, '10.0.0.1', 1, 1)
  sessions.remember(ip('10.0.0.1'), 3, client('192.0.2.3'), 2)
  for (const port of [4, 5]) {
    sessions.remember(ip('10.0.0.1'), port, client(`192.0.2.${port}`), 3)
    assert.equal(sessions.size, 3)
  }
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(port => known(sessions, '10.0.0.1', port, 4)),
    ['nobody', 'nobody', '192.0.2.3 1000', '192.0.2.4 1000', '192.0.2.5 1000'],
  )
})

test('a single one', () => {
  const sessions = new ProxySessions(1000, 1)
  sessions.remember(ip('10.0.0.1'), 1, client('192.0.2.1'), 0)
  sessions.remember(ip('10.0.0.1'), 2, client('192.0.2.2'), 0)
  assert.equal(known(sessions, '10.0.0.1', 1, 1), 'nobody')
  assert.equal(known(sessions, '10.0.0.1', 2, 1), '192.0.2.2 1000')
})
