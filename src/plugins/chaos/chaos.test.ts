import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { chain, parseError, query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { CLASS_CH } from '../../wire/rrtypes.ts'
import { chaos } from './index.ts'

const LONG = 'x'.repeat(300)
const cut = `"${'x'.repeat(255)}"`

const answers: { rule: string; text: string; name: string; txt: string[] }[] = [
  { rule: 'what this program is', text: 'chaos', name: 'version.bind.', txt: ['"shardns test"'] },
  { rule: 'the same', text: 'chaos', name: 'version.server.', txt: ['"shardns test"'] },
  { rule: 'VERSION', text: 'chaos "Two Words"', name: 'version.bind.', txt: ['"Two Words"'] },
  { rule: 'an empty VERSION', text: 'chaos ""', name: 'version.bind.', txt: ['""'] },
  { rule: 'a long VERSION', text: `chaos ${LONG}`, name: 'version.bind.', txt: [cut] },
  { rule: 'a long one before authors', text: `chaos ${LONG} a`, name: 'version.bind.', txt: [cut] },
  { rule: 'the machine', text: 'chaos', name: 'hostname.bind.', txt: [`"${hostname()}"`] },
  { rule: 'the machine again', text: 'chaos v a', name: 'id.server.', txt: [`"${hostname()}"`] },
  {
    rule: 'nobody in particular',
    text: 'chaos v',
    name: 'authors.bind.',
    txt: ['"the authors of shardns"'],
  },
  {
    rule: 'AUTHORS, each once',
    text: `chaos v "Jane Doe" b "Jane Doe" ${LONG}`,
    name: 'authors.bind.',
    txt: ['"Jane Doe"', '"b"', cut],
  },
  {
    rule: 'the first directive counts',
    text: 'chaos one\nchaos two',
    name: 'version.bind.',
    txt: ['"one"'],
  },
]
for (const { rule, text, name, txt } of answers)
  test(`chaos answers ${name} with ${rule}: ${text.split('\n', 1)}`, async () => {
    const control = { process: { version: 'shardns test' } }
    const { handle } = await chain(chaos, text, { control })
    const asked = name.toUpperCase()
    const reply = show(await handle(query(asked, 'TXT', { class: CLASS_CH })))
    assert.equal(reply.flags, 'qr rd')
    assert.deepEqual(
      reply.answer,
      txt.map(strings => `${asked} 0 CH TXT ${strings}`),
    )
  })

const others = [
  { name: 'version.bind.', type: 'TXT', class: 1 },
  { name: 'version.bind.', type: 'TXT', class: 255 },
  { name: 'version.bind.', type: 'A', class: CLASS_CH },
  { name: 'x.version.bind.', type: 'TXT', class: CLASS_CH },
  { name: 'bind.', type: 'TXT', class: CLASS_CH },
]
for (const { name, type, class: cls } of others)
  test(`chaos passes on ${name} ${type} of class ${cls}`, async () => {
    const { handle } = await chain(chaos, 'chaos', {
      next: request => replyTo(request, { rcode: 'NXDOMAIN' }),
    })
    assert.equal(show(await handle(query(name, type, { class: cls }))).rcode, 'NXDOMAIN')
  })

test('chaos has no options', () =>
  assert.equal(
    parseError(chaos, 'chaos v {\nx\n}'),
    "Corefile:3 - Error during parsing: unknown property 'x'",
  ))
