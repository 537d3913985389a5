// A plugin that the program does not bring along: `--plugin NAME=MODULE[,before=NAME]`, or
// `createServer({ plugins })`.

/** Plain data: shards get it, too. */
export interface GivenPlugin {
  /** Its directive. */
  readonly name: string
  /** `file:` URL of the module whose default export is what definePlugin gave. */
  readonly module: string
  /** The directive in front of which it stands in the chain; absent: see `chainOrder`. */
  readonly before?: string
}
