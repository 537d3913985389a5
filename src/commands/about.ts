// What the program says of itself. Each line's source is loaded when it is asked for.

/** A switch: `-write`, `--write`, `-w`. */
export interface VerbFlag {
  readonly name: string
  readonly short?: string
  readonly does: string
}

export interface Verb {
  readonly syntax: string
  readonly does: string
  /** What more there is to say of its words. */
  readonly note?: string
  /** Of verbs that read theirs by verb.ts. */
  readonly flags?: readonly VerbFlag[]
}

const JSON_FLAG = { name: 'json', does: 'print JSON' }

/** The first words of command lines that are no flags. */
export const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['serve', { syntax: '[serve] [flags]', does: 'serve; shardns -help lists the flags' }],
  ['check', { syntax: 'check [file...]', does: 'say what the server would refuse in Corefiles' }],
  [
    'completion',
    {
      syntax: 'completion bash|zsh|fish',
      does: 'print a script by which a shell completes our words',
      flags: [],
    },
  ],
  [
    'fmt',
    {
      syntax: 'fmt [file...]',
      does: 'print Corefiles in the usual layout, which changes no meaning',
      note: "Files are Corefiles, or folders of them; '-' is standard input; none is ./Corefile.",
      flags: [
        { name: 'write', short: 'w', does: 'write them back instead' },
        { name: 'check', short: 'c', does: 'name those that would change instead; exit code 1' },
      ],
    },
  ],
  ['help', { syntax: 'help [plugin]', does: 'tell of a plugin and its options, or of a command' }],
  ['plugins', { syntax: 'plugins', does: 'list the supported plugins', flags: [JSON_FLAG] }],
  ['version', { syntax: 'version', does: 'print the version', flags: [JSON_FLAG] }],
])

/** Our version, and the release of CoreDNS that we follow. */
export const versionLines = async (): Promise<string> =>
  `${(await import('../process/version.ts')).versionText()}\n`

/**
 * The supported plugins in alphabetical order, one a line, and an empty line after the last, as
 * CoreDNS prints them. `names` are these with others that were given.
 */
export const pluginLines = async (names?: readonly string[]): Promise<string> => {
  const found = names ?? (await import('../plugins/index.ts')).PLUGIN_NAMES
  return `${found.toSorted().join('\n')}\n\n`
}
