// What the suite knows of a server that it measures: how to configure and start it. Starting it is
// start.ts's business.

/** `nocache` only forwards; `echo` answers nothing, it sends back: the floor of its kind. */
export type Kind = 'shardns' | 'cache' | 'nocache' | 'echo'

/** What a server may use while it is being configured. */
export interface Place {
  /** Of its own, empty. */
  readonly folder: string
  readonly port: number
  /** A second port, for metrics. */
  readonly sidePort: number
  readonly upstreamPort: number
}

export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** How a server may differ from what it usually is. */
export interface Variant {
  readonly threads?: number
  /** Further arguments of the command line. */
  readonly args?: readonly string[]
  /** Further directives of its Corefile, each a line. */
  readonly directives?: readonly string[]
}

export interface Contestant {
  readonly name: string
  readonly kind: Kind
  readonly threads: number
  /** Why it cannot run here; undefined if it can. */
  readonly absent: string | undefined
  readonly version: string
  /** Its command line, once it has written its files. */
  launch(place: Place): Launch
  /** The same server in another shape; absent where that is not supported. */
  variant?(name: string, variant: Variant): Contestant
  /** Why it takes no part in a scenario of that name. */
  readonly excused?: Readonly<Record<string, string>>
}
