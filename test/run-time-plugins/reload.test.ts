// A reload takes modules as they are on the disk by then, and loses no query.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GREET, greeting, mark, serving } from '../support/greeting-plugin.ts'

test('a reload takes a file that has changed, and what is broken leaves all as it was', async t => {
  const folder = greeting(t)
  const { server, ask, reload } = await serving(t, folder, ['greet hello', 'whoami'], 2)
  const says = async (text: string): Promise<void> =>
    assert.match(await ask('a.test.'), new RegExp(`^"${text}" "hello" "you" "\\d"$`))
  await says('one')
  folder.write('mark.ts', mark('two'))
  await says('one')
  await reload()
  await says('two')
  const failed = /^\[ERROR\] .*$/m
  for (const { breaks, text } of [
    {
      breaks: () => folder.write('mark.ts', 'export const mark = ('),
      text: `greet.ts cannot be loaded: ${folder.path('mark.ts')}:1: Expression expected`,
    },
    {
      breaks: () => folder.write('mark.ts', `${mark('x')}process.exit(7)`),
      text: 'greet.ts cannot be loaded: it ends the process',
    },
    {
      breaks: () => folder.write('mark.ts', `${mark('x')}await new Promise(() => {})`),
      text: 'greet.ts cannot be loaded: it does not come to an end',
    },
    { breaks: () => folder.remove('greet.ts'), text: 'greet.ts is not there' },
  ]) {
    breaks()
    assert.equal(
      await reload(failed),
      `[ERROR] Restart failed: plugin/greet: Corefile:3 - ${folder.path(text)}`,
    )
    await says('two')
  }
  folder.plugin('greet', GREET)
  folder.write('mark.ts', mark('three'))
  await reload()
  await says('three')
  assert.equal(server.out.match(/^\[ERROR\]/gm)?.length, 4)
  assert.equal(await server.stop(), 0)
})

test('reloads with another module each time lose no query', async t => {
  const folder = greeting(t)
  const { server, ask, reload } = await serving(t, folder, ['greet hello', 'whoami'], 2)
  let isOver = false
  const seen = new Set<string>()
  const asking = Array.from({ length: 4 }, async () => {
    while (!isOver) seen.add((await ask('a.test.')).split(' ')[0] ?? '')
  })
  for (let n = 0; n < 10; n++) {
    folder.write('mark.ts', mark(`m${n}`))
    await reload()
    assert.match(await ask('a.test.'), new RegExp(`^"m${n}" `))
  }
  isOver = true
  await Promise.all(asking)
  assert.ok(
    [...seen].every(text => /^"(?:one|m\d)"$/.test(text)),
    [...seen].join(),
  )
  assert.equal(await server.stop(), 0)
  assert.doesNotMatch(server.out, /ERROR/)
})

test('what is under way at SIGTERM is answered', async t => {
  const { server, ask } = await serving(t, greeting(t), ['greet hello', 'whoami'])
  const slow = ask('slow.test.')
  // Behind it on the same socket or not: it has come once this one is answered.
  await ask('a.test.')
  assert.equal(await server.stop(), 0)
  assert.match(await slow, /^"one" "hello"/)
})
