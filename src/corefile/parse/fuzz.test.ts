// Token soup: whatever is thrown at the parser, it ends, and with nothing but a CorefileError.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError, renderDiagnostic } from '../diagnostics/diagnostic.ts'
import { inspectBlocks } from '../keys.ts'
import { directivesInSetupOrder } from '../options/directive.ts'
import { checkOverlap } from '../overlap.ts'
import { configHash, type ParsedCorefile } from '../server-block.ts'
import type { Loader } from './loader.ts'
import { parseCorefile, surveyCorefile } from './parser.ts'

const FILES: Readonly<Record<string, string>> = {
  '/f/one': 'log\nerrors {\nx\n}\n',
  '/f/two': 'import one\ncache "a\nb',
  '/f/open': 'cache {\n',
}

const loader: Loader = {
  readFile: path => FILES[path] ?? assert.fail(path),
  kindOf: path => (Object.hasOwn(FILES, path) ? 'file' : path === '/f' ? 'directory' : undefined),
  listDir: path => (path === '/f' ? ['one', 'two', 'open'] : []),
}

const env = { A: 'log', B: '{', C: '}', D: 'a b', E: 'x\ny', F: 'import', G: '"' }

const WORDS =
  '. a.org b.org, { } { } ( ) (s) (t) s t log errors cache forward import import one two * t?o [a] [ \\ / .. 10.0.0.0/15 ::1/128 :53 tls://a unix://b "q r" "m\nn" " "" \\" # x#y {$A} {$B} {$C} {$D} {$E} {$F} {$G} {$} {%A%} {$X , \ufeff \u2028 \u{1f600} __proto__ constructor toString \r \x00 \x1b'.split(
    ' ',
  )

/** Mulberry32: the same soup on every run. */
const random = (start: number) => {
  let state = start
  return (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
}

const soup = (next: (limit: number) => number): string => {
  const separators = [' ', ' ', '\n', '\n', '']
  const parts = next(2) === 0 ? ['(s) {\nlog\ncache {\nx\n}\n}\n. {\n'] : []
  for (let count = 1 + next(30); count > 0; count--) {
    parts.push(WORDS[next(WORDS.length)] ?? '', separators[next(separators.length)] ?? '')
  }
  return parts.join('')
}

/** Reads every directive as a plugin of the usual shape would. */
const walk = (parsed: ParsedCorefile): void => {
  const inspected = inspectBlocks(parsed.blocks, { defaultPort: 53 })
  for (const { directive: d } of directivesInSetupOrder(inspected)) {
    let steps = 0
    while (d.next()) {
      d.remainingArgs()
      while (d.nextBlock()) {
        d.remainingTokens()
        assert.ok(++steps < 1000, 'the walk does not end')
      }
    }
    assert.equal(d.argErr() instanceof CorefileError, true)
  }
  checkOverlap(
    inspected.flatMap(({ sites }) =>
      sites.map(site => ({ site, bindAddresses: undefined, hasView: false })),
    ),
  )
}

for (const start of [1, 2, 3, 4])
  test(`token soup ${start} ends, with a CorefileError at most`, () => {
    const next = random(start)
    let parsedCount = 0
    for (let round = 0; round < 4000; round++) {
      const text = soup(next)
      try {
        const parsed = parseCorefile({ text, file: 'Corefile', baseDir: '/f' }, loader, env)
        parsedCount++
        assert.match(configHash(parsed), /^[0-9a-f]{128}$/)
        walk(parsed)
      } catch (error) {
        assert.ok(error instanceof CorefileError, `${JSON.stringify(text)}: ${error}`)
        assert.ok(renderDiagnostic(error.toDiagnostic(), new Map([['Corefile', text]])).length > 0)
      }
    }
    assert.ok(parsedCount > 100, 'the soup is too bad to test anything')
  })

/** The error that ends the parse, undefined if it reaches the end. */
const firstError = (text: string): CorefileError | undefined => {
  try {
    parseCorefile({ text, file: 'Corefile', baseDir: '/f' }, loader, env)
    return undefined
  } catch (error) {
    return error instanceof CorefileError ? error : assert.fail(`${JSON.stringify(text)}: ${error}`)
  }
}

for (const start of [5, 6])
  test(`token soup ${start}: the survey of all errors ends, and finds the same first one`, () => {
    const next = random(start)
    for (let round = 0; round < 4000; round++) {
      const text = soup(next)
      const { parsed, errors } = surveyCorefile(
        { text, file: 'Corefile', baseDir: '/f' },
        loader,
        env,
      )
      assert.equal(errors[0]?.message, firstError(text)?.message, JSON.stringify(text))
      const found: CorefileError[] = []
      inspectBlocks(parsed.blocks, { defaultPort: 53 }, error => found.push(error))
      for (const error of [...errors, ...found])
        renderDiagnostic(error.toDiagnostic(), parsed.files)
    }
  })
