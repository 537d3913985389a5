// `shardns completion SHELL`: a script by which a shell completes what is typed behind `shardns`,
// made from what the help shows.

import { nearest } from '../corefile/diagnostics/nearest.ts'
import { PLUGIN_NAMES } from '../plugins/index.ts'
import { VERBS } from './about.ts'
import { type ShownFlag, shownFlags } from './command-line.ts'
import { runVerb } from './verb.ts'
import type { CliWorld } from './world.ts'

const EXIT_FAILURE = 1

/** What may follow a verb. */
interface Scope {
  readonly verb: string
  readonly flags: readonly ShownFlag[]
  readonly words: 'files' | readonly string[]
}

const HELP: ShownFlag = { name: 'help', short: 'h', does: 'print the usage', value: 'none' }

const wordsOf = (verb: string): Scope['words'] => {
  if (verb === 'check' || verb === 'fmt') return 'files'
  if (verb === 'completion') return Object.keys(SHELLS)
  return verb === 'help' ? [...PLUGIN_NAMES.toSorted(), ...VERBS.keys()] : []
}

const scopesOf = (world: CliWorld): Scope[] => {
  const shown: Readonly<Record<string, readonly ShownFlag[]>> = shownFlags(world)
  return [...VERBS].map(([verb, { flags = [] }]) => {
    const own = flags.map(flag => ({ short: undefined, value: 'none', ...flag }) as const)
    return { verb, flags: [...(shown[verb] ?? own), HELP], words: wordsOf(verb) }
  })
}

/** For bash and zsh. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** `-conf|--conf|-p` */
const pattern = (flags: readonly ShownFlag[]): string =>
  flags
    .flatMap(({ name, short }) => [`-${name}`, `--${name}`, ...(short ? [`-${short}`] : [])])
    .join('|')

const longNames = (flags: readonly ShownFlag[]): string =>
  flags.map(({ name }) => ` --${name}`).join('')

/** Flags of all scopes that take a value, each once. */
const takingValues = (scopes: readonly Scope[]): ShownFlag[] => {
  const flags = scopes.flatMap(scope => scope.flags).filter(({ value }) => value !== 'none')
  return [...new Map(flags.map(flag => [flag.name, flag])).values()]
}

const namesOf = ({ value }: ShownFlag): readonly string[] =>
  typeof value === 'string' ? [] : value

/** With nothing to offer, files are. A flag that begins with one dash is completed with one. */
const bash = (scopes: readonly Scope[]): string => {
  const taking = takingValues(scopes)
  const choices = taking.filter(({ value }) => typeof value !== 'string')
  const offers = choices.map(
    flag => `        ${pattern([flag])}) words=${quoted(namesOf(flag).join(' '))} ;;\n`,
  )
  const flagRow = (place: string, flags: readonly ShownFlag[]): string =>
    `        ${place}:-*) words=${quoted(longNames(flags))} ;;\n`
  const rows = scopes.map(({ verb, flags, words }) => {
    const offer = words === 'files' ? 'return' : `words=${quoted(words.join(' '))}`
    return `${flagRow(`*:${verb}`, flags)}        *:${verb}:*) ${offer} ;;\n`
  })
  const serve = scopes.filter(({ verb }) => verb === 'serve').flatMap(({ flags }) => flags)
  return `# source <(shardns completion bash)
_shardns() {
    local cur=\${COMP_WORDS[COMP_CWORD]} words=
    COMPREPLY=()
    case \${COMP_WORDS[COMP_CWORD - 1]} in
        ${pattern(taking.filter(({ value }) => value === 'path'))}) return ;;
        ${pattern(taking.filter(({ value }) => value === 'text'))}) ;;
${offers.join('')}        *) case $COMP_CWORD:\${COMP_WORDS[1]}:$cur in
${flagRow('1:*', serve)}        1:*) words=${quoted([...VERBS.keys()].join(' '))} ;;
${rows.join('')}${flagRow('*', serve)}        esac ;;
    esac
    [[ $cur == -[!-]* ]] && words=\${words// --/ -}
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _shardns shardns
`
}

