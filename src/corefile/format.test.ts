import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CorefileError } from './diagnostics/diagnostic.ts'
import { startsNewLine, type Token } from './diagnostics/span.ts'
import { formatCorefile } from './format.ts'
import { lex } from './parse/lexer.ts'
import type { Loader } from './parse/loader.ts'
import { parseCorefile } from './parse/parser.ts'
import { configJson, type ParsedCorefile } from './server-block.ts'

const LIMIT = 1 << 20
const format = (text: string, limit = LIMIT): string =>
  formatCorefile({ text, name: 'Corefile', limit })

const layouts: { rule: string; text: string; formatted?: string }[] = [
  { rule: 'nothing stays nothing', text: ' \n\n\t', formatted: '' },
  { rule: 'four spaces a level', text: '.:53 {\n\terrors\n  cache 30 {\nsuccess 5\n }\n}\n', formatted: '.:53 {\n    errors\n    cache 30 {\n        success 5\n    }\n}\n' }, // biome-ignore format: a table
  { rule: 'one blank between words', text: '.  {\n log   .\t "a  b"\n}', formatted: '. {\n    log . "a  b"\n}\n' }, // biome-ignore format: a table
  { rule: 'a line end at the end, no blank at the end of a line', text: '. { \n} ', formatted: '. {\n}\n' }, // biome-ignore format: a table
  { rule: 'carriage returns and the byte order mark vanish', text: '\ufeff. {\r\n  log\r\n}\r\n', formatted: '. {\n    log\n}\n' }, // biome-ignore format: a table
  { rule: 'a carriage return in a word vanishes', text: 'a\rb.org {\n}', formatted: 'ab.org {\n}\n' }, // biome-ignore format: a table
  { rule: 'a character that would be a byte order mark stays one', text: ' \ufeffa {\n}\n', formatted: '\ufeff\ufeffa {\n}\n' }, // biome-ignore format: a table
  { rule: 'one empty line of several', text: '\n\n. {\n\n\n  log\n \n\n  errors\n\n}\n\n\n. {\n}\n\n', formatted: '. {\n    log\n\n    errors\n}\n\n. {\n}\n' }, // biome-ignore format: a table
  { rule: 'comments stay behind words and between lines', text: '#  head \n\n. {   # block\n # log\n  log   # it\n\n\n# end\n}  # done\n#last', formatted: '#  head\n\n. { # block\n    # log\n    log # it\n\n    # end\n} # done\n#last\n' }, // biome-ignore format: a table
  { rule: 'a comment on the first line', text: '# a\n. {\n}\n' },
  { rule: 'comments alone', text: '\n  # a\n\n\n\t# b', formatted: '# a\n\n# b\n' },
  { rule: 'a # in a word', text: '. {\n log#x y "a"#z\n}', formatted: '. {\n    log#x y "a" #z\n}\n' }, // biome-ignore format: a table
  { rule: 'a quoted string over lines', text: '. {\n log  "a\r\n\t  b"   c\n  errors\n}', formatted: '. {\n    log "a\r\n\t  b" c\n    errors\n}\n' }, // biome-ignore format: a table
  { rule: 'escapes, and quotes side by side', text: '. {\nlog "a\\"b\\d""c"d\n}', formatted: '. {\n    log "a\\"b\\d" "c" d\n}\n' }, // biome-ignore format: a table
  { rule: 'a backslash ends no line', text: '. {\nlog a\\\nerrors\n}', formatted: '. {\n    log a\\\n    errors\n}\n' }, // biome-ignore format: a table
  { rule: 'variables', text: '{$ZONE}:{%PORT%}  {\n{$DIRECTIVE}   {$A}\n}', formatted: '{$ZONE}:{%PORT%} {\n    {$DIRECTIVE} {$A}\n}\n' }, // biome-ignore format: a table
  { rule: 'keys with commas, over lines', text: 'a.org,b.org  c.org,\n   d.org,\n\n e.org {\n}', formatted: 'a.org,b.org c.org,\nd.org,\n\ne.org {\n}\n' }, // biome-ignore format: a table
  { rule: 'the brace of a block comes up to its last key', text: '. \n\n{\nlog\n}\na,\nb\n{\n}\n(s)\n{\n}', formatted: '. {\n    log\n}\na,\nb {\n}\n(s) {\n}\n' }, // biome-ignore format: a table
  { rule: 'but not over a comment', text: '. # a\n{\n}\nb\n# c\n{\n}', formatted: '. # a\n{\n}\nb\n# c\n{\n}\n' }, // biome-ignore format: a table
  { rule: 'a brace on a line of its own is another word to a directive', text: '. {\n cache\n {\n success 1\n }\n}', formatted: '. {\n    cache\n    {\n        success 1\n    }\n}\n' }, // biome-ignore format: a table
  { rule: 'a block without braces', text: ' .:53\n log\n cache {\n success 1\n }\n health\n {\n }', formatted: '.:53\nlog\ncache {\n    success 1\n}\nhealth\n{\n}\n' }, // biome-ignore format: a table
  { rule: 'an import outside of blocks may bring the keys', text: 'import a\n{\n}\n' },
  { rule: 'after an import outside of blocks it is not known what is a key', text: 'import a\nb\n{\n} c\n', formatted: 'import a\nb\n{\n} c\n' }, // biome-ignore format: a table
  { rule: 'nor after a variable that may bring a comma', text: '{$KEYS}\nb\n{\n}', formatted: '{$KEYS}\nb\n{\n}\n' }, // biome-ignore format: a table
  { rule: 'snippets and imports', text: '(s) {\nlog\n}\n. {\n import  s\n import ../x/*.conf\n}', formatted: '(s) {\n    log\n}\n. {\n    import s\n    import ../x/*.conf\n}\n' }, // biome-ignore format: a table
  { rule: 'a block on one line', text: '. { log }', formatted: '. {\n    log\n}\n' },
  { rule: 'blocks on one line', text: '(s) { log } a { import s } b { cache { success 1 } log } # x', formatted: '(s) {\n    log\n}\na {\n    import s\n}\nb {\n    cache {\n        success 1\n    } log\n} # x\n' }, // biome-ignore format: a table
  { rule: 'no import is made of a word', text: '. { cache { import s\n}\n} import a\n', formatted: '. {\n    cache { import s\n    }\n} import a\n' }, // biome-ignore format: a table
]
for (const { rule, text, formatted = text } of layouts)
  test(`layout: ${rule}`, () => {
    assert.equal(format(text), formatted)
    assert.equal(format(formatted), formatted)
  })

