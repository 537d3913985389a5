import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, fields, message, QUESTION, u16 } from '../../test/fakes/raw-message.ts'
import {
  areOptionsSound,
  type Edns,
  findOption,
  forEachOption,
  MAX_OPTIONS,
  makeOption,
  readEdns,
  setOptUdpSize,
} from './edns.ts'
import { readLayout } from './layout.ts'

const opt = (options: Uint8Array | string = '', ttl = '00008000', owner = '00') => {
  const rdata = typeof options === 'string' ? Uint8Array.fromHex(options) : options
  return bytesOf(owner, u16(41), u16(1232), ttl, u16(rdata.length), rdata)
}
const A = fields(1, [192, 0, 2, 1])

const read = (bytes: Uint8Array): Edns | undefined | 'malformed' => {
  const layout = readLayout(bytes)
  assert.ok(layout, 'the message is well-formed')
  return readEdns(bytes, layout)
}

const sound = (bytes: Uint8Array): Edns => {
  const edns = read(bytes)
  if (edns === undefined || edns === 'malformed') assert.fail(`edns is ${edns}`)
  return edns
}

test('readEdns: a message without OPT has none', () =>
  assert.equal(read(message({ qd: 1 }, QUESTION)), undefined))

test('readEdns: reads every field', () => {
  const bytes = message({ qd: 1, ar: 2 }, QUESTION, '00', A, opt('000300016e', '1702c001'))
  const edns = sound(bytes)
  assert.deepEqual(edns, {
    offset: 44,
    udpSize: 1232,
    version: 2,
    do: true,
    extendedRcode: 0x17,
    flags: 0xc001,
    optionsOffset: 55,
    optionsLength: 5,
  })
})

test('readEdns: Z bits are not DO', () =>
  assert.equal(sound(message({ ar: 1 }, opt('', '00007fff'))).do, false))

const many = (count: number): Uint8Array =>
  bytesOf(...Array.from({ length: count }, (_, k) => makeOption(65001 + k, Uint8Array.of(k))))

const shapes: readonly { name: string; bytes: Uint8Array; isSound: boolean }[] = [
  { name: 'one OPT, last', bytes: message({ ar: 1 }, opt()), isSound: true },
  {
    name: 'one OPT before another record',
    bytes: message({ ar: 2 }, opt(), '00', A),
    isSound: true,
  },
  { name: 'two OPTs', bytes: message({ ar: 2 }, opt(), opt()), isSound: false },
  { name: 'OPT in answer', bytes: message({ an: 1 }, opt()), isSound: false },
  { name: 'OPT in authority', bytes: message({ ns: 1 }, opt()), isSound: false },
  {
    name: 'OPT in answer and in additional',
    bytes: message({ an: 1, ar: 1 }, opt(), opt()),
    isSound: false,
  },
  {
    name: 'OPT with another owner',
    bytes: message({ qd: 1, ar: 1 }, QUESTION, opt('', '00000000', '016100')),
    isSound: false,
  },
  {
    name: 'OPT whose owner is a pointer to a root',
    bytes: message({ qd: 1, ar: 1 }, QUESTION, opt('', '00000000', 'c018')),
    isSound: false,
  },
  { name: 'an option of no bytes', bytes: message({ ar: 1 }, opt('000a0000')), isSound: true },
  { name: 'an unknown option', bytes: message({ ar: 1 }, opt('fde90002abcd')), isSound: true },
  {
    name: 'a repeated option',
    bytes: message({ ar: 1 }, opt('000300000003000100')),
    isSound: true,
  },
  { name: 'an option header cut short', bytes: message({ ar: 1 }, opt('000300')), isSound: false },
  {
    name: 'an option longer than the record',
    bytes: message({ ar: 1 }, opt('00030002aa')),
    isSound: false,
  },
  {
    name: 'an option that claims 65535 bytes',
    bytes: message({ ar: 1 }, opt('0003ffff')),
    isSound: false,
  },
  {
    name: 'a byte behind the last option',
    bytes: message({ ar: 1 }, opt('0003000000')),
    isSound: false,
  },
  { name: '99 options', bytes: message({ ar: 1 }, opt(many(MAX_OPTIONS - 1))), isSound: true },
  { name: '100 options', bytes: message({ ar: 1 }, opt(many(MAX_OPTIONS))), isSound: true },
  { name: '101 options', bytes: message({ ar: 1 }, opt(many(MAX_OPTIONS + 1))), isSound: false },
  { name: '2,000 options', bytes: message({ ar: 1 }, opt(many(2000))), isSound: false },
]
for (const c of shapes) {
  test(`readEdns: ${c.name} is ${c.isSound ? 'accepted' : 'malformed'}`, () => {
    const edns = read(c.bytes)
    assert.notEqual(edns, undefined)
    assert.equal(edns !== 'malformed', c.isSound)
  })
}