/** `name:what it does` for zsh's _describe. */
const described = (name: string, does: string): string =>
  quoted(`${name.replaceAll(':', '\\:')}:${does}`)

const zsh = (scopes: readonly Scope[]): string => {
  const flagRows = (flags: readonly ShownFlag[]): string =>
    flags.map(({ name, does }) => described(`--${name}`, does)).join(' ')
  const values = takingValues(scopes).map(flag => {
    const offers = { none: '', path: '_files', text: '_message value' }
    const { value } = flag
    const offer = typeof value === 'string' ? offers[value] : `compadd -- ${value.join(' ')}`
    return `    ${pattern([flag])}) ${offer}; return ;;`
  })
  const rows = scopes.map(({ verb, flags, words }) => {
    const rest = words === 'files' ? '_files' : `compadd -- ${words.join(' ')}`
    return `    ${verb}) flags=(${flagRows(flags)}); [[ $PREFIX == -* ]] || { ${rest}; return } ;;`
  })
  const verbs = [...VERBS].map(([verb, { does }]) => described(verb, does))
  const serve = scopes.filter(({ verb }) => verb === 'serve').flatMap(({ flags }) => flags)
  return `#compdef shardns
# shardns completion zsh > "\${fpath[1]}/_shardns"
_shardns() {
  local -a flags verbs
  case $words[CURRENT-1] in
${values.join('\n')}
  esac
  verbs=(${verbs.join(' ')})
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe command verbs
    return
  fi
  case $words[2] in
${rows.join('\n')}
    *) flags=(${flagRows(serve)}) ;;
  esac
  _describe -o flag flags
}
if [[ $funcstack[1] == _shardns ]]; then _shardns "$@"; else compdef _shardns shardns; fi
`
}

const fishQuoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`

const fish = (scopes: readonly Scope[]): string => {
  const line = (...parts: string[]): string => ['complete -c shardns', ...parts].join(' ')
  const none = `-n ${quoted(`not __fish_seen_subcommand_from ${[...VERBS.keys()].join(' ')}`)}`
  const flagLines = (where: string, flags: readonly ShownFlag[]): string[] =>
    flags.map(({ name, short, does, value }) => {
      const names = [`-l ${name}`, `-o ${name}`, ...(short ? [`-s ${short}`] : [])].join(' ')
      const takes = { none: '', path: '-r -F', text: '-x' }
      const given =
        typeof value === 'string' ? takes[value] : `-x -a ${fishQuoted(value.join(' '))}`
      return line(where, names, given, '-d', fishQuoted(does))
    })
  return [
    '# shardns completion fish | source',
    line('-f'),
    ...[...VERBS].map(([verb, { does }]) => line(none, '-a', verb, '-d', fishQuoted(does))),
    ...scopes.flatMap(({ verb, flags, words }) => {
      const where = `-n '__fish_seen_subcommand_from ${verb}'`
      const offer = words === 'files' ? '-F' : `-a ${fishQuoted(words.join(' '))}`
      const bare = verb === 'serve' ? flagLines(none, flags) : []
      return [...bare, ...flagLines(where, flags), line(where, offer)]
    }),
    '',
  ].join('\n')
}

const SHELLS: Readonly<Record<string, (scopes: readonly Scope[]) => string>> = { bash, zsh, fish }

/** Resolves to the exit code. */
export const completion = (args: readonly string[], world: CliWorld): Promise<number> =>
  runVerb('completion', args, world, (_, [shell = '', ...others]) => {
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
    if (others.length > 0) {
      world.err(`extra command line arguments: [${others.join(' ')}]\n`)
      return EXIT_FAILURE
    }
    if (script === undefined) {
      const meant = nearest(shell, Object.keys(SHELLS))
      const names = Object.keys(SHELLS).join(', ')
      const asked = shell === '' ? 'no shell is named' : `no completion for '${shell}'`
      world.err(`${asked}: there is one for ${names}\n`)
      if (meant !== undefined) world.err(`did you mean '${meant}'?\n`)
      return EXIT_FAILURE
    }
    world.out(script(scopesOf(world)))
    return 0
  })
