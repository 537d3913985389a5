// The command line: CoreDNS's flags in Go's style, our own beside them, and the sub-commands. The
// only importer of commander; what the commands do stands in commands/.

import { existsSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { formatSize, parseSize } from '../base/text/sizes.ts'
import { nearest } from '../corefile/diagnostics/nearest.ts'
import { STEERINGS } from '../net/mmsg/steering.ts'
import type { MachineShare } from '../process/machine-share.ts'
import {
  DEFAULT_PORT,
  defaultServeOptions,
  ENGINES,
  SERVE_RANGES,
  type ServeOptions,
} from '../process/serve-options.ts'
import { pluginLines, VERBS, versionLines } from './about.ts'
import type { CheckOptions, check } from './check.ts'
import { GivenPluginError, givenPlugins, PLUGIN_FLAG } from './given-plugins.ts'
import { booleanValue, type GoFlag, GoFlagError, readGoFlags } from './go-flags.ts'
import type { CliWorld } from './world.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1
    if (value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
    return value
  }

const size =
  (least: number, most: number) =>
  (text: string): number => {
    const bytes = parseSize(text)
    if (bytes !== undefined && bytes >= least && bytes <= most) return bytes
    throw new InvalidArgumentError(
      `Expected bytes, or a number with a unit such as Mi or MB, from ${formatSize(least)} to ${formatSize(most)}.`,
    )
  }

const oneOf = (names: readonly string[]) => {
  const read = (text: string): string => {
    if (!names.includes(text))
      throw new InvalidArgumentError(`Expected one of ${names.join(', ')}.`)
    return text
  }
  return Object.assign(read, { names })
}

const collected = (text: string, others: readonly string[]): readonly string[] => [...others, text]

const pluginOption = (): Option =>
  new Option(PLUGIN_FLAG, 'a plugin of your own: its directive, and its module; may be repeated')
    .argParser(collected)
    .default([], 'none')

interface RootFlags {
  readonly conf: string
  readonly 'dns.port': number
  readonly pidfile: string
  readonly quiet?: true
  readonly plugins?: true
  readonly plugin: readonly string[]
  readonly version?: true
  readonly windowsService?: true
  readonly workers: number
  readonly streamWorkers: number
  readonly engine: ServeOptions['engine']
  readonly steer: ServeOptions['steering']
  readonly fastPath: boolean
  readonly cacheBytes: number
  readonly recordsBytes: number
  readonly recvBuffer: number
  readonly heapLimit: number
  readonly maxTcpConnections: number
  readonly inflightBytes: number
}

const addCoreDnsFlags = (program: Command): Command =>
  program
    .addOption(
      new Option('--conf <file>', "Corefile to load; 'stdin' reads standard input").default(
        '',
        './Corefile, else a built-in one',
      ),
    )
    .option(
      '-p, --dns.port <port>',
      'port of server blocks that name none',
      wholeNumber(...SERVE_RANGES.port),
      DEFAULT_PORT,
    )
    .addOption(
      new Option('--pidfile <file>', 'file to write the process id to').default('', 'none'),
    )
    .option('--quiet', 'leave out the zone list and the version')
    .option('--plugins', 'list the supported plugins and exit')
    .option('--version', 'print the version and exit')
    .addOption(new Option('--windows-service').hideHelp())

const sized = (
  flags: string,
  text: string,
  bytes: number,
  [least, most]: readonly [number, number],
): Option => new Option(flags, text).argParser(size(least, most)).default(bytes, formatSize(bytes))

const addOwnFlags = (program: Command): Command => {
  const defaults = defaultServeOptions()
  return program
    .addOption(pluginOption())
    .addOption(
      new Option('--workers <n>', 'shards, one thread each')
        .argParser(wholeNumber(...SERVE_RANGES.workers))
        .default(
          defaults.workers,
          `CPUs available, 8 at most, fewer under a limit, here ${defaults.workers}`,
        ),
    )
    .addOption(
      new Option('--stream-workers <n>', 'shards of listeners that are not plain DNS')
        .argParser(wholeNumber(...SERVE_RANGES.streamWorkers))
        .default(
          defaults.streamWorkers,
          `half as many as workers, 1 under a memory limit, here ${defaults.streamWorkers}`,
        ),
    )
    .option(
      '--engine <name>',
      `how UDP is read and written: ${ENGINES.join(', ')}`,
      oneOf(ENGINES),
      defaults.engine,
    )
    .option(
      '--steer <name>',
      `how queries are spread over shards with engine mmsg: ${STEERINGS.join(', ')}`,
      oneOf(STEERINGS),
      defaults.steering,
    )
    .option('--no-fast-path', 'send every query through the slow path')
    .option(
      '--max-tcp-connections <n>',
      'TCP connections open in each shard',
      wholeNumber(...SERVE_RANGES.maxTcpConnections),
      defaults.maxTcpConnections,
    )
}

const addSizeFlags = (program: Command): Command => {
  const defaults = defaultServeOptions()
  return program
    .addOption(
      sized(
        '--cache-bytes <size>',
        'memory of the cache that all shards share',
        defaults.cacheBytes,
        SERVE_RANGES.cacheBytes,
      ),
    )
    .addOption(
      sized(
        '--records-bytes <size>',
        'room for records of clusters, zones and hosts files, taken as needed',
        defaults.recordsBytes,
        SERVE_RANGES.recordsBytes,
      ),
    )
    .addOption(
      sized(
        '--recv-buffer <size>',
        'receive buffer of each UDP socket',
        defaults.recvBufferBytes,
        SERVE_RANGES.recvBufferBytes,
      ),
    )
    .addOption(
      sized(
        '--heap-limit <size>',
        'JavaScript heap of each shard',
        defaults.heapLimitBytes,
        SERVE_RANGES.heapLimitBytes,
      ),
    )
    .addOption(
      sized(
        '--inflight-bytes <size>',
        "memory for clients' connections and queries under way",
        defaults.inflightBytes,
        SERVE_RANGES.inflightBytes,
      ),
    )
}

const SHARE_FLAGS = {
  workers: 'workers',
  streamWorkers: 'streamWorkers',
  cacheBytes: 'cacheBytes',
  inflightBytes: 'inflightBytes',
  heapLimit: 'heapLimitBytes',
} as const

/** What of the machine the operator has chosen himself: the rest of its share follows from that. */
const givenShare = (flags: RootFlags, command: Command): Partial<MachineShare> =>
  Object.fromEntries(
    Object.entries(SHARE_FLAGS)
      .filter(([flag]) => command.getOptionValueSource(flag) !== 'default')
      .map(([flag, part]) => [part, flags[flag as keyof typeof SHARE_FLAGS]]),
  )

const runRoot = async (flags: RootFlags, command: Command, world: CliWorld): Promise<number> => {
  if (flags.windowsService)
    throw new GoFlagError(
      '-windows-service: running as a Windows service is not supported by shardns',
    )
  if (flags.version) {
    world.out(await versionLines())
    return 0
  }
  const plugins = await givenPlugins(flags.plugin)
  if (flags.plugins) {
    world.out(await pluginLines(plugins?.names))
    return 0
  }
  return world.serve({
    ...defaultServeOptions(givenShare(flags, command)),
    conf: flags.conf,
    port: flags['dns.port'],
    pidfile: flags.pidfile,
    plugins: plugins?.given ?? [],
    quiet: flags.quiet ?? false,
    engine: flags.engine,
    steering: flags.steer,
    noFastPath: !flags.fastPath,
    recordsBytes: flags.recordsBytes,
    recvBufferBytes: flags.recvBuffer,
    maxTcpConnections: flags.maxTcpConnections,
  })
}

/** The flags of `program` under every name that Go's flag package would know them by. */
const goFlagsOf = (program: Command): Map<string, GoFlag> => {
  const known = new Map<string, GoFlag>(
    ['h', 'help'].map(name => [name, { name: 'help', isBoolean: true }]),
  )
  for (const option of program.options) {
    const name = option.long?.slice(2) ?? ''
    const flag = { name, isBoolean: !option.required, isRepeatable: option.flags === PLUGIN_FLAG }
    known.set(name, flag)
    if (option.short !== undefined) known.set(option.short.slice(1), flag)
  }
  return known
}

const makeProgram = (world: CliWorld, finish: (code: number) => void): Command => {
  const program = new Command('shardns')
    .description(
      "A Corefile-compatible DNS server. Flags are CoreDNS's, with one dash or two, and some of our own.",
    )
    .exitOverride()
    .enablePositionalOptions()
    .helpCommand(false)
    .configureOutput({ writeOut: world.err, writeErr: world.err })
    .action(async (flags: RootFlags, command: Command) =>
      finish(await runRoot(flags, command, world)),
    )
  addSizeFlags(addOwnFlags(addCoreDnsFlags(program)))
  program.addHelpText(
    'after',
    `\nCommands: ${[...VERBS.keys()].toSorted().join(', ')}. shardns help tells what they do.`,
  )
  program
    // Named above with the others.
    .command('check', { hidden: true })
    .description(
      'Say what the server would refuse in Corefiles, without opening or sending anything. Exit code 1 if one has errors.',
    )
    .argument(
      '[file...]',
      "Corefiles, or folders of them; '-' and 'stdin' are standard input; none is ./Corefile",
    )
    .option('--conf <file>', 'one more file, as the server takes it')
    .addOption(
      new Option('--format <name>', 'how to print').choices(['text', 'json']).default('text'),
    )
    .addOption(pluginOption())
    .option('--strict', 'count warnings as errors', false)
    .option(
      '--elsewhere',
      'the Corefile is for another machine: leave the files and interfaces that it names alone',
      false,
    )
    .configureOutput({ writeOut: world.out })
    .action(async (files: string[], { conf, plugin, ...options }: CheckFlags) => {
      const plugins = await givenPlugins(plugin)
      // An empty one is the default, as for the server.
      const given = conf ? [...files, conf] : files
      finish(await runCheck(given, { ...options, plugins }, world))
    })
  return program
}

/** A flag as the help shows it. */
export interface ShownFlag {
  /** Without dashes. */
  readonly name: string
  readonly short: string | undefined
  readonly does: string
  /** What follows it: nothing, a word of any kind, a path, or one of some names. */
  readonly value: 'none' | 'text' | 'path' | readonly string[]
}

const shownFlag = ({ long, short, ...option }: Option): ShownFlag => {
  const { names = option.argChoices } = (option.parseArg ?? {}) as { names?: readonly string[] }
  const kind = option.flags.endsWith('<file>') ? 'path' : 'text'
  return {
    name: long?.slice(2) ?? '',
    short: short?.slice(1),
    does: option.description,
    value: option.required ? (names ?? kind) : 'none',
  }
}

/** The flags of the server, and of `check`. */
export const shownFlags = (world: CliWorld) => {
  const program = makeProgram(world, () => {})
  const shown = ({ options }: Command): ShownFlag[] =>
    options.filter(({ hidden }) => !hidden).map(shownFlag)
  return { serve: shown(program), check: program.commands.flatMap(shown) }
}

interface CheckFlags extends Omit<CheckOptions, 'plugins'> {
  readonly conf?: string
  readonly plugin: readonly string[]
}

const runCheck: typeof check = async (...parts) => (await import('./check.ts')).check(...parts)

/** The dash of a long flag of check that is written as in Go. */
const CHECK_FLAG = /^-(?=(?:conf|format|strict|elsewhere|plugin|help)(?:=|$))/

/** Flags of the server for verbs that are no more than that. `help` is that of the flags. */
const verbToFlags = (argv: readonly string[]): readonly string[] => {
  const [verb, ...rest] = argv
  if (verb === 'serve') return rest
  if (verb === 'help') return rest[0] === 'serve' ? ['-help'] : ['-help', ...rest]
  return verb === 'version' || verb === 'plugins' ? [`-${verb}`, ...rest] : argv
}

/** Long flags of check may have one dash; `help check` is `check --help`. */
const checkArguments = (argv: readonly string[]): readonly string[] | undefined => {
  if (argv[0] === 'help' && argv[1] === 'check') return ['check', '--help']
  if (argv[0] !== 'check') return undefined
  return argv.flatMap(argument => plainSwitch(argument.replace(CHECK_FLAG, '--')))
}

/**
 * `--strict=true` is `--strict`, `--strict=false` is nothing, as with the server's flags. Throws
 * GoFlagError.
 */
const plainSwitch = (argument: string): string[] => {
  const [, name, value] = /^--(strict|elsewhere)=(.*)$/s.exec(argument) ?? []
  if (name === undefined) return [argument]
  return booleanValue({ name, value }) ? [`--${name}`] : []
}

/** What a first word may have been: a verb, or the Corefile to serve. */
const meantBy = (word: string): string | undefined =>
  nearest(word, [...VERBS.keys()]) ?? (existsSync(word) ? `-conf ${word}` : undefined)

/** Flags first, as CoreDNS; the exit code if the command line ends there. */
const runServe = async (
  given: readonly string[],
  program: Command,
  world: CliWorld,
): Promise<number | undefined> => {
  const { flags, rest } = readGoFlags(verbToFlags(given), goFlagsOf(program))
  if (rest.length > 0 && !flags.includes('--help')) {
    const meant = given[0] === rest[0] ? meantBy(rest[0] ?? '') : undefined
    world.err(`extra command line arguments: [${rest.join(' ')}]\n`)
    if (meant !== undefined) world.err(`did you mean '${meant}'?\n`)
    return EXIT_FAILURE
  }
  await program.parseAsync(flags, { from: 'user' })
  return undefined
}

/** Runs one command line; resolves to the exit code. Throws OutputError. */
export const runFlags = async (given: readonly string[], world: CliWorld): Promise<number> => {
  let code = 0
  const program = makeProgram(world, value => {
    code = value
  })
  try {
    const argv = checkArguments(given)
    if (argv === undefined) return (await runServe(given, program, world)) ?? code
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof GivenPluginError) {
      world.err(`${error.message}\n`)
      return EXIT_USAGE
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    if (!(error instanceof GoFlagError)) throw error
    program.outputHelp({ error: true })
    world.err(`\n${error.message}\n`)
    return EXIT_USAGE
  }
  return code
}