const refused: { rule: string; text: string; place: string; message: RegExp }[] = [
  { rule: 'a quote', text: '. {\n log "a\n}\n', place: '2:6', message: /quote is never closed/ },
  { rule: 'a quote at the end', text: '. {\n}\n"', place: '3:1', message: /quote is never closed/ },
  { rule: 'a quote and a backslash', text: 'a\n # "\n  "\\', place: '3:3', message: /quote is/ },
  { rule: 'a brace', text: '. {\n log {\n}\n', place: '1:3', message: /'\{' is never closed/ },
  { rule: 'a brace too many', text: '. {\n}\n }', place: '3:2', message: /'\}' closes nothing/ },
  { rule: 'what was no UTF-8', text: '\ufeffa\n b\ufffd {\n}', place: '2:3', message: /not UTF-8/ },
]
for (const { rule, text, place, message } of refused)
  test(`refuses: ${rule}`, () =>
    assert.throws(
      () => format(text),
      (error: unknown) =>
        error instanceof CorefileError &&
        message.test(error.message) &&
        `${error.span?.line}:${error.span?.column}` === place,
    ))

test('refuses: more indentation than the limit, before it is made', () => {
  const deep = `${'{\n'.repeat(200_000)}${'}\n'.repeat(200_000)}`
  assert.throws(() => format(deep), /: formatted, it is longer than 1048576 characters$/)
  assert.equal(format('. {\n}', 6), '. {\n}\n')
  assert.throws(() => format('. {\n}', 5), /longer than 5 characters$/)
})

const words = (text: string): Token[] => lex({ text, name: 'Corefile', file: '' })
const texts = (tokens: readonly Token[]): string[] => tokens.map(({ text }) => text)

const nothing: Loader = {
  readFile: () => 'log x\nerrors\n',
  kindOf: path => (path.endsWith('/') || path.endsWith('..') ? 'directory' : 'file'),
  listDir: () => ['one'],
}
const env = { A: 'log', B: 'a.org,', D: 'a b', F: 'import', UPSTREAM: '192.0.2.1' }

/** Undefined for what CoreDNS refuses. */
const parse = (text: string): ParsedCorefile | undefined => {
  try {
    return parseCorefile({ text, file: 'Corefile', baseDir: '/f' }, nothing, env)
  } catch (error) {
    if (error instanceof CorefileError) return undefined
    throw error
  }
}

/** What a plugin's reader sees of its words: where lines begin, but beside braces. */
const linesOf = ({ blocks }: ParsedCorefile) =>
  blocks.map(({ directives, occurrences, isBraced }) => ({
    isBraced,
    occurrences,
    lines: [...directives].map(([name, tokens]) => [
      name,
      tokens.map((token, index) => {
        const before = tokens[index - 1]
        const isBesideBrace = before?.text === '{' || token.text === '}'
        return isBesideBrace || startsNewLine(before, token)
      }),
    ]),
  }))

const withoutLines = (parsed: ParsedCorefile): string =>
  configJson(parsed).replaceAll(/"Line":\d+/g, '')