for (const version of [0, 1, 255]) {
  test(`readEdns: version ${version} is read, not judged`, () => {
    const ttl = `00${version.toString(16).padStart(2, '0')}0000`
    assert.equal(sound(message({ ar: 1 }, opt('', ttl))).version, version)
  })
}

const subnets = [
  { name: 'IPv4 /24', data: '00011800c00002', isSound: true },
  { name: 'IPv4 /0', data: '00010000', isSound: true },
  { name: 'IPv4 /32', data: '00012000c0000201', isSound: true },
  { name: 'IPv6 /56', data: '00023800' + '20010db8000000', isSound: true },
  { name: 'no family, /0', data: '00000000', isSound: true },
  { name: 'no family, /1', data: '0000010080', isSound: false },
  { name: 'family 3', data: '00030000', isSound: false },
  { name: 'IPv4 /33', data: '00012100c000020100', isSound: false },
  { name: 'IPv4 with a scope of 33', data: '00011821c00002', isSound: false },
  { name: 'IPv6 /129', data: `00028100${'00'.repeat(17)}`, isSound: false },
  { name: 'an address too short for its prefix', data: '00011800c000', isSound: false },
  { name: 'an address too long for its prefix', data: '00011800c0000201', isSound: false },
  { name: 'three bytes', data: '000100', isSound: false },
  { name: 'nothing', data: '', isSound: false },
]
for (const c of subnets) {
  test(`areOptionsSound: a client subnet of ${c.name} is ${c.isSound ? 'accepted' : 'refused'}`, () => {
    const bytes = message(
      { ar: 1 },
      opt(bytesOf(makeOption(3, new Uint8Array(0)), makeOption(8, Uint8Array.fromHex(c.data)))),
    )
    assert.equal(areOptionsSound(bytes, sound(bytes)), c.isSound)
  })
}

test('setOptUdpSize: changes the size and nothing else', () => {
  const bytes = message({ ar: 1 }, opt('000300016e'))
  const before = sound(bytes)
  setOptUdpSize(bytes, before.offset, 512)
  assert.deepEqual(sound(bytes), { ...before, udpSize: 512 })
})

test('forEachOption, findOption: give options in order, the first of several, as views', () => {
  const options = bytesOf(
    makeOption(3, Uint8Array.of(1)),
    makeOption(10, new Uint8Array(0)),
    makeOption(3, Uint8Array.of(2, 3)),
  )
  const bytes = message({ ar: 1 }, opt(options))
  const edns = sound(bytes)
  const seen: string[] = []
  forEachOption(bytes, edns, (code, data) => seen.push(`${code}:${data.toHex()}`))
  assert.deepEqual(seen, ['3:01', '10:', '3:0203'])
  assert.equal(findOption(bytes, edns, 3)?.toHex(), '01')
  assert.equal(findOption(bytes, edns, 10)?.length, 0)
  assert.equal(findOption(bytes, edns, 12), undefined)
  assert.equal(findOption(bytes, edns, 3)?.buffer, bytes.buffer)
})