/** False where there is nothing to compare. */
const holds = (text: string): boolean => {
  let formatted: string
  try {
    formatted = format(text)
  } catch (error) {
    assert.ok(error instanceof CorefileError && error.span !== undefined, JSON.stringify(text))
    return false
  }
  const shown = JSON.stringify([text, formatted])
  assert.deepEqual(texts(words(formatted)), texts(words(text)), shown)
  assert.equal(format(formatted), formatted, shown)
  // What is in quotes may be anything.
  if (!text.includes('"')) assert.doesNotMatch(formatted, /^\n|\n\n\n|\n\n$|[ \t]\n/, shown)
  const before = parse(text)
  if (before === undefined) return false
  const after = parse(formatted)
  assert.ok(after, shown)
  assert.equal(withoutLines(after), withoutLines(before), shown)
  assert.deepEqual(linesOf(after), linesOf(before), shown)
  return true
}

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

test('every Corefile of this repository means the same when it is formatted', () => {
  const paths = globSync('{Corefile,{test,bench,docs}/**/*Corefile*}', { cwd: ROOT })
  const isFile = (path: string) => !/\.(?:ts|md)$/.test(path)
  const compared = paths.filter(path => isFile(path) && holds(read(path)))
  assert.ok(compared.length > 100, `${compared.length} of ${paths.length}`)
})

test('Corefiles that are shown to people are formatted', () => {
  const pages = globSync(['*.md', '{docs,src}/**/*.md'], { cwd: ROOT })
  const shown = pages.flatMap(path =>
    [...read(path).matchAll(/^```corefile\n([\s\S]*?)^```/gm)].map(([, text = '']) => text),
  )
  assert.ok(shown.length > 50)
  for (const text of [read('Corefile'), ...shown]) assert.equal(format(text), text)
})

/** Mulberry32: the same text on every run. */
const random = (start: number) => {
  let state = start
  return (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
}

const WORDS =
  '. a.org b.org, (s) (t) s import one log errors cache forward "q  r" "m\nn" "" "{" "}" \\" \\ # #x x#y {$A} {$B} {$D} {$F} {$U} {%A%} , \ufeff \u2028 \r {x} }} log{'.split(
    ' ',
  )
const SEPARATORS = [' ', ' ', ' ', '\n', '\n', '\n\n\n', '\t', '\r\n', ' # c " {\n', '\n# c\n', '']

/** Words, and blocks of words, on any number of lines. */
const soup = (next: (limit: number) => number, depth = 0): string => {
  const parts: string[] = []
  for (let count = next(depth === 0 ? 9 : 6); count >= 0; count--) {
    const isBlock = depth < 3 && next(3) === 0
    parts.push(isBlock ? `{${gap(next)}${soup(next, depth + 1)}${gap(next)}}` : word(next))
    parts.push(SEPARATORS[next(SEPARATORS.length)] ?? '')
  }
  return parts.join('')
}
const gap = (next: (limit: number) => number): string =>
  SEPARATORS[next(SEPARATORS.length - 1)] ?? ' '
const word = (next: (limit: number) => number): string => WORDS[next(WORDS.length)] ?? ''

/** What CoreDNS would take, in any layout. */
const corefile = (next: (limit: number) => number): string => {
  const space = () => gap(next)
  const line = () => ['\n', '\n\n\n', '\r\n', ' # c\n', '\n # c "\n'][next(5)] ?? '\n'
  const directive = (): string => {
    const name = ['log', 'errors', 'cache', '{$A}', 'health#x'][next(5)]
    const argument = [' a', '\t"b  c"', ' "m\nn"', ' {$D}', '', ''][next(6)]
    const block = ['', '', ` {${space()}x 1${line()}y${line()}}`, ' {}x', ' {\n} log'][next(5)]
    return `${name}${argument}${block}`
  }
  const body = () => Array.from({ length: next(4) }, () => `${directive()}${line()}`).join('')
  const key = () =>
    ['.', 'a.org', '(s)', 'a,b.org c.org', 'a.org,\nb.org', 'a.org, # x\n\nb'][next(6)]
  const block = () => `${key()}${next(4) === 0 ? line() : ' '}{${space()}${body()}}${space()}`
  const head = next(6) === 0 ? 'import one\n' : ''
  const tail = next(4) === 0 ? `.:53${line()}${body()}` : ''
  return `${head}${Array.from({ length: next(3) }, block).join('')}${tail}`
}

for (const [rule, make, least] of [
  ['soup', soup, 200],
  ['well-formed texts', corefile, 2000],
] as const)
  test(`formatted, ${rule} mean the same`, () => {
    const next = random(7)
    let compared = 0
    for (let round = 0; round < 6000; round++) if (holds(make(next))) compared++
    assert.ok(compared > least, `${compared} texts were compared`)
  })
